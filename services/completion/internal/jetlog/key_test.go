package jetlog

import (
	"context"
	"fmt"
	"iter"
	"net"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	logv1 "github.com/pawstream/pawstream/gen/petstore/completion/log/v1"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/budget"
	"github.com/pawstream/pawstream/internal/telemetry"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
	"github.com/pawstream/pawstream/services/completion/internal/rpc"
	"github.com/pawstream/pawstream/services/completion/internal/service"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

// asked returns a request with this text.
func asked(text string) *completionv1.CompletionParams {
	return &completionv1.CompletionParams{
		Model: "m", Store: true, PromptCacheKey: "cache",
		Messages: []*completionv1.ChatMessage{{Role: completionv1.Role_ROLE_USER, Content: &completionv1.ChatMessage_Text{Text: text}}},
	}
}

// withNewField adds a field of a future contract to the request and to its message.
func withNewField(p *completionv1.CompletionParams, value string) *completionv1.CompletionParams {
	field := protowire.AppendString(protowire.AppendTag(nil, 900, protowire.BytesType), value)
	p.ProtoReflect().SetUnknown(field)
	p.GetMessages()[0].ProtoReflect().SetUnknown(field)
	return p
}

// TestAKeyHoldsAcrossVersions admits a completion as other versions would, and repeats the request with the same key,
// like a client whose first attempt was cut off by a deploy.
func TestAKeyHoldsAcrossVersions(t *testing.T) {
	url := startNATS(t)
	other, client := open(t, Config{NATS: at(url)}), serve(t, open(t, Config{NATS: at(url)}))
	digest := func(p *completionv1.CompletionParams) []byte {
		t.Helper()
		sum, err := wire.Digest(p)
		if err != nil {
			t.Fatal(err)
		}
		return sum[:]
	}
	legacy := wire.RequestFromProto(asked("Hi")).LegacyHash()
	for i, test := range []struct {
		name      string
		version   uint32 // of the digest
		digest    []byte
		stored    *completionv1.CompletionParams
		same      *completionv1.CompletionParams
		different []*completionv1.CompletionParams
	}{
		{
			"no digest, and a field that the other did not know", 0, nil,
			asked("Hi"), withNewField(asked("Hi"), "x"),
			[]*completionv1.CompletionParams{asked("Ho"), withNewField(asked("Ho"), "x")},
		},
		{
			"the digest of a version to come, and a field of its contract", 99, legacy[:],
			withNewField(asked("Hi"), "x"), withNewField(asked("Hi"), "x"),
			[]*completionv1.CompletionParams{asked("Hi"), withNewField(asked("Hi"), "y"), withNewField(asked("Ho"), "x")},
		},
		{
			"today's digest, and a field of a contract to come", wire.DigestVersion, digest(withNewField(asked("Hi"), "x")),
			withNewField(asked("Hi"), "x"), withNewField(asked("Hi"), "x"),
			[]*completionv1.CompletionParams{asked("Hi"), withNewField(asked("Hi"), "y"), withNewField(asked("Ho"), "x")},
		},
		{
			"a field that the other did not know", wire.DigestVersion, digest(withNewField(asked("Hi"), "x")),
			asked("Hi"), withNewField(asked("Hi"), "x"),
			[]*completionv1.CompletionParams{asked("Hi"), withNewField(asked("Hi"), "y")},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			id, key := fmt.Sprintf("chatcmpl-%d", i), fmt.Sprintf("key %d", i)
			admitAs(t, other, &logv1.Meta{
				Id: id, Principal: "ann", Created: 1700000000, Model: "m", Params: test.stored, IdempotencyKey: key,
				RequestHash: legacy[:], Digest: test.digest, DigestVersion: test.version, OnDisconnect: completionv1.OnDisconnect_ON_DISCONNECT_CONTINUE,
			})
			if got, err := create(t, client, key, test.same); err != nil || got != id {
				t.Errorf("the same request: %s, %v, want %s", got, err, id)
			}
			for _, params := range test.different {
				got, err := create(t, client, key, params)
				if st := status.Convert(err); st.Code() != codes.Aborted || reason(st) != "IDEMPOTENCY_CONFLICT" {
					t.Errorf("another request: %s, %v, want a conflict", got, err)
				}
			}
		})
	}
}

// TestAKeyHoldsWithAFieldThatIsNotKnown sends two services of this version fields of a future contract.
func TestAKeyHoldsWithAFieldThatIsNotKnown(t *testing.T) {
	url := startNATS(t)
	a, b := serve(t, open(t, Config{NATS: at(url)})), serve(t, open(t, Config{NATS: at(url)}))
	id, err := create(t, a, "key", withNewField(asked("Hi"), "x"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := create(t, b, "key", withNewField(asked("Hi"), "x")); err != nil || got != id {
		t.Errorf("the same request: %s, %v, want %s", got, err, id)
	}
	if got, err := create(t, b, "key", withNewField(asked("Hi"), "y")); reason(status.Convert(err)) != "IDEMPOTENCY_CONFLICT" {
		t.Errorf("another request: %s, %v, want a conflict", got, err)
	}
}

// admitAs stores an ended completion whose meta was written by another version.
func admitAs(t *testing.T, l *Log, m *logv1.Meta) {
	t.Helper()
	put := func(subject string, data []byte, expect uint64) uint64 {
		sequence, err := l.io.Append(within(t), l.gate.era(), subject, data, expect)
		if err != nil {
			t.Fatal(err)
		}
		return sequence
	}
	encode := func(m proto.Message) []byte {
		data, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	end, err := record.Encode(&record.Record{Writer: l.replica, Events: []chat.Event{{Kind: chat.KindDone}}})
	if err != nil {
		t.Fatal(err)
	}
	put(nameSubject(m.GetPrincipal(), m.GetIdempotencyKey()), encode(&logv1.Name{CompletionId: m.GetId()}), 0)
	begun := put(eventsPrefix+m.GetId(), encode(&logv1.Record{Writer: l.replica, Content: &logv1.Record_Meta{Meta: m}}), 0)
	put(eventsPrefix+m.GetId(), end, begun)
}

// create creates a completion for ann, and returns its id.
func create(t *testing.T, client completionv1.CompletionServiceClient, key string, params *completionv1.CompletionParams) (string, error) {
	t.Helper()
	ctx := metadata.AppendToOutgoingContext(within(t), rpc.PrincipalKey, "ann")
	got, err := client.CreateCompletion(ctx, &completionv1.CreateCompletionRequest{Params: params, IdempotencyKey: key})
	return got.GetCompletion().GetId(), err
}

func reason(st *status.Status) string {
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

// terse is an engine that says almost nothing.
type terse struct{}

func (terse) Check(context.Context, *chat.Request) error { return nil }

func (terse) Complete(context.Context, *chat.Request, []chat.Event) iter.Seq2[chat.Event, error] {
	return func(yield func(chat.Event, error) bool) {
		_ = yield(chat.Opening(0), nil) && yield(chat.Text(0, "Hi"), nil) && yield(chat.Finish(0, chat.FinishStop), nil) && yield(chat.UsageEvent(chat.Usage{}), nil)
	}
}

// serve serves a log over gRPC until the test ends.
func serve(t *testing.T, l *Log) completionv1.CompletionServiceClient {
	t.Helper()
	service := service.New(service.Config{Log: l, Models: []chat.Model{{ID: "m", Created: time.Unix(1700000000, 0), Engine: terse{}}}})
	server, _ := rpc.NewServer(service, completionv1.UnimplementedPetServiceServer{}, rpc.Access{TrustLocal: true}, budget.New(0), 0, telemetry.Discard(), func(chat.Refusal) {})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_ = service.Shutdown(ended)
		server.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return completionv1.NewCompletionServiceClient(conn)
}
