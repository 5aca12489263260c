package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// withEarlier returns a request with everything that it takes from the principal's earlier completions filled
// in: the conversation that it continues, of that many messages, precedes its own. The whole is stored, so that
// a completion outlives those that it continues. share counts the added messages.
func (s *Service) withEarlier(ctx context.Context, principal string, req *chat.Request, share chat.Share) (_ *chat.Request, carried int, _ error) {
	whole := *req
	if !takesUp(req) {
		return &whole, 0, nil
	}
	end, err := beginReading(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer end()
	ctx = OnAdmitted(ctx, end)
	earlier := &earlier{service: s, principal: principal, share: share}
	if whole.Messages, err = earlier.fill(ctx, req.Messages); err != nil {
		return nil, 0, err
	}
	if req.PreviousID == nil {
		return &whole, 0, nil
	}
	conversation, err := earlier.conversation(ctx, *req.PreviousID)
	if err != nil {
		return nil, 0, err
	}
	if err := answersCalls(conversation, whole.Messages); err != nil {
		return nil, 0, err
	}
	carried = len(conversation)
	whole.Messages = append(conversation, whole.Messages...)
	if len(whole.Messages) > chat.MaxMessages {
		return nil, 0, chat.FieldErrorf(chat.CodeArrayTooLong, "messages", "may hold at most %d messages, including those of the continued conversation", chat.MaxMessages)
	}
	return &whole, carried, nil
}

// takesUp reports whether a request takes anything from earlier completions.
func takesUp(req *chat.Request) bool {
	return req.PreviousID != nil || slices.ContainsFunc(req.Messages, func(m chat.Message) bool { return len(m.Pieces) > 0 })
}

// answersCalls checks that each tool result belongs to an earlier call.
func answersCalls(before, messages []chat.Message) error {
	called := make(map[string]bool)
	note := func(m *chat.Message) {
		for _, call := range m.ToolCalls {
			called[call.ID] = true
		}
	}
	for i := range before {
		note(&before[i])
	}
	for i := range messages {
		m := &messages[i]
		note(m)
		if m.Role == chat.RoleTool && !called[m.ToolCallID] {
			return chat.FieldErrorf(chat.CodeInvalidValue, fmt.Sprintf("messages[%d].tool_call_id", i), "names no tool call of the conversation")
		}
	}
	return nil
}

// earlier has the answers of earlier completions that one request names. It releases their requests, which may
// be much larger.
type earlier struct {
	service   *Service
	principal string
	share     chat.Share
	answers   map[string]*chat.Message
}

// conversation returns the messages of a completion that is continued, and its answer.
func (e *earlier) conversation(ctx context.Context, id string) ([]chat.Message, error) {
	c, err := e.get(ctx, id, "previous_completion_id", true)
	if err != nil {
		return nil, err
	}
	if err := e.share.Grow(earlierCost * c.Size()); err != nil {
		return nil, err
	}
	return append(slices.Clone(c.Meta.Request.Messages), answerOf(c)), nil
}

// answer returns the answer of a completion, or else an error about the param.
func (e *earlier) answer(ctx context.Context, id, param string) (*chat.Message, error) {
	if m := e.answers[id]; m != nil {
		return m, nil
	}
	c, err := e.get(ctx, id, param, false)
	if err != nil {
		return nil, err
	}
	m := answerOf(c)
	if err := e.share.Grow(m.Size()); err != nil { // however little of it is used
		return nil, err
	}
	if e.answers == nil {
		e.answers = make(map[string]*chat.Message)
	}
	e.answers[id] = &m
	return &m, nil
}

// get returns a completion that can be continued, with its request or without. A request may be large, so it is
// counted, or released, before the answer is read: calls that wait for an answer would all hold theirs.
func (e *earlier) get(ctx context.Context, id, param string, withRequest bool) (*chat.Completion, error) {
	c, err := e.read(ctx, id, withRequest)
	var refused *chat.Error
	if errors.As(err, &refused) {
		switch refused.Code { //nolint:exhaustive // others are returned unchanged
		case chat.CodeCompletionNotFound:
			return nil, chat.FieldErrorf(chat.CodePreviousNotFound, param, "names a response that does not exist")
		case chat.CodeCompletionExpired:
			return nil, chat.FieldErrorf(chat.CodePreviousNotFound, param, "names a response that is no longer stored; send the conversation itself")
		}
	}
	switch {
	case err != nil:
		return nil, err
	case c.Status == chat.StatusInProgress:
		return nil, chat.FieldErrorf(chat.CodePreviousInProgress, param, "names a response that is not finished; ask again when it is")
	case c.Status != chat.StatusCompleted:
		return nil, chat.FieldErrorf(chat.CodePreviousFailed, param, "names a response that failed or was cancelled; send the conversation itself")
	}
	return c, nil
}

// read returns a completion as it stands.
func (e *earlier) read(ctx context.Context, id string, withRequest bool) (*chat.Completion, error) {
	head, err := e.service.latest(ctx, e.principal, id)
	if err != nil {
		return nil, err
	}
	choices := head.Meta.Request.Choices()
	if !withRequest {
		head.Meta = head.Meta.WithoutRequest()
	} else if err := e.share.Grow(earlierCost * head.Meta.RequestSize); err != nil {
		return nil, err
	}
	return e.service.sum(ctx, head, choices)
}

// fill returns messages with what their pieces name.
func (e *earlier) fill(ctx context.Context, messages []chat.Message) ([]chat.Message, error) {
	var filled []chat.Message
	for i := range messages {
		if len(messages[i].Pieces) == 0 {
			continue
		}
		if filled == nil {
			filled = slices.Clone(messages)
		}
		if err := e.fillOne(ctx, &filled[i], fmt.Sprintf("messages[%d]", i)); err != nil {
			return nil, err
		}
	}
	if filled == nil {
		return messages, nil
	}
	return filled, nil
}

func (e *earlier) fillOne(ctx context.Context, m *chat.Message, path string) error {
	pieces := m.Pieces
	m.Pieces = nil
	var calls []chat.ToolCall
	for i, p := range pieces {
		param := fmt.Sprintf("%s.answer_pieces[%d]", path, i)
		answer, err := e.answer(ctx, p.CompletionID, param)
		if err != nil {
			return err
		}
		switch p.Kind {
		case chat.PieceReasoning:
			m.Reasoning, m.EncryptedReasoning, m.More = answer.Reasoning, answer.EncryptedReasoning, answer.More
		case chat.PieceContent:
			m.Parts, m.Refusal = answer.Parts, answer.Refusal
			m.More = cmp.Or(m.More, answer.More)
		case chat.PieceToolCall:
			if p.Index < 0 || p.Index >= len(answer.ToolCalls) {
				return chat.FieldErrorf(chat.CodePreviousNotFound, param, "names no tool call of that response")
			}
			calls = append(calls, answer.ToolCalls[p.Index])
		default:
			return chat.FieldErrorf(chat.CodeInvalidValue, param, "has an unknown kind")
		}
	}
	m.ToolCalls = append(calls, m.ToolCalls...)
	if err := e.share.Grow(earlierCost * m.Size()); err != nil {
		return err
	}
	if m.Parts == nil && len(m.ToolCalls) == 0 && m.Refusal == "" {
		m.Parts = []chat.Part{{Kind: chat.PartText}} // reasoning alone
	}
	return nil
}

// answerOf returns the first choice as a message of a conversation.
func answerOf(c *chat.Completion) chat.Message {
	choice := &c.Choices[0]
	m := chat.Message{Role: chat.RoleAssistant, ToolCalls: choice.ToolCalls, Refusal: choice.Refusal, More: choice.More}
	m.Reasoning, m.EncryptedReasoning = choice.Reasoning, choice.EncryptedReasoning
	if choice.Content != "" || len(choice.ToolCalls) == 0 && choice.Refusal == "" {
		m.Parts = []chat.Part{{Kind: chat.PartText, Text: choice.Content}}
	}
	return m
}

// withInstructions returns the request as engines see it: with the instructions as the first message.
func withInstructions(r *chat.Request) *chat.Request {
	if r.Instructions == nil || *r.Instructions == "" {
		return r
	}
	whole := *r
	instructions := chat.Message{Role: chat.RoleSystem, Parts: []chat.Part{{Kind: chat.PartText, Text: *r.Instructions}}}
	whole.Messages = append([]chat.Message{instructions}, r.Messages...)
	return &whole
}

// asSent translates an error about a message into one about the caller's own messages, which are not all that
// the model gets.
func asSent(err *chat.Error, before int) *chat.Error {
	rest, ok := strings.CutPrefix(err.Param, "messages[")
	end := strings.IndexByte(rest, ']')
	if !ok || end < 0 || before == 0 {
		return err
	}
	i, parseErr := strconv.Atoi(rest[:end])
	if parseErr != nil {
		return err
	}
	param := "previous_completion_id"
	if i >= before {
		param = fmt.Sprintf("messages[%d%s", i-before, rest[end:])
	}
	sent := *err
	sent.Param, sent.Message = param, strings.ReplaceAll(err.Message, "'"+err.Param+"'", "'"+param+"'")
	return &sent
}
