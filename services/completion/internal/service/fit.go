package service

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// fit returns the request as a model's engine sees it: with the instructions, and, if the caller allows it and
// the conversation is longer than the model's context window, without the oldest turns. The whole request is
// stored.
func fit(ctx context.Context, counter chat.Counter, model *chat.Model, req *chat.Request) (*chat.Request, error) {
	whole := withInstructions(req)
	if !req.Truncate || model.ContextWindow == 0 || counter == nil {
		return whole, nil
	}
	room := model.ContextWindow
	if limit, ok := req.TokenLimit(); ok {
		room -= limit // the answer shares the window
	}
	messages, err := fitted(ctx, counter, beside(whole), whole.Messages, room)
	if err != nil {
		return nil, err
	}
	short := *whole
	short.Messages = messages
	return &short, nil
}

// fitted returns messages without enough of the oldest turns that they, and what is sent besides them, fit into
// that many tokens. Messages above the conversation stay, and so does the last turn, whether or not it fits.
func fitted(ctx context.Context, counter chat.Counter, beside, messages []chat.Message, room int) ([]chat.Message, error) {
	weighed := weigh(messages)
	if most(beside)+most(weighed) <= room {
		return messages, nil // the usual case
	}
	room = max(room, 0)
	all, err := counter.Prompt(ctx, append(slices.Clip(beside), weighed...), room)
	if err != nil || all <= room {
		return messages, err
	}
	cuts := turns(messages)
	above := cuts[0]
	taken, err := counter.Prompt(ctx, append(slices.Clip(beside), weighed[:above]...), room)
	if err != nil {
		return nil, err
	}
	first, tokens, bytes := len(cuts)-1, 0, 0
	for end := len(messages); ; first-- {
		turn := weighed[cuts[first]:end]
		size := most(turn)
		n := tokens * size / max(bytes, 1) // at the rate of the counted ones
		if bytes < exactly {
			if n, err = counter.Prompt(ctx, turn, max(room-taken, 0)); err != nil {
				return nil, err
			}
			tokens, bytes = tokens+n, bytes+size
		}
		if taken += n; taken > room {
			first = min(first+1, len(cuts)-1)
			break
		}
		end = cuts[first]
	}
	return append(messages[:above:above], messages[cuts[first]:]...), nil
}

// turns returns where the rest of a conversation may begin: first after the messages above it, and then at each
// question, with the instructions directly before it, unless a call would lose its result.
func turns(messages []chat.Message) []int {
	instructs := func(i int) bool {
		return messages[i].Role == chat.RoleSystem || messages[i].Role == chat.RoleDeveloper
	}
	above := 0
	for above < len(messages) && instructs(above) {
		above++
	}
	cuts := []int{above}
	called := make(map[string]int) // where
	for i := range messages {
		for _, call := range messages[i].ToolCalls {
			called[call.ID] = i
		}
		if at, ok := called[messages[i].ToolCallID]; ok && messages[i].Role == chat.RoleTool {
			cuts = slices.DeleteFunc(cuts, func(cut int) bool { return at < cut && cut <= i })
		}
		if messages[i].Role != chat.RoleUser || i == above {
			continue
		}
		begin := i
		for begin > above && instructs(begin-1) {
			begin--
		}
		cuts = append(cuts, begin)
	}
	return slices.Compact(cuts)
}

// weigh returns messages whose text is everything in them that costs tokens, including calls and reasoning.
func weigh(messages []chat.Message) []chat.Message {
	weighed := slices.Clone(messages)
	for i := range weighed {
		m := &weighed[i]
		parts := slices.Clip(m.Parts)
		for _, call := range m.ToolCalls {
			parts = append(parts, chat.Part{Kind: chat.PartText, Text: call.Name + call.Arguments})
		}
		if m.Reasoning != "" {
			parts = append(parts, chat.Part{Kind: chat.PartText, Text: m.Reasoning})
		}
		m.Parts = parts
	}
	return weighed
}

// beside returns, as messages, what costs tokens besides the messages: the tools, and the answer's format.
func beside(req *chat.Request) (messages []chat.Message) {
	add := func(text ...string) {
		for _, t := range text {
			messages = append(messages, chat.Message{Parts: []chat.Part{{Kind: chat.PartText, Text: t}}})
		}
	}
	schema := func(s map[string]any) string {
		text, err := json.Marshal(s)
		if err != nil {
			return "" // it came as JSON
		}
		return string(text)
	}
	for i := range req.Tools {
		tool := &req.Tools[i]
		if tool.Foreign {
			add(tool.More)
			continue
		}
		add(tool.Name + tool.Description + schema(tool.Parameters))
	}
	if f := req.ResponseFormat; f != nil && f.Schema != nil {
		add(f.Name + f.Description + schema(f.Schema))
	}
	return messages
}

// exactly is how many bytes are counted; the rest is assumed to be like them, because some text takes seconds
// to count.
const exactly = 1 << 20

// perMessage is more tokens than a message costs besides its texts.
const perMessage = 16

// most returns the most tokens that messages may cost: no token is shorter than a byte.
func most(messages []chat.Message) int {
	n := perMessage
	for i := range messages {
		n += perMessage + len(messages[i].Text()) + len(messages[i].Refusal) + len(messages[i].Name)
	}
	return n
}
