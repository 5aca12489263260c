package stream

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	openai "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/responses"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/sse"
)

func responseParams() responses.ResponseNewParams {
	return responses.ResponseNewParams{
		Model: api.Model, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(api.Question)},
	}
}

// A responseSum adds up the stream of a response.
type responseSum struct {
	ID, Text, Last string
	Numbers        []int64
	Whole          responses.Response
}

func sumResponse(t *testing.T, stream *ssestream.Stream[responses.ResponseStreamEventUnion]) (sum responseSum) {
	t.Helper()
	for stream.Next() {
		e := stream.Current()
		sum.Last = e.Type
		if e.Type != "keepalive" {
			sum.Numbers = append(sum.Numbers, e.SequenceNumber)
		}
		switch e.Type {
		case "response.created":
			sum.ID = e.Response.ID
		case "response.output_text.delta":
			sum.Text += e.Delta
		case "response.completed", "response.incomplete", "response.failed":
			sum.Whole = e.Response
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestResponsesOpenAIGo uses OpenAI's own Go client.
func TestResponsesOpenAIGo(t *testing.T) {
	t.Parallel()
	client := openaiGo(rig.Steady(t).URL())
	sum := sumResponse(t, client.Responses.NewStreaming(t.Context(), responseParams()))
	t.Run("stream", func(t *testing.T) {
		for i, n := range sum.Numbers {
			if int64(i) != n {
				t.Fatalf("event %d has the number %d", i, n)
			}
		}
		if sum.Last != "response.completed" || sum.Text == "" || sum.Whole.OutputText() != sum.Text || sum.Whole.Usage.TotalTokens == 0 {
			t.Errorf("the last event is %s, of %q", sum.Last, sum.Whole.OutputText())
		}
	})
	t.Run("whole", func(t *testing.T) {
		r, err := client.Responses.New(t.Context(), responseParams())
		if err != nil || r.OutputText() != sum.Text || r.Status != responses.ResponseStatusCompleted {
			t.Errorf("%v, %+v", err, r)
		}
	})
	t.Run("retrieve", func(t *testing.T) {
		r, err := client.Responses.Get(t.Context(), sum.ID, responses.ResponseGetParams{})
		if err != nil || r.OutputText() != sum.Text {
			t.Fatalf("%v, %+v", err, r)
		}
		last := int64(len(sum.Numbers) - 1)
		for _, after := range []int64{0, 5, last / 2, last - 1, last} {
			rest := sumResponse(t, client.Responses.GetStreaming(t.Context(), sum.ID, responses.ResponseGetParams{StartingAfter: openai.Int(after)}))
			if diff := cmp.Diff(sum.Numbers[after+1:], rest.Numbers); diff != "" && after < last || !strings.HasSuffix(sum.Text, rest.Text) {
				t.Errorf("after %d (-want +got):\n%s", after, diff)
			}
		}
		stream := client.Responses.GetStreaming(t.Context(), sum.ID, responses.ResponseGetParams{StartingAfter: openai.Int(last + 1)})
		var told *openai.Error
		if stream.Next() || !errors.As(stream.Err(), &told) || told.Code != "invalid_cursor" {
			t.Errorf("ahead of the end: %v", stream.Err())
		}
	})
	t.Run("background", func(t *testing.T) {
		params := responseParams()
		params.Background = openai.Bool(true)
		r, err := client.Responses.New(t.Context(), params)
		if err != nil || r.Status != responses.ResponseStatusQueued && r.Status != responses.ResponseStatusInProgress {
			t.Fatalf("%v, %+v", err, r)
		}
		rig.Eventually(t, 20*time.Second, func() error {
			if r, err = client.Responses.Get(t.Context(), r.ID, responses.ResponseGetParams{}); err != nil || r.Status == responses.ResponseStatusCompleted {
				return err
			}
			return rig.ErrNotYet
		})
		if r.OutputText() != sum.Text {
			t.Errorf("%q", r.OutputText())
		}
	})
	t.Run("cancel", func(t *testing.T) {
		params := responseParams()
		params.Background = openai.Bool(true)
		r, err := client.Responses.New(t.Context(), params)
		if err == nil {
			r, err = client.Responses.Cancel(t.Context(), r.ID)
		}
		if err != nil || r.Status != responses.ResponseStatusCancelled || r.Usage.TotalTokens == 0 {
			t.Errorf("%v, %+v", err, r)
		}
	})
	t.Run("previous", func(t *testing.T) {
		params := responseParams()
		params.PreviousResponseID = openai.String(sum.ID)
		r, err := client.Responses.New(t.Context(), params)
		if err != nil {
			t.Fatal(err)
		}
		page, err := client.Responses.InputItems.List(t.Context(), r.ID, responses.InputItemListParams{})
		if err != nil || len(page.Data) != 3 {
			t.Errorf("%v, %+v", err, page)
		}
	})
	t.Run("the other API", func(t *testing.T) {
		chat := strings.Replace(sum.ID, "resp_", "chatcmpl-", 1)
		c, err := client.Chat.Completions.Get(t.Context(), chat)
		if err != nil || c.Choices[0].Message.Content != sum.Text {
			t.Fatalf("%v, %+v", err, c)
		}
		if _, err := client.Chat.Completions.Delete(t.Context(), chat); err != nil {
			t.Fatal(err)
		}
		var told *openai.Error
		if _, err := client.Responses.Get(t.Context(), sum.ID, responses.ResponseGetParams{}); !errors.As(err, &told) || told.StatusCode != http.StatusNotFound {
			t.Errorf("deleted there, it is %v", err)
		}
	})
}

// responseFrames reads frames of a response's stream until its end, a cut, or most frames; 0: no limit.
func responseFrames(t *testing.T, d *sse.Decoder, most int) (all []sse.Event) {
	t.Helper()
	for most == 0 || len(all) < most {
		e, err := d.Next()
		if err != nil {
			break
		}
		if e.Name.String() != "keepalive" {
			all = append(all, e)
		}
	}
	return all
}

// TestResponsesSurviveKill kills the process that generates in the middle of many responses, and then the edge that
// shows them. Clients that continue after their last number get every frame once, and two edges show the same bytes.
func TestResponsesSurviveKill(t *testing.T) {
	t.Parallel()
	nats := "--nats-url=" + rig.NATS(t).ClientURL()
	doomed := rig.Start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=100", nats)
	survivor := rig.Start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=100", nats)
	first := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+doomed.Addr("grpc"))
	second := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+doomed.Addr("grpc")+","+survivor.Addr("grpc"))
	third := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+survivor.Addr("grpc"))

	const streams = 100
	type reader struct {
		id  string
		got []sse.Event
		in  *sse.Decoder
	}
	follow := func(edge string, id string, last int) *sse.Decoder {
		var resp *http.Response
		rig.Eventually(t, 20*time.Second, func() (err error) {
			url := edge + "/v1/responses/" + id + "?stream=true"
			if last >= 0 {
				url += "&starting_after=" + api.JSONOf(last)
			}
			if resp, err = api.Plain.Do(api.Request(t, http.MethodGet, url, "")); err != nil {
				return errors.Join(rig.ErrNotYet, err)
			}
			return nil
		})
		t.Cleanup(func() { _ = resp.Body.Close() })
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("status %d", resp.StatusCode)
		}
		return sse.NewDecoder(resp.Body)
	}
	readers := make([]*reader, streams)
	body := api.JSONOf(api.Object{"model": api.Model, "input": api.Question, "stream": true})
	for i := range readers {
		resp := api.Send(t, api.Request(t, http.MethodPost, "http://"+first.Addr("http")+"/v1/responses", body))
		r := &reader{id: resp.Header.Get("X-Completion-Id"), got: responseFrames(t, sse.NewDecoder(resp.Body), api.KillAfter)}
		r.in = follow("http://"+second.Addr("http"), r.id, len(r.got)-1)
		readers[i] = r
	}
	doomed.Kill()
	for _, r := range readers {
		r.got = append(r.got, responseFrames(t, r.in, 30)...)
	}
	second.Kill()
	url := "http://" + third.Addr("http")
	for i, r := range readers {
		r.got = append(r.got, responseFrames(t, r.in, 0)...)
		if name := r.got[len(r.got)-1].Name.String(); name != "response.completed" {
			r.got = append(r.got, responseFrames(t, follow(url, r.id, len(r.got)-1), 0)...)
		}
		for n, e := range r.got {
			var data struct {
				Number int `json:"sequence_number"`
			}
			if err := json.Unmarshal([]byte(e.Data), &data); err != nil || data.Number != n {
				t.Fatalf("stream %d: frame %d has the number %d, %v", i, n, data.Number, err)
			}
		}
		if diff := cmp.Diff(responseFrames(t, follow(url, r.id, -1), 0), r.got, api.CmpEvents); diff != "" {
			t.Errorf("stream %d, from its start (-whole +pieces):\n%s", i, diff)
		}
	}
}

// TestResponsesNode uses the Node clients for this API.
func TestResponsesNode(t *testing.T) {
	t.Parallel()
	dir, command := node(t, "responses.mjs")
	got, _ := runScript(t, dir, command, nil)
	text := api.FullAnswer(t, rig.Steady(t).URL()).Text
	got.has(t, "openai stream", api.Object{"text": text, "dense": true, "end": "response.completed", "whole": true, "usage": true})
	got.has(t, "openai helper", api.Object{"text": text, "status": "completed"})
	got.has(t, "openai retrieve", api.Object{"first": 21, "rest": true, "left": 0, "ahead": "invalid_cursor", "text": text})
	got.has(t, "openai background", api.Object{"begun": true, "status": "completed", "text": text})
	got.has(t, "openai cancel", api.Object{"status": "cancelled", "deleted": true, "code": "completion_not_found"})
	got.has(t, "openai refused", api.Object{
		"tool":     []any{http.StatusBadRequest, "unsupported_parameter", "tools[0].type"},
		"previous": []any{http.StatusNotFound, "previous_response_not_found", "previous_response_id"},
	})
	got.has(t, "ai", api.Object{"text": text, "whole": text, "reason": "stop"})
	got.has(t, "agents", api.Object{"text": text, "whole": text})
}
