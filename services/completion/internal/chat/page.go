package chat

// Bounds of a [Page].
const (
	DefaultPageLimit = 20
	MaxPageLimit     = 100
)

// A Page selects a part of a listing.
type Page struct {
	After      string // id of the previous page's last item; empty: the first page
	Limit      int    // 1 to 100; 0: 20
	Descending bool   // newest first
}

// A Filter selects completions. Zero fields select all.
type Filter struct {
	Model    string
	Metadata map[string]string // pairs that a completion's metadata must have
}

// Matches reports whether a completion is selected.
func (f *Filter) Matches(m *Meta) bool {
	if f.Model != "" && f.Model != m.Model {
		return false
	}
	for key, value := range f.Metadata {
		if got, ok := m.Metadata[key]; !ok || got != value {
			return false
		}
	}
	return true
}

// A StoredMessage is a message of a completion's conversation, with an id of its own.
type StoredMessage struct {
	ID      string
	Message *Message
}

// Check checks the page, and sets the default limit.
func (p *Page) Check() error {
	if err := integerIn("limit", &p.Limit, 0, MaxPageLimit); err != nil {
		return err
	}
	if p.Limit == 0 {
		p.Limit = DefaultPageLimit
	}
	return nil
}
