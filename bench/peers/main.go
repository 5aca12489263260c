// Command peers serves the same completion service with alternatives that a Go team might write:
//
//   - gateway: grpc-gateway's stream forwarding with a marshaler that makes Server-Sent
//     Events of its messages;
//   - naive: receive, protojson, Fprintf, flush.
//
// Neither has OpenAI's JSON, resumption, heartbeats or deadlines, so they do less work per event than an
// OpenAI-compatible edge must.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	listen := flag.String("listen", "127.0.0.1:0", "address of the HTTP API")
	address := flag.String("completion-addr", "", "address of the completion service")
	kind := flag.String("kind", "gateway", "gateway or naive")
	flag.Parse()
	conn, err := grpc.NewClient(*address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // the process is ending
	client := completionv1.NewCompletionServiceClient(conn)
	handler := naive(client)
	if *kind == "gateway" {
		if handler, err = gateway(client); err != nil {
			return err
		}
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", *listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	fmt.Printf("ready http=%s\n", listener.Addr())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err = <-failed:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// request reads the part of OpenAI's JSON that the load tool sends.
func request(r *http.Request) (*completionv1.StreamCompletionRequest, error) {
	var body struct {
		Model    string `json:"model"`
		Words    *int32 `json:"max_completion_tokens"`
		Seed     *int64 `json:"seed"`
		Messages []struct {
			Content string `json:"content"`
		} `json:"messages"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	return &completionv1.StreamCompletionRequest{Params: &completionv1.CompletionParams{
		Model: body.Model, MaxCompletionTokens: body.Words, Seed: body.Seed,
	}}, nil
}

func naive(client completionv1.CompletionServiceClient) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, err := request(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		stream, err := client.StreamCompletion(r.Context(), req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			event, err := stream.Recv()
			if err != nil {
				return
			}
			text, err := protojson.Marshal(event)
			if err != nil {
				return
			}
			if _, err := fmt.Fprintf(w, "data: %s\n\n", text); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	})
}

func gateway(client completionv1.CompletionServiceClient) (http.Handler, error) {
	marshaler := &events{}
	mux := runtime.NewServeMux(runtime.WithMarshalerOption(runtime.MIMEWildcard, marshaler))
	return mux, mux.HandlePath(http.MethodPost, "/v1/chat/completions", func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
		req, err := request(r)
		if err != nil {
			runtime.HTTPError(r.Context(), mux, marshaler, w, r, err)
			return
		}
		ctx, err := runtime.AnnotateContext(r.Context(), mux, r, completionv1.CompletionService_StreamCompletion_FullMethodName)
		if err != nil {
			runtime.HTTPError(r.Context(), mux, marshaler, w, r, err)
			return
		}
		stream, err := client.StreamCompletion(ctx, req)
		var header metadata.MD
		if err == nil {
			header, err = stream.Header() // as generated code does
		}
		if err != nil {
			runtime.HTTPError(ctx, mux, marshaler, w, r, err)
			return
		}
		ctx = runtime.NewServerMetadataContext(ctx, runtime.ServerMetadata{HeaderMD: header})
		runtime.ForwardResponseStream(ctx, mux, marshaler, w, r, func() (proto.Message, error) { return stream.Recv() })
	})
}

// events marshals grpc-gateway's streams as Server-Sent Events.
type events struct{ runtime.JSONPb }

// ContentType implements runtime.Marshaler.
func (*events) ContentType(any) string { return "text/event-stream" }

// Delimiter implements runtime.Delimited.
func (*events) Delimiter() []byte { return []byte("\n\n") }

// Marshal implements runtime.Marshaler.
func (e *events) Marshal(v any) ([]byte, error) {
	if result, ok := v.(map[string]any); ok {
		v = result["result"]
	}
	text, err := e.JSONPb.Marshal(v)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString("data: ")
	b.Write(text)
	return b.Bytes(), nil
}
