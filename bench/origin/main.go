// Command origin is the source of the benchmark's events if the generation of answers is not measured. It
// serves the same script over gRPC, as a completion service, and over plain net/http, as prepared Server-Sent
// Events in OpenAI's form. The latter is the floor: no program with Go's server can cost less.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/pawstream/pawstream/bench/internal/script"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/protoname"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "origin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	listen := flag.String("listen", "127.0.0.1:0", "address of the HTTP API")
	flag.Parse()
	o := &origin{created: time.Now().Unix()}
	var lc net.ListenConfig
	inside, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	outside, err := lc.Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	rpc := grpc.NewServer()
	completionv1.RegisterCompletionServiceServer(rpc, o)
	healthy := health.NewServer()
	healthy.SetServingStatus(completionv1.CompletionService_ServiceDesc.ServiceName, healthv1.HealthCheckResponse_SERVING)
	healthv1.RegisterHealthServer(rpc, healthy)

	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", o.complete)
	mux.HandleFunc("GET /ended/{id}", o.endedAt)
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	fmt.Printf("ready grpc=%s http=%s\n", inside.Addr(), outside.Addr())
	failed := make(chan error, 2)
	go func() { failed <- rpc.Serve(inside) }()
	go func() { failed <- web.Serve(outside) }()
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	rpc.Stop()
	if closed := web.Close(); err == nil {
		err = closed
	}
	return err
}

type origin struct {
	completionv1.UnimplementedCompletionServiceServer
	created int64
	count   atomic.Uint64
	ended   sync.Map // id -> Unix nanoseconds at which its stream's context ended early
}

// newID returns an id with the length of real ones.
func (o *origin) newID() string { return fmt.Sprintf("chatcmpl-%026d", o.count.Add(1)) }

// StreamCompletion implements completionv1.CompletionServiceServer.
func (o *origin) StreamCompletion(req *completionv1.StreamCompletionRequest, out grpc.ServerStreamingServer[completionv1.CompletionEvent]) error {
	s := script.Parse(int64(req.GetParams().GetMaxCompletionTokens()), req.GetParams().GetSeed())
	id := o.newID()
	if err := out.SendHeader(metadata.Pairs(protoname.Of(completionv1.MetadataKey_METADATA_KEY_COMPLETION_ID), id)); err != nil {
		return err
	}
	err := pace(out.Context(), s, func(sequence int) error {
		e := s.Event(sequence)
		if sequence == 0 {
			e.Metadata = &completionv1.CompletionMetadata{Id: id, Created: o.created, Model: "pet-advisor-1"}
		}
		return out.Send(e)
	})
	if out.Context().Err() != nil {
		o.ended.Store(id, time.Now().UnixNano())
	}
	return err
}

// pace calls send for each event when it is due.
func pace(ctx context.Context, s script.Script, send func(sequence int) error) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	due := time.Now()
	for sequence := range s.Events() {
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := send(sequence); err != nil {
			return err
		}
		due = due.Add(s.Gap)
	}
	return nil
}

// complete answers in the form of OpenAI's API.
func (o *origin) complete(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Words   int64 `json:"max_completion_tokens"`
		Seed    int64 `json:"seed"`
		Stream  bool  `json:"stream"`
		Options struct {
			Usage bool `json:"include_usage"`
		} `json:"stream_options"`
	}
	text, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(text, &body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s := script.Parse(body.Words, body.Seed)
	a := answer{Script: s, id: o.newID(), created: o.created, usage: fmt.Sprintf(`{"prompt_tokens":20,"completion_tokens":%[1]d,"total_tokens":%[1]d}`, s.Words)}
	if !body.Stream {
		w.Header().Set("Content-Type", "application/json")
		_, err = w.Write(a.whole())
	} else {
		err = a.stream(r.Context(), w, body.Options.Usage)
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// An answer is a script that a client of OpenAI's API has requested.
type answer struct {
	script.Script
	id      string
	created int64
	usage   string
}

// whole returns the body of a whole answer.
func (a *answer) whole() []byte {
	return fmt.Appendf(nil, `{"id":%q,"object":"chat.completion","created":%d,"model":"pet-advisor-1","choices":[{"index":0,"message":`+
		`{"role":"assistant","content":%q,"refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":%s}`, a.id, a.created, a.Text(), a.usage)
}

// stream writes the prepared frames, with the answer's id.
func (a *answer) stream(ctx context.Context, w http.ResponseWriter, usage bool) error {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	control := http.NewResponseController(w)
	prefix := `data: {"id":"` + a.id + `","object":"chat.completion.chunk","created":` + strconv.FormatInt(a.created, 10) +
		`,"model":"pet-advisor-1","choices":[{"index":0,"delta":`
	var frame []byte
	return pace(ctx, a.Script, func(sequence int) error {
		frame = frame[:0]
		switch sequence {
		case 0:
			frame = append(append(frame, prefix...), `{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]}`...)
		case a.Words + 1:
			frame = append(append(frame, prefix...), `{},"logprobs":null,"finish_reason":"stop"}]}`...)
		case a.Words + 2:
			if usage {
				frame = append(frame, `data: {"id":"`+a.id+`","object":"chat.completion.chunk","choices":[],"usage":`+a.usage+"}\n\n"...)
			}
			frame = append(frame, "data: [DONE]"...)
		default:
			frame = a.AppendWord(append(append(frame, prefix...), `{"content":"`...), sequence-1)
			frame = append(frame, `"},"logprobs":null,"finish_reason":null}]}`...)
		}
		frame = append(append(frame, "\nid: "...), a.id...)
		frame = strconv.AppendInt(append(frame, '.'), int64(sequence), 10)
		if _, err := w.Write(append(frame, "\n\n"...)); err != nil {
			return err
		}
		return control.Flush()
	})
}

// endedAt answers with the time at which the gRPC stream of a completion was cancelled, in Unix nanoseconds, or
// with 404 before that.
func (o *origin) endedAt(w http.ResponseWriter, r *http.Request) {
	at, known := o.ended.Load(r.PathValue("id"))
	if !known {
		http.NotFound(w, r)
		return
	}
	fmt.Fprintf(w, "%d", at) //nolint:gosec // a number
}
