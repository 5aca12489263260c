package rpc

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// byHand is a codec that sends bytes unchanged, and ignores the answer.
type byHand struct{}

func (byHand) Name() string { return "proto" }

func (byHand) Marshal(v any) (mem.BufferSlice, error) {
	data, ok := v.([]byte)
	if !ok {
		return nil, errors.New("not bytes")
	}
	return mem.BufferSlice{mem.SliceBuffer(data)}, nil
}

func (byHand) Unmarshal(mem.BufferSlice, any) error { return nil }

// field returns a length-delimited field.
func field(number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), value)
}

// full is nearly the largest accepted message.
const full = MaxMessageSize - 1<<10

// repeated repeats a field up to size bytes.
func repeated(size int, number protowire.Number, value []byte) []byte {
	one := field(number, value)
	return bytes.Repeat(one, size/len(one))
}

// nested returns a value within that many fields, the innermost field first.
func nested(depth int, value []byte, numbers ...protowire.Number) []byte {
	for i := range depth {
		value = field(numbers[i%len(numbers)], value)
	}
	return value
}

// Fields by their numbers in the contract.
const (
	inParams    = 1  // of a request that creates
	inMessages  = 2  // of the params
	inModes     = 19 // of the params
	inTools     = 15 // of the params
	inParts     = 3  // of a message
	inPartsPart = 1  // of parts
)

// TestRequestIsBoundedOnTheWire checks that the bounds apply before decoding: otherwise a byte of a request
// could cost hundreds in memory.
func TestRequestIsBoundedOnTheWire(t *testing.T) {
	tool := func(parameters []byte) []byte {
		return field(inParams, field(inTools, field(1, field(3, parameters))))
	}
	parts := repeated(full, inPartsPart, nil)
	for _, tt := range []struct {
		name, method  string
		request       []byte
		code          codes.Code
		reason, param string
	}{
		{
			"empty messages", "CreateCompletion", field(inParams, repeated(full, inMessages, nil)),
			codes.InvalidArgument, "ARRAY_ABOVE_MAX_LENGTH", "messages",
		},
		{
			"empty messages in a stream's", "StreamCompletion", field(inParams, repeated(full, inMessages, nil)),
			codes.InvalidArgument, "ARRAY_ABOVE_MAX_LENGTH", "messages",
		},
		{
			"params with a message each", "CreateCompletion", repeated(full, inParams, field(inMessages, nil)),
			codes.InvalidArgument, "ARRAY_ABOVE_MAX_LENGTH", "messages",
		},
		{
			"empty tools", "CreateCompletion", field(inParams, repeated(full, inTools, nil)),
			codes.InvalidArgument, "ARRAY_ABOVE_MAX_LENGTH", "tools",
		},
		{
			"empty texts to stop at", "CreateCompletion", field(inParams, repeated(full, 6, nil)),
			codes.InvalidArgument, "ARRAY_ABOVE_MAX_LENGTH", "stop",
		},
		{
			"empty metadata", "UpdateCompletion", repeated(full, 2, nil),
			codes.InvalidArgument, "ARRAY_ABOVE_MAX_LENGTH", "metadata",
		},
		{
			"empty parts", "CreateCompletion", field(inParams, field(inMessages, field(inParts, parts))),
			codes.InvalidArgument, "REQUEST_TOO_LARGE", "",
		},
		{
			"empty parameters", "CreateCompletion", field(inParams, repeated(full, 27, nil)),
			codes.InvalidArgument, "REQUEST_TOO_LARGE", "",
		},
		{
			"packed numbers", "CreateCompletion", field(inParams, field(inModes, make([]byte, full))),
			codes.InvalidArgument, "REQUEST_TOO_LARGE", "",
		},
		{
			"values of a schema", "CreateCompletion", tool(field(1, append(field(1, []byte("a")), field(2, field(6, repeated(full, 1, nil)))...))),
			codes.InvalidArgument, "REQUEST_TOO_LARGE", "",
		},
		{
			"a schema as deep as it is long", "CreateCompletion", tool(field(1, field(2, nested(2001, nil, 6, 1)))),
			codes.InvalidArgument, "REQUEST_TOO_LARGE", "",
		},
		{
			"not a message", "CreateCompletion",
			[]byte{0xff},
			codes.InvalidArgument, "INVALID_VALUE", "",
		},
		{
			"a text that is not UTF-8", "CreateCompletion", field(inParams, field(1, []byte{0xff})),
			codes.InvalidArgument, "INVALID_VALUE", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, answer("x"), nil)
			method := "/" + completionv1.CompletionService_ServiceDesc.ServiceName + "/" + tt.method
			before := allocated()
			err := r.conn.Invoke(t.Context(), method, tt.request, new([]byte), grpc.ForceCodecV2(byHand{}))
			took := allocated() - before
			st := status.Convert(err)
			if st.Code() != tt.code {
				t.Fatalf("status = %v, want %v", st, tt.code)
			}
			var reason, param string
			for _, d := range st.Details() {
				if info, ok := d.(*errdetails.ErrorInfo); ok {
					reason, param = info.GetReason(), info.GetMetadata()["param"]
				}
			}
			if reason != tt.reason || param != tt.param {
				t.Errorf("reason %q, param %q, want %q, %q", reason, param, tt.reason, tt.param)
			}
			// Both ends are in this process.
			if most := uint64(4*len(tt.request) + 8<<20); took > most {
				t.Errorf("%d bytes took %d, want at most %d", len(tt.request), took, most)
			}
		})
	}
}

// allocated returns the number of bytes allocated so far.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

// TestLargeRequestsPass checks that large legitimate requests pass the bounds.
func TestLargeRequestsPass(t *testing.T) {
	r := start(t, answer("x"), nil)
	schema, err := structpb.NewStruct(map[string]any{"type": "object", "enum": slices.Repeat([]any{"a"}, 20_000)})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*completionv1.CompletionParams){
		"many messages": func(p *completionv1.CompletionParams) { p.Messages = slices.Repeat(p.GetMessages(), 2048) },
		"many parts": func(p *completionv1.CompletionParams) {
			part := &completionv1.ContentPart{Part: &completionv1.ContentPart_Text{Text: "a"}}
			p.Messages[0].Content = &completionv1.ChatMessage_Parts{Parts: &completionv1.ContentParts{Parts: slices.Repeat([]*completionv1.ContentPart{part}, 20_000)}}
		},
		"a long text": func(p *completionv1.CompletionParams) {
			p.Messages[0].Content = &completionv1.ChatMessage_Text{Text: strings.Repeat("long ", 2<<20)}
		},
		"a large schema": func(p *completionv1.CompletionParams) {
			p.ResponseFormat = &completionv1.ResponseFormat{Format: &completionv1.ResponseFormat_JsonSchema{
				JsonSchema: &completionv1.JsonSchemaFormat{Name: "large", Schema: schema},
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			params := hello()
			change(params)
			_, err := r.client.CreateCompletion(t.Context(), &completionv1.CreateCompletionRequest{Params: params})
			if err != nil && status.Code(err) != codes.InvalidArgument || strings.Contains(status.Convert(err).Message(), "too many") {
				t.Errorf("error = %v", err)
			}
		})
	}
}

// TestHealthReadsUnknownFields checks that gRPC's own services decode their requests as usual.
func TestHealthReadsUnknownFields(t *testing.T) {
	r := start(t, answer("x"), nil)
	data, err := proto.Marshal(&grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	data = append(data, field(99, []byte("from later"))...)
	err = r.conn.Invoke(context.Background(), grpc_health_v1.Health_Check_FullMethodName, data, new([]byte), grpc.ForceCodecV2(byHand{}))
	if err != nil {
		t.Error(err)
	}
}

// TestMissesLeaveTheirTurn checks that a read that finds nothing releases its turn before it delays its answer.
func TestMissesLeaveTheirTurn(t *testing.T) {
	r := start(t, answer("x"), nil)
	done, err := r.client.CreateCompletion(t.Context(), &completionv1.CreateCompletionRequest{Params: hello()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var calls sync.WaitGroup
	for range 40 * maxReads {
		calls.Go(func() {
			_, err := r.client.GetCompletion(ctx, &completionv1.GetCompletionRequest{CompletionId: "chatcmpl-none"})
			if status.Code(err) != codes.NotFound {
				t.Errorf("one that is not there: %v", err)
			}
		})
		calls.Go(func() {
			if _, err := r.client.GetCompletion(ctx, &completionv1.GetCompletionRequest{CompletionId: done.GetCompletion().GetId()}); err != nil {
				t.Errorf("one that is there: %v", err)
			}
		})
	}
	calls.Wait()
}
