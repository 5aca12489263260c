package rpc

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	"google.golang.org/protobuf/encoding/protojson"

	edge "github.com/pawstream/pawstream/edge/server"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/callers"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/memlog"
	"github.com/pawstream/pawstream/services/completion/internal/service"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

// An exchange is one file of testdata/cases: the request, the engine's script, and the expected events in the
// domain and over gRPC (entries) and over HTTP (frames).
type exchange struct {
	params  *completionv1.CompletionParams // the request in the contract
	request string                         // the same request in public JSON
	engine  *scripted
	entries string
	frames  string
}

func TestCasesReadTheSameEverywhere(t *testing.T) {
	files, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			c := readExchange(t, file)
			t.Run("domain", func(t *testing.T) { compare(t, c.entries, c.inDomain(t)) })
			t.Run("grpc", func(t *testing.T) { compare(t, c.entries, c.overGRPC(t)) })
			t.Run("http", func(t *testing.T) { compare(t, c.frames, c.overHTTP(t)) })
		})
	}
}

func compare(t *testing.T, want, got string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func readExchange(t *testing.T, file string) *exchange {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &exchange{params: &completionv1.CompletionParams{}, engine: &scripted{}}
	for _, part := range archive.Files {
		text := string(part.Data)
		switch part.Name {
		case "params.json":
			if err := protojson.Unmarshal(part.Data, c.params); err != nil {
				t.Fatal(err)
			}
		case "request.json":
			c.request = text
		case "engine":
			c.engine.play(t, text)
		case "entries":
			c.entries = text
		case "frames":
			c.frames = text
		default:
			t.Fatalf("unknown part %s", part.Name)
		}
	}
	return c
}

// play fills the script, which has a line for each event: its kind, its choice, its value.
func (s *scripted) play(t *testing.T, script string) {
	t.Helper()
	for line := range strings.Lines(script) {
		kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		number, value, _ := strings.Cut(rest, " ")
		choice, _ := strconv.Atoi(number)
		if text, err := strconv.Unquote(value); err == nil {
			value = text
		}
		delta := chat.Event{Kind: chat.KindDelta, Choice: choice}
		switch kind {
		case "opening":
			s.events = append(s.events, chat.Opening(choice))
		case "text":
			s.events = append(s.events, chat.Text(choice, value))
		case "refusal":
			delta.Delta.Refusal = value
			s.events = append(s.events, delta)
		case "reasoning":
			delta.Delta.Reasoning = value
			s.events = append(s.events, delta)
		case "pet":
			delta.Delta.Content, delta.Delta.Pets = value+"!", []chat.Pet{{
				ID: strings.ToLower(value), Name: value, Species: "dog", Breed: "Boxer", Sex: "female", AgeMonths: 26, FeeUSD: 250,
				Coat: []string{"brindle"}, Portrait: "/portraits/dog.svg", Reasons: []string{"calm", "good with cats"},
			}}
			s.events = append(s.events, delta)
		case "question":
			delta.Delta.RelatedQuestions = []string{value}
			s.events = append(s.events, delta)
		case "finish":
			s.events = append(s.events, chat.Finish(choice, chat.FinishReason(value)))
		case "usage":
			completion, _ := strconv.ParseInt(value, 10, 64)
			s.events = append(s.events, chat.UsageEvent(chat.Usage{PromptTokens: int64(choice), CompletionTokens: completion}))
		case "fail":
			s.err = &chat.Error{Code: chat.Code(number), Message: value}
		default:
			t.Fatalf("unknown event %q", line)
		}
	}
}

func (c *exchange) inDomain(t *testing.T) string {
	store := memlog.New(memlog.Config{})
	defer store.Close()
	service := service.New(service.Config{Log: store, Models: []chat.Model{{ID: "test", Engine: c.engine}}})
	defer func() { _ = service.Shutdown(t.Context()) }()
	stream, err := service.Stream(t.Context(), callers.Anonymous, "", wire.RequestFromProto(c.params))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for entry, err := range stream.Entries() {
		if err != nil {
			t.Fatal(err)
		}
		describe(&out, uint64(entry.Sequence), &entry.Event)
	}
	return out.String()
}

// describe writes an event as a line of the part "entries".
func describe(out *strings.Builder, sequence uint64, e *chat.Event) {
	fmt.Fprintf(out, "%d ", sequence)
	switch e.Kind {
	case chat.KindDelta:
		d := e.Delta
		fmt.Fprintf(out, "delta %d role=%q content=%q refusal=%q reasoning=%q", e.Choice, d.Role, d.Content, d.Refusal, d.Reasoning)
		for _, p := range d.Pets {
			fmt.Fprintf(out, " pet=%s", p.ID)
		}
		for _, question := range d.RelatedQuestions {
			fmt.Fprintf(out, " question=%q", question)
		}
		fmt.Fprintln(out)
	case chat.KindFinish:
		fmt.Fprintf(out, "finish %d %s\n", e.Choice, e.Reason)
	case chat.KindUsage:
		fmt.Fprintf(out, "usage %d+%d\n", e.Usage.PromptTokens, e.Usage.CompletionTokens)
	case chat.KindError:
		fmt.Fprintf(out, "error %s %q\n", e.Err.Code, e.Err.Message)
	case chat.KindDone:
		fmt.Fprintf(out, "done\n")
	case chat.KindProgress:
		fmt.Fprintf(out, "progress %s\n", e.Progress.Stage)
	}
}

func (c *exchange) overGRPC(t *testing.T) string {
	r := start(t, c.engine, nil)
	stream, err := r.client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: c.params})
	events, err := receive(t, stream, err)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, e := range events {
		describe(&out, e.GetSequence(), fromProto(e))
	}
	return out.String()
}

// fromProto converts a message back into the domain, for describe.
func fromProto(e *completionv1.CompletionEvent) *chat.Event {
	switch v := e.GetEvent().(type) {
	case *completionv1.CompletionEvent_Delta:
		d := v.Delta
		role := ""
		if d.GetRole() == completionv1.Role_ROLE_ASSISTANT {
			role = "assistant"
		}
		delta := chat.Delta{Role: chat.Role(role), Content: d.GetContent(), Refusal: d.GetRefusal(), Reasoning: d.GetReasoning(), RelatedQuestions: d.GetRelatedQuestions()}
		for _, p := range d.GetPets() {
			delta.Pets = append(delta.Pets, chat.Pet{ID: p.GetId()})
		}
		return &chat.Event{Kind: chat.KindDelta, Choice: int(d.GetIndex()), Delta: delta}
	case *completionv1.CompletionEvent_Finish:
		reason := strings.ToLower(strings.TrimPrefix(v.Finish.GetReason().String(), "FINISH_REASON_"))
		return &chat.Event{Kind: chat.KindFinish, Choice: int(v.Finish.GetIndex()), Reason: chat.FinishReason(reason)}
	case *completionv1.CompletionEvent_Usage:
		return &chat.Event{Kind: chat.KindUsage, Usage: &chat.Usage{
			PromptTokens: v.Usage.GetPromptTokens(), CompletionTokens: v.Usage.GetCompletionTokens(),
		}}
	case *completionv1.CompletionEvent_Error:
		return &chat.Event{Kind: chat.KindError, Err: &chat.Error{Code: chat.Code(v.Error.GetReason()), Message: v.Error.GetMessage()}}
	case *completionv1.CompletionEvent_Done:
		return &chat.Event{Kind: chat.KindDone}
	}
	return &chat.Event{}
}

func (c *exchange) overHTTP(t *testing.T) string {
	r := start(t, c.engine, nil)
	front, err := edge.New(t.Context(), edge.Config{
		Listen: "127.0.0.1:0", CompletionAddr: r.address, DrainTimeout: time.Second, Options: edge.Options{Heartbeat: time.Second},
	}, telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- front.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+front.Addr()+"/v1/chat/completions", strings.NewReader(c.request))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		body = append(body, '\n') // as the case's part ends
	}
	return anonymise(fmt.Sprintf("%d\n%s", resp.StatusCode, body))
}

// anonymise replaces the parts that differ from run to run.
func anonymise(s string) string {
	s = regexp.MustCompile(`chatcmpl-[A-Z2-7]{26}`).ReplaceAllString(s, "ID")
	s = regexp.MustCompile(`"created":\d+`).ReplaceAllString(s, `"created":0`)
	return strings.ReplaceAll(s, `"id":"ID","object":"chat.completion.chunk","created":0,"model":"test","service_tier":"default","system_fingerprint":"fp_test"`, `CHUNK`)
}
