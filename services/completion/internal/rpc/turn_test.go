package rpc

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// callOf returns the context of a call for a principal; "": it names none.
func callOf(ctx context.Context, principal string) context.Context {
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}})
	if principal == "" {
		return ctx
	}
	return metadata.NewIncomingContext(ctx, metadata.Pairs(PrincipalKey, principal))
}

// TestTurnsAreShared checks that one caller's slow reads block neither the reads of others nor its own cancels.
func TestTurnsAreShared(t *testing.T) {
	const (
		get    = completionv1.CompletionService_GetCompletion_FullMethodName
		list   = completionv1.CompletionService_ListCompletions_FullMethodName
		count  = completionv1.CompletionService_CountPromptTokens_FullMethodName
		remove = completionv1.CompletionService_DeleteCompletion_FullMethodName
		cancel = completionv1.CompletionService_CancelCompletion_FullMethodName
		create = completionv1.CompletionService_CreateCompletion_FullMethodName
		models = completionv1.ModelService_ListModels_FullMethodName
	)
	for name, test := range map[string]struct {
		crowd, crowdCalls string
		held              int
	}{
		"one principal's reads":   {"anna", get, maxReads / 2},
		"one principal's lists":   {"anna", list, maxReads / 2},
		"one principal's counts":  {"anna", count, maxReads / 2},
		"one principal's cancels": {"anna", cancel, maxCancels / 2},
		"everybody's reads":       {"", get, maxReads},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &guard{access: Access{TrustLocal: true}, turns: newCallTurns(0)}
				done := make(chan struct{})
				refused, held := make(chan error, 300), make(chan struct{}, 300)
				for range cap(held) {
					go func() {
						end, err := g.acquire(callOf(t.Context(), test.crowd), test.crowdCalls)
						if err != nil {
							refused <- err
							return
						}
						held <- struct{}{}
						<-done
						end()
					}()
				}
				synctest.Wait()
				if n := len(held); n != test.held {
					t.Errorf("%d have their turn, want %d", n, test.held)
				}
				others := map[string]bool{get: test.crowd != "", list: test.crowd != "", count: test.crowd != "", remove: test.crowd != "", cancel: true, create: true, models: true}
				for method, may := range others {
					if err := g.once(callOf(t.Context(), "ben"), method); err != nil && may {
						t.Errorf("%s of another: %v", method, err)
					}
				}
				if test.crowdCalls != cancel {
					if err := g.once(callOf(t.Context(), test.crowd), cancel); err != nil {
						t.Errorf("its own cancel: %v", err)
					}
				}
				<-time.After(readPatience)
				synctest.Wait()
				if n := len(refused); n != cap(held)-test.held {
					t.Errorf("%d have waited too long, want %d", n, cap(held)-test.held)
				}
				var told *chat.Error
				if err := <-refused; !errors.As(err, &told) || told.Code != chat.CodeOverloaded {
					t.Errorf("who has waited too long is told %v", err)
				}
				close(done)
			})
		})
	}
}

// once takes and ends one turn for a call.
func (g *guard) once(ctx context.Context, method string) error {
	end, err := g.acquire(ctx, method)
	if err == nil {
		end()
	}
	return err
}

// A call that creates a completion takes a turn to read earlier ones, and none before or after that.
func TestCreatingTakesATurnToRead(t *testing.T) {
	for _, method := range []string{completionv1.CompletionService_CreateCompletion_FullMethodName, completionv1.CompletionService_StreamCompletion_FullMethodName} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { creatingTakesATurn(t, method) })
		})
	}
}

func creatingTakesATurn(t *testing.T, method string) {
	g := &guard{access: Access{TrustLocal: true}, turns: newCallTurns(0)}
	log := memlog.New(memlog.Config{})
	defer log.Close()
	s := service.New(service.Config{Log: log, Models: []chat.Model{{ID: "model", Engine: answer("Yes.")}}})
	create := func(principal string, change func(*chat.Request)) error {
		r := &chat.Request{Model: "model", Messages: []chat.Message{{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartText, Text: "Hi"}}}}}
		change(r)
		st, err := s.Stream(g.reading(callOf(t.Context(), principal), method), principal, "", r)
		if err == nil {
			for range st.Entries() {
			}
		}
		return err
	}
	continues := func(r *chat.Request) { r.PreviousID = new("x") }
	var ends []func()
	for range maxReads {
		end, err := g.acquire(callOf(t.Context(), ""), completionv1.CompletionService_GetCompletion_FullMethodName)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, end)
	}
	if err := create("anna", func(*chat.Request) {}); err != nil {
		t.Errorf("a request that continues nothing: %v", err)
	}
	var told *chat.Error
	if err := create("anna", continues); !errors.As(err, &told) || told.Refusal != chat.RefusedTurns {
		t.Errorf("a request that has waited too long for its turn: %v", err)
	}
	for _, end := range ends {
		end()
	}
	if err := create("anna", continues); !errors.As(err, &told) || told.Code != chat.CodePreviousNotFound {
		t.Errorf("a request that continues nothing that there is: %v", err)
	}
	if n := g.turns.reads.Working(); n != 0 {
		t.Errorf("%d turns are held after all", n)
	}
}
