// Package ground lets model servers answer from the catalogue: it is a [route.Backend] in front of another
// one. It inserts what the catalogue says about the question before the conversation. It may also offer the
// model a tool that searches the pets, and answers calls to it.
//
// It knows no server's protocol.
package ground

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

const (
	groundPassages = 4
	groundPets     = 5
	// maxQuestion bounds the part of a question to search for, in bytes.
	maxQuestion = 2000
	// maxRounds bounds the calls of the other backend per answer. The last one has no tool.
	maxRounds = 4
)

// A Backend grounds the answers of another one. It is safe for concurrent use.
type Backend struct {
	route.Backend
	store *catalogue.Catalogue
	tools bool
}

// New returns a backend that grounds the answers of b. With tools, the model may also search the pets itself,
// unless the request has tools of its own.
func New(b route.Backend, store *catalogue.Catalogue, tools bool) *Backend {
	return &Backend{Backend: b, store: store, tools: tools}
}

// Complete implements [route.Backend]. The other backend's timeouts apply to each of its calls.
func (b *Backend) Complete(ctx context.Context, call *route.Call) iter.Seq2[[]chat.Event, error] {
	return func(yield func([]chat.Event, error) bool) {
		if !yield([]chat.Event{{Kind: chat.KindProgress, Progress: &chat.Progress{Stage: chat.StageRetrieval}}}, nil) {
			return
		}
		offered := !call.Continues() && b.offersTool(call.Request)
		asked, req := *call, b.grounded(call.Request)
		asked.Request = req
		for round := 1; offered && round < maxRounds; round++ {
			req.Tools = []chat.Tool{searchTool()}
			var r session
			if !r.relay(b.Backend.Complete(ctx, &asked), yield) {
				return
			}
			if len(r.calls) == 0 {
				yield(r.finishes, nil)
				return
			}
			req.Messages = append(req.Messages, b.answerCalls(&r)...)
		}
		req.Tools = call.Request.Tools
		b.Backend.Complete(ctx, &asked)(yield)
	}
}

// grounded returns the request with the catalogue's sources for its question as the first message.
func (b *Backend) grounded(req *chat.Request) *chat.Request {
	own := *req
	sources := chat.Message{Role: chat.RoleSystem, Parts: text(b.sources(question(req.Messages)))}
	own.Messages = append([]chat.Message{sources}, req.Messages...)
	return &own
}

func text(s string) []chat.Part { return []chat.Part{{Kind: chat.PartText, Text: s}} }

// question returns the text of the user's last message.
func question(messages []chat.Message) string {
	for i := range slices.Backward(messages) {
		if messages[i].Role == chat.RoleUser {
			text := messages[i].Text()
			return strings.ToValidUTF8(text[:min(len(text), maxQuestion)], "")
		}
	}
	return ""
}

// sources returns the passages and pets for a question, each with its id.
func (b *Backend) sources(question string) string {
	var out strings.Builder
	out.WriteString("You answer for Petstore, a pet-adoption store. Rely on these sources of the store where they help, " +
		"name the id of each that you use in square brackets, and do not make up pets. In an emergency send people to a vet.\n")
	if question == "" {
		return out.String()
	}
	for _, hit := range b.store.Search(catalogue.Query{Text: question, Limit: groundPassages}) {
		fmt.Fprintf(&out, "\n[%s] %s: %s\n%s\n", hit.ID, hit.Guide.Title, hit.Heading, hit.Text)
	}
	named := 0
	for _, mention := range b.store.Names(question) {
		if mention.Pet != nil && named < groundPets {
			named++
			fmt.Fprintf(&out, "\n%s\n", describe(mention.Pet))
		}
		if mention.Breed == nil {
			continue
		}
		for _, pet := range b.store.Select(catalogue.Filter{BreedIDs: []string{mention.Breed.ID}}) {
			if named < groundPets {
				named++
				fmt.Fprintf(&out, "\n%s\n", describe(pet))
			}
		}
	}
	return out.String()
}

func describe(p *catalogue.Pet) string {
	return fmt.Sprintf("[%s] %s: %s, %s, %s, %d months old, fee $%d, size %s, energy %s, needs at least: %s. "+
		"Good with children: %s, cats: %s, dogs: %s. %s %s",
		p.ID, p.Name, p.Species, p.Breed.Name, p.Sex, p.AgeMonths, p.Price, p.Size, p.Energy, p.Home,
		p.GoodWith.Children, p.GoodWith.Cats, p.GoodWith.Dogs, p.SpecialNeeds, p.Story)
}

// offersTool reports whether to offer search_pets: only to requests that do not use tools themselves.
func (b *Backend) offersTool(req *chat.Request) bool {
	plain := req.ResponseFormat == nil || req.ResponseFormat.Kind == chat.FormatText
	talk := !slices.ContainsFunc(req.Messages, func(m chat.Message) bool { return m.Role == chat.RoleTool })
	return b.tools && len(req.Tools) == 0 && req.ToolChoice == nil && req.Choices() == 1 && plain && talk
}
