package chat

import completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"

// A List is a page of OpenAI's cursor pagination. The ids are those of its first and last item, or null on an
// empty page.
type List[T any] struct {
	Object  string  `json:"object"`
	Data    []T     `json:"data"`
	FirstID *string `json:"first_id"`
	LastID  *string `json:"last_id"`
	HasMore bool    `json:"has_more"`
}

// NewCompletionList returns a page of stored completions, in their order.
func NewCompletionList(page *completionv1.ListCompletionsResponse) *List[*Completion] {
	items := make([]*Completion, 0, len(page.GetCompletions()))
	for _, c := range page.GetCompletions() {
		items = append(items, NewCompletion(c))
	}
	return newList(items, func(c *Completion) string { return c.ID }, page.GetHasMore())
}

// NewMessageList returns a page of a completion's messages, in their order.
func NewMessageList(page *completionv1.ListCompletionMessagesResponse) *List[*StoredMessage] {
	items := make([]*StoredMessage, 0, len(page.GetMessages()))
	for _, m := range page.GetMessages() {
		items = append(items, newStoredMessage(m))
	}
	return newList(items, func(m *StoredMessage) string { return m.ID }, page.GetHasMore())
}

func newList[T any](items []T, id func(T) string, more bool) *List[T] {
	l := &List[T]{Object: "list", Data: items, HasMore: more}
	if len(items) > 0 {
		l.FirstID, l.LastID = nullable(id(items[0])), nullable(id(items[len(items)-1]))
	}
	return l
}

// A Deleted reports that a completion has been deleted.
type Deleted struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Deleted bool   `json:"deleted"`
}

// NewDeleted returns the answer to a successful deletion of the completion.
func NewDeleted(id string) *Deleted {
	return &Deleted{ID: id, Object: "chat.completion.deleted", Deleted: true}
}

// A Model is OpenAI's "model object".
type Model struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
	// Ignores are the features that requests may use but the model ignores, by their names in the contract.
	Ignores []string `json:"ignores,omitempty"`
}

// NewModel returns the public form of m.
func NewModel(m *completionv1.Model) *Model {
	return &Model{ID: m.GetId(), Object: "model", Created: m.GetCreated(), OwnedBy: m.GetOwnedBy(), Ignores: features(m.GetIgnores())}
}

// features returns the names of the features that are set, in the contract's order.
func features(c *completionv1.Capabilities) []string {
	var names []string
	message := c.ProtoReflect()
	for fields, i := message.Descriptor().Fields(), 0; i < fields.Len(); i++ {
		if field := fields.Get(i); message.Get(field).Bool() {
			names = append(names, string(field.Name()))
		}
	}
	return names
}

// A ModelList is all models. It has no pages.
type ModelList struct {
	Object string   `json:"object"`
	Data   []*Model `json:"data"`
}

// NewModelList returns the public form of the list, in its order.
func NewModelList(r *completionv1.ListModelsResponse) *ModelList {
	l := &ModelList{Object: "list", Data: make([]*Model, 0, len(r.GetModels()))}
	for _, m := range r.GetModels() {
		l.Data = append(l.Data, NewModel(m))
	}
	return l
}
