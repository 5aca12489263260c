package advisor

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// store is the embedded catalogue, loaded once for all tests.
var store *catalogue.Catalogue

func TestMain(m *testing.M) {
	var err error
	if store, err = catalogue.Load(); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// advisor returns the advisor that all tests share, because loading one takes a while.
func advisor(t testing.TB) *Advisor {
	t.Helper()
	a, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

var shared = sync.OnceValues(func() (*Advisor, error) { return New(Config{Catalogue: store}) })

// another returns a new advisor.
func another(t testing.TB) *Advisor {
	t.Helper()
	return paced(t, 0)
}

func paced(t testing.TB, pace float64) *Advisor {
	t.Helper()
	a, err := New(Config{Catalogue: store, Pace: pace})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func request(turns ...string) *chat.Request {
	req := &chat.Request{Model: ModelAdvisor}
	for i, turn := range turns {
		role := chat.RoleUser
		if i%2 == 1 {
			role = chat.RoleAssistant
		}
		req.Messages = append(req.Messages, message(role, turn))
	}
	return req
}

// collect returns all events without progress.
func collect(t testing.TB, a *Advisor, req *chat.Request, resume []chat.Event) []chat.Event {
	t.Helper()
	var events []chat.Event
	for e, err := range a.Complete(t.Context(), req, resume) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind != chat.KindProgress {
			events = append(events, e)
		}
	}
	return events
}

// sum returns the texts and finish reasons of the choices.
func sum(events []chat.Event, n int) (texts []string, reasons []chat.FinishReason) {
	texts, reasons = make([]string, n), make([]chat.FinishReason, n)
	for _, e := range events {
		switch e.Kind {
		case chat.KindDelta:
			texts[e.Choice] += e.Delta.Content
		case chat.KindFinish:
			reasons[e.Choice] = e.Reason
		default:
		}
	}
	return texts, reasons
}

const catQuestion = "What should I know before adopting a cat?"

func TestModels(t *testing.T) {
	a := advisor(t)
	models, fingerprint := a.Models(), another(t).Models()[0].Fingerprint
	if len(models) != 2 || models[0].ID != "pet-advisor-1" || models[1].ID != "pet-advisor-turbo" {
		t.Fatalf("models = %v", models)
	}
	for _, m := range models {
		if m.Engine != chat.Engine(a) || m.ContextWindow != 32768 || m.OwnedBy != "petstore" || m.Created.IsZero() || m.Capabilities != (chat.Capabilities{JSONOutput: chat.Used, Tools: chat.Ignored, OtherTools: chat.Ignored, Images: chat.Ignored, Reasoning: chat.Ignored}) {
			t.Errorf("model %+v", m)
		}
		if !strings.HasPrefix(m.Fingerprint, "fp_") || m.Fingerprint != fingerprint {
			t.Errorf("fingerprint %q", m.Fingerprint)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("no error without a catalogue")
	}
	if _, err := New(Config{Catalogue: store, Pace: -1}); err == nil {
		t.Error("no error for a negative pace")
	}
}

// TestContract checks the shape of the stream that the engine interface promises.
func TestContract(t *testing.T) {
	a := advisor(t)
	req := request(catQuestion)
	req.N = new(3)
	req.Stream.IncludeEvents = true
	var events []chat.Event
	var stages []chat.Stage
	for e, err := range a.Complete(t.Context(), req, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == chat.KindProgress {
			stages = append(stages, e.Progress.Stage)
			continue
		}
		events = append(events, e)
	}
	if diff := cmp.Diff([]chat.Stage{chat.StageRetrieval, chat.StageGenerating}, stages); diff != "" {
		t.Errorf("stages: %s", diff)
	}
	opened, finished := map[int]bool{}, map[int]bool{}
	for i, e := range events {
		switch e.Kind {
		case chat.KindDelta:
			if finished[e.Choice] || opened[e.Choice] == (e.Delta.Role != "") {
				t.Fatalf("event %d: %+v", i, e)
			}
			opened[e.Choice] = true
			if !utf8.ValidString(e.Delta.Content) {
				t.Errorf("event %d is not valid UTF-8: %q", i, e.Delta.Content)
			}
		case chat.KindFinish:
			if !opened[e.Choice] || finished[e.Choice] || e.Reason != chat.FinishStop {
				t.Fatalf("event %d: %+v", i, e)
			}
			finished[e.Choice] = true
		case chat.KindUsage:
			if i != len(events)-1 || len(finished) != 3 {
				t.Errorf("usage as event %d of %d, %d finished", i, len(events), len(finished))
			}
		default:
			t.Errorf("event %d: %+v", i, e)
		}
	}
	if last := events[len(events)-1]; last.Kind != chat.KindUsage {
		t.Errorf("last event %+v", last)
	}
}

func TestUsageIsTrue(t *testing.T) {
	a := advisor(t)
	req := request(catQuestion)
	req.N = new(2)
	req.Messages = append([]chat.Message{message(chat.RoleSystem, "You are a shop's advisor.")}, req.Messages...)
	events := collect(t, a, req, nil)
	usage := events[len(events)-1].Usage
	texts, _ := sum(events, 2)
	var completion int64
	for _, text := range texts {
		n, err := a.tokens.segments.codec.Count(text)
		if err != nil {
			t.Fatal(err)
		}
		completion += int64(n)
	}
	if usage.CompletionTokens != completion {
		t.Errorf("completion tokens %d, want %d", usage.CompletionTokens, completion)
	}
	// By OpenAI's recipe: 3 per message, its role and text, and 3 for the reply.
	want := int64(3)
	for _, m := range req.Messages {
		role, _ := a.tokens.segments.codec.Count(string(m.Role))
		text, _ := a.tokens.segments.codec.Count(m.Text())
		want += int64(3 + role + text)
	}
	if usage.PromptTokens != want {
		t.Errorf("prompt tokens %d, want %d", usage.PromptTokens, want)
	}
	deltas := 0
	for _, e := range events {
		if e.Kind == chat.KindDelta && e.Delta.Role == "" {
			deltas++
		}
	}
	if int64(deltas) != completion {
		t.Errorf("%d deltas for %d tokens", deltas, completion)
	}
}

func TestDeterminismAndVariation(t *testing.T) {
	a, b := advisor(t), another(t)
	question := "Which pet would you recommend for a family with children?"
	same := func(change func(*chat.Request)) string {
		req := request(question)
		change(req)
		first := text(t, a, req)
		if again := text(t, b, req); again != first {
			t.Errorf("equal requests differ:\n%s\n---\n%s", first, again)
		}
		return first
	}
	plain := same(func(*chat.Request) {})
	seen := map[string]bool{plain: true}
	for seed := range int64(8) {
		seen[same(func(r *chat.Request) { r.Seed = new(seed) })] = true
	}
	if len(seen) < 3 {
		t.Errorf("8 seeds give %d different answers", len(seen))
	}
	req := request(question)
	req.N = new(6)
	texts, _ := sum(collect(t, a, req, nil), 6)
	if texts[0] != plain {
		t.Error("the first of several choices is another one than the only choice")
	}
	different := map[string]bool{}
	for _, text := range texts {
		different[text] = true
	}
	if len(different) < 2 {
		t.Error("all choices are the same")
	}
}

// TestChoicesDiffer checks that choices are worded differently if an answer permits that. Lists and passages are the
// same in all of them.
func TestChoicesDiffer(t *testing.T) {
	a := advisor(t)
	for _, question := range []string{
		"hello", "thanks", "what can you do?", "tell me a joke", "who are you?", "I live in a flat with two kids. Which pet suits us?",
	} {
		t.Run(question, func(t *testing.T) {
			req := request(question)
			req.N = new(3)
			texts, _ := sum(collect(t, a, req, nil), 3)
			if texts[0] == texts[1] || texts[1] == texts[2] || texts[0] == texts[2] {
				t.Errorf("choices are the same:\n%s", strings.Join(texts, "\n---\n"))
			}
		})
	}
}

// TestLengths checks that answers are shorter with the smaller model and with a lower verbosity. A single answer may
// have no more to say, so several are counted together.
func TestLengths(t *testing.T) {
	a := advisor(t)
	count := func(model string, v chat.Verbosity) (total int, each []int) {
		for _, question := range []string{
			catQuestion, "Which pet suits a family with two kids and a garden?", "Compare a Labrador and a Beagle", "Tell me about Luna",
			"how do I stop my puppy from biting", "what is a Maine Coon like?", "Which dogs do you have under $200?",
		} {
			req := request(question)
			req.Model, req.Verbosity = model, v
			n := len(strings.Fields(text(t, a, req)))
			each, total = append(each, n), total+n
		}
		return total, each
	}
	normal, _ := count(ModelAdvisor, "")
	if medium, _ := count(ModelAdvisor, chat.VerbosityMedium); medium != normal {
		t.Errorf("medium has %d words, the default %d", medium, normal)
	}
	low, lows := count(ModelAdvisor, chat.VerbosityLow)
	high, highs := count(ModelAdvisor, chat.VerbosityHigh)
	turbo, turbos := count(ModelTurbo, "")
	least, leasts := count(ModelTurbo, chat.VerbosityLow)
	t.Logf("words: turbo low %v, turbo %v, low %v, high %v", leasts, turbos, lows, highs)
	if least >= turbo || turbo*10 > normal*9 || low >= normal || high <= normal {
		t.Errorf("turbo low %d, turbo %d, low %d, normal %d, high %d words", least, turbo, low, normal, high)
	}
	for i := range lows {
		if leasts[i] > turbos[i] || lows[i] > highs[i] || leasts[i] < 3 {
			t.Errorf("answer %d has %d, %d, %d, %d words", i, leasts[i], turbos[i], lows[i], highs[i])
		}
	}
}

func TestMaxTokens(t *testing.T) {
	a := advisor(t)
	full := collect(t, a, request(catQuestion), nil)
	total := int(full[len(full)-1].Usage.CompletionTokens)
	whole, _ := sum(full, 1)
	for _, limit := range []int{1, 2, 17, total - 1, total, total + 1} {
		req := request(catQuestion)
		req.MaxCompletionTokens = new(limit)
		events := collect(t, a, req, nil)
		texts, reasons := sum(events, 1)
		want := chat.FinishLength
		if limit >= total {
			want = chat.FinishStop
		}
		if reasons[0] != want {
			t.Errorf("limit %d of %d: finish %q, want %q", limit, total, reasons[0], want)
		}
		if got := int(events[len(events)-1].Usage.CompletionTokens); got != min(limit, total) {
			t.Errorf("limit %d: %d tokens", limit, got)
		}
		if !strings.HasPrefix(whole[0], texts[0]) {
			t.Errorf("limit %d: %q is no prefix", limit, texts[0])
		}
	}
}

func TestStop(t *testing.T) {
	a := advisor(t)
	whole, _ := sum(collect(t, a, request(catQuestion), nil), 1)
	for _, stops := range [][]string{
		{"litter"}, {"itter b"}, {"\n\n"}, {"no such text"}, {"Vet:", "Money"}, {whole[0][:3]}, {"ts. Tell me"},
	} {
		req := request(catQuestion)
		req.Stop = stops
		texts, reasons := sum(collect(t, a, req, nil), 1)
		want := whole[0]
		for _, stop := range stops {
			if i := strings.Index(want, stop); i >= 0 {
				want = want[:i]
			}
		}
		if texts[0] != want || reasons[0] != chat.FinishStop {
			t.Errorf("stop %q: ends %q (%s), want %q", stops, tail(texts[0]), reasons[0], tail(want))
		}
	}
}

func tail(s string) string { return s[max(0, len(s)-40):] }

func TestResumeAtEveryPrefix(t *testing.T) {
	a := advisor(t)
	req := request("Tell me about Luna")
	req.N = new(2)
	full := collect(t, a, req, nil)
	shown := full[:len(full)-1] // a resumption does not include the usage
	for i := range len(shown) + 1 {
		got := collect(t, a, req, shown[:i])
		if diff := cmp.Diff(full[i:], got); diff != "" {
			t.Fatalf("resume after %d events: %s", i, diff)
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	a := advisor(t)
	req := request(catQuestion)
	full := collect(t, a, req, nil)
	for name, shown := range map[string][]chat.Event{
		"other text":         {full[0], chat.Text(0, "Dogs")},
		"other choice":       {chat.Opening(1)},
		"no opening":         {full[1]},
		"other finish":       append(append([]chat.Event{}, full[:len(full)-2]...), chat.Finish(0, chat.FinishLength)),
		"more than there is": append(append([]chat.Event{}, full[:len(full)-1]...), chat.Text(0, "more")),
		"reasoning":          {full[0], {Kind: chat.KindDelta, Delta: chat.Delta{Content: full[1].Delta.Content, Reasoning: "hm"}}},
	} {
		var last error
		for e, err := range a.Complete(t.Context(), req, shown) {
			if err == nil {
				t.Errorf("%s: yields %+v", name, e)
			}
			last = err
		}
		if !errors.Is(last, chat.ErrCannotContinue) {
			t.Errorf("%s: %v", name, last)
		}
	}
}

func TestContextEnds(t *testing.T) {
	a := advisor(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen, last := 0, error(nil)
	var usage *chat.Usage
	for e, err := range a.Complete(ctx, request(catQuestion), nil) {
		if last = err; err != nil {
			continue
		}
		if e.Kind == chat.KindUsage {
			usage = e.Usage
			continue
		}
		if seen++; seen == 11 { // the opening and ten tokens
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || seen != 11 {
		t.Errorf("%d events, then %v", seen, last)
	}
	if usage == nil || usage.CompletionTokens != 10 || usage.PromptTokens == 0 {
		t.Errorf("usage %+v, want 10 tokens", usage)
	}
}

func TestContextEndedBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	kinds := []chat.EventKind{}
	for e, err := range advisor(t).Complete(ctx, request(catQuestion), nil) {
		if last = err; err == nil {
			kinds = append(kinds, e.Kind)
		}
	}
	if !errors.Is(last, context.Canceled) || len(kinds) != 1 || kinds[0] != chat.KindUsage {
		t.Errorf("events %v, then %v", kinds, last)
	}
}

func TestReaderLeaves(t *testing.T) {
	for _, leave := range []int{1, 2, 5} {
		n := 0
		for _, err := range advisor(t).Complete(t.Context(), request(catQuestion), nil) {
			if n++; err != nil {
				t.Error(err)
			}
			if n == leave {
				break
			}
		}
	}
}

func TestCheck(t *testing.T) {
	a := advisor(t)
	if err := a.Check(t.Context(), request(catQuestion)); err != nil {
		t.Errorf("a short prompt: %v", err)
	}
	for name, prompt := range map[string]string{
		"words":      strings.Repeat("how much is a cat ", 10000),
		"spaces":     strings.Repeat(" ", 10<<20),
		"one word":   strings.Repeat("a", 10<<20),
		"lines":      strings.Repeat(" \n", 5<<20),
		"emoji":      strings.Repeat("🐱", 2<<20),
		"words, big": strings.Repeat("how much is a cat ", 10<<20/18),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			err := a.Check(t.Context(), request(prompt))
			var refused *chat.Error
			if !errors.As(err, &refused) || refused.Code != chat.CodeContextLengthExceeded || refused.Param != "messages" {
				t.Errorf("error %v", err)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestConcurrency(t *testing.T) {
	a := advisor(t)
	questions := []string{catQuestion, "Compare a Labrador and a Beagle", "my dog ate grapes", "which pet for a flat?", "hello"}
	want := make([]string, len(questions))
	for i, q := range questions {
		want[i] = converse(t, a, q)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i, q := range questions {
				if got := converse(t, a, q); got != want[i] {
					t.Errorf("%q has another answer", q)
				}
			}
		})
	}
	group.Wait()
}

func BenchmarkCompose(b *testing.B) {
	a := advisor(b)
	for _, q := range []string{catQuestion, "I live in a flat with two kids and a cat. Which dog under $300 suits us?", "Compare a Labrador and a Beagle"} {
		req := request(q)
		b.Run(q[:12], func(b *testing.B) {
			for b.Loop() {
				if _, err := a.write(req, a.listen(req.Messages), 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkComplete(b *testing.B) {
	a := advisor(b)
	req := request(catQuestion)
	for b.Loop() {
		for _, err := range a.Complete(b.Context(), req, nil) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// converse holds a conversation, and returns the last answer. "..." stands for the advisor's own answer.
func converse(t testing.TB, a *Advisor, turns ...string) string {
	t.Helper()
	return answerOf(t, a, ModelAdvisor, turns...)
}

func answerOf(t testing.TB, a *Advisor, model string, turns ...string) string {
	t.Helper()
	req := &chat.Request{Model: model}
	for _, turn := range turns {
		role := chat.RoleUser
		if turn == "..." {
			role = chat.RoleAssistant
			turn = text(t, a, req)
		}
		req.Messages = append(req.Messages, message(role, turn))
	}
	return text(t, a, req)
}

func message(role chat.Role, text string) chat.Message {
	return chat.Message{Role: role, Parts: []chat.Part{{Kind: chat.PartText, Text: text}}}
}

// text returns the first choice's whole text.
func text(t testing.TB, a *Advisor, req *chat.Request) string {
	t.Helper()
	var b strings.Builder
	for e, err := range a.Complete(t.Context(), req, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == chat.KindDelta && e.Choice == 0 {
			b.WriteString(e.Delta.Content)
		}
	}
	return b.String()
}
