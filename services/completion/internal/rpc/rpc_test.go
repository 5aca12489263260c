package rpc

import (
	"bytes"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

func TestStreamShowsEveryEventInOrder(t *testing.T) {
	r := start(t, answer("Hi", " there"), nil)
	params := hello()
	params.StreamOptions = &completionv1.StreamOptions{IncludeUsage: true}
	stream, err := r.client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: params})
	got, err := receive(t, stream, err)
	if err != nil {
		t.Fatal(err)
	}
	header, err := stream.Header()
	if err != nil {
		t.Fatal(err)
	}
	meta := got[0].GetMetadata()
	if ids := header.Get(CompletionIDKey); len(ids) != 1 || ids[0] != meta.GetId() || len(meta.GetId()) != len("chatcmpl-")+26 {
		t.Errorf("header names %q, the first message %q", ids, meta.GetId())
	}
	delta := func(sequence uint64, d *completionv1.Delta) *completionv1.CompletionEvent {
		return &completionv1.CompletionEvent{Sequence: sequence, Event: &completionv1.CompletionEvent_Delta{Delta: d}}
	}
	cost := &completionv1.Usage{
		PromptTokens: 3, CompletionTokens: 2, TotalTokens: 5,
		PromptTokensDetails: &completionv1.PromptTokensDetails{}, CompletionTokensDetails: &completionv1.CompletionTokensDetails{},
	}
	want := []*completionv1.CompletionEvent{
		delta(0, &completionv1.Delta{Role: completionv1.Role_ROLE_ASSISTANT}),
		delta(1, &completionv1.Delta{Content: "Hi"}),
		delta(2, &completionv1.Delta{Content: " there"}),
		{Sequence: 3, Event: &completionv1.CompletionEvent_Finish{Finish: &completionv1.Finish{Reason: completionv1.FinishReason_FINISH_REASON_STOP}}},
		{Sequence: 4, Event: &completionv1.CompletionEvent_Usage{Usage: cost}},
		{Sequence: 5, Event: &completionv1.CompletionEvent_Done{Done: &completionv1.Done{}}, FinalUsage: cost},
	}
	want[0].Metadata = &completionv1.CompletionMetadata{
		Id: meta.GetId(), Created: meta.GetCreated(), Model: "test", SystemFingerprint: "fp_test", ServiceTier: "default",
		StreamOptions: &completionv1.StreamOptions{IncludeUsage: true},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestResumeShowsWhatFollows(t *testing.T) {
	r := start(t, answer("a", "b", "c"), nil)
	stream, err := r.client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: hello()})
	all, err := receive(t, stream, err)
	if err != nil {
		t.Fatal(err)
	}
	id := all[0].GetMetadata().GetId()
	for after := range all {
		sequence := uint64(after)
		stream, err := r.client.ResumeCompletion(t.Context(), &completionv1.ResumeCompletionRequest{CompletionId: id, AfterSequence: &sequence})
		got, err := receive(t, stream, err)
		if err != nil {
			t.Fatal(err)
		}
		want := all[after+1:]
		if len(got) > 0 && got[0].GetMetadata().GetId() != id {
			t.Errorf("after %d: the first message has no metadata", after)
		}
		if diff := cmp.Diff(want, got, protocmp.Transform(), protocmp.IgnoreFields(&completionv1.CompletionEvent{}, "metadata"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("after %d (-want +got):\n%s", after, diff)
		}
	}
}

// TestOpening checks a stream that begins with the request's parameters.
func TestOpening(t *testing.T) {
	r := start(t, answer("a", "b"), nil)
	params := hello()
	params.Instructions, params.Background = new("Be brief."), true
	params.Metadata = map[string]string{"shop": "7"}
	stream, err := r.client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: params, Opening: true})
	all, err := receive(t, stream, err)
	if err != nil {
		t.Fatal(err)
	}
	want := proto.CloneOf(params)
	want.Messages, want.StreamOptions = nil, &completionv1.StreamOptions{}
	if diff := cmp.Diff(want, all[0].GetMetadata().GetParams(), protocmp.Transform()); diff != "" {
		t.Errorf("what was asked for (-want +got):\n%s", diff)
	}
	if all[0].GetEvent() != nil || all[1].GetMetadata() != nil || all[1].GetSequence() != 0 {
		t.Errorf("the stream begins with %v, %v", all[0], all[1])
	}
	id := all[0].GetMetadata().GetId()
	update := &completionv1.UpdateCompletionRequest{CompletionId: id, Metadata: map[string]string{"shop": "8"}}
	if _, err := r.client.UpdateCompletion(t.Context(), update); err != nil {
		t.Fatal(err)
	}
	for _, untilNow := range []bool{false, true} {
		stream, err := r.client.ResumeCompletion(t.Context(), &completionv1.ResumeCompletionRequest{CompletionId: id, Opening: true, UntilNow: untilNow})
		again, err := receive(t, stream, err)
		if err != nil {
			t.Fatal(err)
		}
		shop := map[bool]string{false: "7", true: "8"}[untilNow] // the original stream never changes
		if got := again[0].GetMetadata().GetParams().GetMetadata()["shop"]; got != shop {
			t.Errorf("until now %v: the metadata are of %q, want %q", untilNow, got, shop)
		}
		if diff := cmp.Diff(all[1:], again[1:], protocmp.Transform()); diff != "" {
			t.Errorf("until now %v (-want +got):\n%s", untilNow, diff)
		}
	}
}

func TestRefusalsCarryStatusReasonAndParam(t *testing.T) {
	r := start(t, answer("x"), nil)
	call := func(change func(*completionv1.CompletionParams)) error {
		params := hello()
		change(params)
		_, err := r.client.CreateCompletion(t.Context(), &completionv1.CreateCompletionRequest{Params: params})
		return err
	}
	resume := func(id string, after uint64) error {
		stream, err := r.client.ResumeCompletion(t.Context(), &completionv1.ResumeCompletionRequest{CompletionId: id, AfterSequence: &after})
		_, err = receive(t, stream, err)
		return err
	}
	done, err := r.client.CreateCompletion(t.Context(), &completionv1.CreateCompletionRequest{Params: hello()})
	if err != nil {
		t.Fatal(err)
	}
	_, noParams := r.client.CreateCompletion(t.Context(), &completionv1.CreateCompletionRequest{})
	_, noModel := r.models.GetModel(t.Context(), &completionv1.GetModelRequest{ModelId: "none"})
	for _, tt := range []struct {
		name          string
		err           error
		code          codes.Code
		reason, param string
	}{
		{"no params", noParams, codes.InvalidArgument, "MISSING_REQUIRED_PARAMETER", "model"},
		{"no messages", call(func(p *completionv1.CompletionParams) { p.Messages = nil }), codes.InvalidArgument, "EMPTY_ARRAY", "messages"},
		{"no role", call(func(p *completionv1.CompletionParams) { p.Messages[0].Role = 0 }), codes.InvalidArgument, "MISSING_REQUIRED_PARAMETER", "messages[0].role"},
		{"NaN", call(func(p *completionv1.CompletionParams) { p.Temperature = new(math.NaN()) }), codes.InvalidArgument, "DECIMAL_BELOW_MIN_VALUE", "temperature"},
		{"logprobs", call(func(p *completionv1.CompletionParams) { p.Logprobs = new(true) }), codes.InvalidArgument, "UNSUPPORTED_PARAMETER", "logprobs"},
		{"unknown model", call(func(p *completionv1.CompletionParams) { p.Model = "none" }), codes.NotFound, "MODEL_NOT_FOUND", "model"},
		{"model that is not there", noModel, codes.NotFound, "MODEL_NOT_FOUND", "model"},
		{"unknown completion", resume("chatcmpl-none", 0), codes.NotFound, "COMPLETION_NOT_FOUND", ""},
		{"ahead of the head", resume(done.GetCompletion().GetId(), 99), codes.OutOfRange, "INVALID_CURSOR", ""},
		{"far ahead", resume(done.GetCompletion().GetId(), math.MaxUint64), codes.OutOfRange, "INVALID_CURSOR", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st := status.Convert(tt.err)
			if st.Code() != tt.code {
				t.Fatalf("status = %v, want %v", st, tt.code)
			}
			info, ok := st.Details()[0].(*errdetails.ErrorInfo)
			if !ok || info.GetReason() != tt.reason || info.GetMetadata()["param"] != tt.param {
				t.Errorf("details = %v, want reason %s, param %q", st.Details(), tt.reason, tt.param)
			}
		})
	}
}

func TestSomebodyElsesCompletionDoesNotExist(t *testing.T) {
	r := start(t, answer("x"), nil)
	params := hello()
	params.Store = true
	done, err := r.client.CreateCompletion(as(t.Context(), "ann"), &completionv1.CreateCompletionRequest{Params: params})
	if err != nil {
		t.Fatal(err)
	}
	id, ctx := done.GetCompletion().GetId(), as(t.Context(), "bob")
	calls := map[string]func() error{
		"get": func() error {
			_, err := r.client.GetCompletion(ctx, &completionv1.GetCompletionRequest{CompletionId: id})
			return err
		},
		"update": func() error {
			_, err := r.client.UpdateCompletion(ctx, &completionv1.UpdateCompletionRequest{CompletionId: id})
			return err
		},
		"cancel": func() error {
			_, err := r.client.CancelCompletion(ctx, &completionv1.CancelCompletionRequest{CompletionId: id})
			return err
		},
		"delete": func() error {
			_, err := r.client.DeleteCompletion(ctx, &completionv1.DeleteCompletionRequest{CompletionId: id})
			return err
		},
		"messages": func() error {
			_, err := r.client.ListCompletionMessages(ctx, &completionv1.ListCompletionMessagesRequest{CompletionId: id})
			return err
		},
		"resume": func() error {
			stream, err := r.client.ResumeCompletion(ctx, &completionv1.ResumeCompletionRequest{CompletionId: id})
			_, err = receive(t, stream, err)
			return err
		},
	}
	for name, call := range calls {
		if err := call(); status.Code(err) != codes.NotFound {
			t.Errorf("%s: %v, want NotFound", name, err)
		}
	}
	list, err := r.client.ListCompletions(ctx, &completionv1.ListCompletionsRequest{})
	if err != nil || len(list.GetCompletions()) != 0 {
		t.Errorf("bob's list = %v, %v", list, err)
	}
	list, err = r.client.ListCompletions(as(t.Context(), "ann"), &completionv1.ListCompletionsRequest{})
	if err != nil || len(list.GetCompletions()) != 1 {
		t.Errorf("ann's list = %v, %v", list, err)
	}
}

func TestCancelEndsTheStream(t *testing.T) {
	engine := answer("a", "b")
	engine.hold = make(chan struct{})
	r := start(t, engine, nil)
	stream, err := r.client.StreamCompletion(t.Context(), &completionv1.StreamCompletionRequest{Params: hello()})
	if err != nil {
		t.Fatal(err)
	}
	first, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := r.client.CancelCompletion(t.Context(), &completionv1.CancelCompletionRequest{CompletionId: first.GetMetadata().GetId()})
	if err != nil || resp.GetCompletion().GetStatus() != completionv1.CompletionStatus_COMPLETION_STATUS_CANCELLED {
		t.Fatalf("cancel = %v, %v", resp, err)
	}
	rest, err := receive(t, stream, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last := rest[len(rest)-1]; last.GetError().GetReason() != string(chat.CodeCompletionCancelled) {
		t.Errorf("last event = %v", last)
	}
}

func TestOurFaultsAreWithheldAndLogged(t *testing.T) {
	for _, tt := range []struct {
		name, user string
		engine     *scripted
	}{
		{"engine fails", "", &scripted{events: []chat.Event{chat.Opening(0)}, err: errors.New("secret: disk on fire")}},
		{"handler panics", "panic", answer("secret: unused")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var lines lockedBuffer
			r := start(t, tt.engine, slog.New(slog.NewTextHandler(&lines, nil)))
			params := hello()
			params.User = tt.user
			_, err := r.client.CreateCompletion(t.Context(), &completionv1.CreateCompletionRequest{Params: params})
			if st := status.Convert(err); st.Code() != codes.Internal || strings.Contains(st.Message(), "secret") || strings.Contains(st.Message(), "gone wrong") {
				t.Errorf("status = %v", st)
			}
			if log := lines.String(); !strings.Contains(log, "level=ERROR") {
				t.Errorf("log = %q, want the cause at error level", log)
			}
		})
	}
}

func TestRequestThatIsTooLargeIsRefused(t *testing.T) {
	r := start(t, answer("x"), nil)
	params := hello()
	params.Messages[0].Content = &completionv1.ChatMessage_Text{Text: strings.Repeat("x", MaxMessageSize)}
	_, err := r.client.CreateCompletion(t.Context(), &completionv1.CreateCompletionRequest{Params: params})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("err = %v, want ResourceExhausted", err)
	}
}

func TestModelsAreListed(t *testing.T) {
	r := start(t, answer("x"), nil)
	list, err := r.models.ListModels(t.Context(), &completionv1.ListModelsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	want := []*completionv1.Model{{Id: "test", Created: 1700000000, OwnedBy: "tests", Aliases: []string{"TEST"}, Capabilities: &completionv1.Capabilities{Prediction: true}, Ignores: &completionv1.Capabilities{Tools: true}}}
	one, err := r.models.GetModel(t.Context(), &completionv1.GetModelRequest{ModelId: "TEST"})
	if diff := cmp.Diff(want[0], one.GetModel(), protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("model by its alias, %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(want, list.GetModels(), protocmp.Transform()); diff != "" {
		t.Errorf("models (-want +got):\n%s", diff)
	}
}

func TestHealthAndReflectionAnswer(t *testing.T) {
	r := start(t, answer("x"), nil)
	for _, service := range []string{"", "petstore.completion.v1.CompletionService", "petstore.completion.v1.ModelService", "petstore.completion.v1.PetService"} {
		resp, err := grpc_health_v1.NewHealthClient(r.conn).Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
		if err != nil || resp.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
			t.Errorf("health of %q = %v, %v", service, resp, err)
		}
	}
	stream, err := grpc_reflection_v1.NewServerReflectionClient(r.conn).ServerReflectionInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	request := &grpc_reflection_v1.ServerReflectionRequest{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{}}
	if err := stream.Send(request); err != nil {
		t.Fatal(err)
	}
	resp, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.String(); !strings.Contains(got, "petstore.completion.v1.CompletionService") {
		t.Errorf("reflection lists %s", got)
	}
}

// A lockedBuffer is a buffer for concurrent reads and writes.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
