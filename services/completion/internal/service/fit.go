package service

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// fit returns the request as a model's engine sees it: with the instructions, and without the oldest turns where the
// caller lets those be left out of a conversation that is longer than the model takes. What is stored is the whole.
func fit(ctx context.Context, counter chat.Counter, model *chat.Model, req *chat.Request) (*chat.Request, error) {
	whole := withInstructions(req)
	if !req.Truncate || model.ContextWindow == 0 || counter == nil {
		return whole, nil
	}
	room := model.ContextWindow
	if limit, ok := req.TokenLimit(); ok {
		room -= limit // the window is the answer's, too
	}
	messages, err := fitted(ctx, counter, beside(whole), whole.Messages, room)
	if err != nil {
		return nil, err
	}
	short := *whole
	short.Messages = messages
	return &short, nil
}

// fitted returns messages without so many of the oldest turns that they, and what is beside them, take no more tokens
// than there is room for. What stands above the conversation stays, and so does the last turn, whether or not it fits.
func fitted(ctx context.Context, counter chat.Counter, beside, messages []chat.Message, room int) ([]chat.Message, error) {
	weighed := weigh(messages)
	if most(beside)+most(weighed) <= room {
		return messages, nil // as nearly always
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
		n := tokens * size / max(bytes, 1) // as those that were counted
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

// turns returns where the rest of a conversation may begin: first behind what stands above it, and then at each
// question, with the instructions that come directly before that, unless a call would lose its result.
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

// weigh returns messages whose text is all of them that takes tokens: also calls, and thoughts.
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

// beside returns what takes tokens besides the messages, as messages: the tools, and the shape of the answer.
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

// exactly is how many bytes are counted, beyond which the rest is taken to be like them: text can be made
// that takes seconds to count.
const exactly = 1 << 20

// perMessage is more tokens than a message takes besides its texts.
const perMessage = 16

// most returns as many tokens as messages may take at most: no token is shorter than a byte.
func most(messages []chat.Message) int {
	n := perMessage
	for i := range messages {
		n += perMessage + len(messages[i].Text()) + len(messages[i].Refusal) + len(messages[i].Name)
	}
	return n
}
