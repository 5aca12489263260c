package stream

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/sse"
)

// TestDecoders compares our decoder with the parser of most JavaScript clients and with our JavaScript client. All
// must decode our streams alike, wherever they are cut and whichever line ends they have.
func TestDecoders(t *testing.T) {
	t.Parallel()
	streams := recordedStreams(t)
	lines := decodedBy(t, "eventsource-parser.mjs", streams)
	clients := decodedBy(t, "client-sse.mjs", streams)
	for i, s := range streams {
		t.Run(s.name, func(t *testing.T) {
			var theirs struct {
				found
				Differing []int // cuts that change the result
			}
			if err := json.Unmarshal([]byte(lines[i]), &theirs); err != nil {
				t.Fatal(err)
			}
			if len(theirs.Differing) > 0 && !s.uncut {
				t.Errorf("they find something else when it is cut at %v", theirs.Differing)
			}
			ours := find(t, strings.NewReader(s.text))
			if diff := cmp.Diff(theirs.found, ours); diff != "" || len(ours.Events) == 0 {
				t.Errorf("(-theirs +ours)\n%s", diff)
			}
			sameInClient(t, ours, clients[i])
			for at := range len(s.text) {
				pieces := io.MultiReader(strings.NewReader(s.text[:at]), strings.NewReader(s.text[at:]))
				if diff := cmp.Diff(ours, find(t, pieces)); diff != "" {
					t.Fatalf("cut at %d (-whole +cut)\n%s", at, diff)
				}
			}
		})
	}
}

// decodedBy decodes streams with a script of e2e/node, and returns one line of JSON for each.
func decodedBy(t *testing.T, script string, streams []recordedStream) []string {
	t.Helper()
	dir, command := node(t, script)
	var input, stderr bytes.Buffer
	for _, s := range streams {
		input.WriteString(base64.StdEncoding.EncodeToString([]byte(s.text)) + "\n")
	}
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, &input, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(streams) {
		t.Fatalf("%d results of %d streams: %s", len(lines), len(streams), out)
	}
	return lines
}

// sameInClient compares the events of our JavaScript client, which names them like an EventSource.
func sameInClient(t *testing.T, ours found, line string) {
	t.Helper()
	var theirs struct {
		Events    [][3]string
		Differing []int
	}
	if err := json.Unmarshal([]byte(line), &theirs); err != nil {
		t.Fatal(err)
	}
	var want [][3]string
	for _, e := range ours.Events {
		if e[1] == "" {
			e[1] = "message"
		}
		want = append(want, e)
	}
	if diff := cmp.Diff(want, theirs.Events); diff != "" || len(theirs.Differing) > 0 {
		t.Errorf("cut at %v clients/js finds something else (-ours +theirs)\n%s", theirs.Differing, diff)
	}
}

// found is the content of a stream. An event is its id, name and data.
type found struct {
	Events   [][3]string
	Comments []string
	Retries  []int64
}

func find(t *testing.T, r io.Reader) found {
	t.Helper()
	f := found{Comments: []string{}, Retries: []int64{}}
	decoder := sse.NewDecoder(r)
	decoder.OnComment = func(text string) { f.Comments = append(f.Comments, text) }
	for e, err := range decoder.Events() {
		if err != nil {
			t.Fatal(err)
		}
		f.Events = append(f.Events, [3]string{e.ID.String(), e.Name.String(), e.Data})
		if e.Retry > 0 {
			f.Retries = append(f.Retries, e.Retry.Milliseconds())
		}
	}
	return f
}

type recordedStream struct {
	name, text string
	// uncut means that the parser is right only if the stream is not cut: it fails on a CR at the end of a piece,
	// which we never send.
	uncut bool
}

// recordedStreams returns our streams of every kind, also with other line ends.
func recordedStreams(t *testing.T) []recordedStream {
	t.Helper()
	few := api.Object{"max_tokens": 4}
	slow := rig.Own(t, stack.Options{Pace: 0.9, Edge: []string{"--heartbeat=400ms"}})
	plain := api.Record(t, rig.Fast(t).URL(), few).Raw
	streams := []recordedStream{
		{"plain", plain, false},
		{"named events", api.Record(t, rig.Fast(t).URL(), api.Object{"max_tokens": 3, "stream_options": api.Object{"include_events": true}}).Raw, false},
		{"heartbeats", string(api.Post(t, slow.URL(), api.Streamed(api.Object{"max_tokens": 2})).Body), false},
		{"error", string(cancelledStream(t)), false},
		{"characters of several bytes", strings.ReplaceAll(plain, "adopt", "Kätzchen 🐈 猫"), false},
		{"cut off", plain[:len(plain)-1], false},
	}
	for _, s := range streams[:4] {
		// A CR may be half of a CRLF. Decoders wait for what follows, here an unfinished line.
		streams = append(streams,
			recordedStream{s.name + ", CRLF", strings.ReplaceAll(s.text, "\n", "\r\n"), false},
			recordedStream{s.name + ", CR", strings.ReplaceAll(s.text, "\n", "\r") + "x", true},
			recordedStream{s.name + ", CRLF and LF", strings.ReplaceAll(s.text, "\n\n", "\r\n\n"), false},
		)
	}
	return streams
}

// cancelledStream returns a stream that ends with an error.
func cancelledStream(t *testing.T) []byte {
	t.Helper()
	url := rig.Steady(t).URL()
	resp := api.Send(t, api.Request(t, "POST", url+"/v1/chat/completions", api.Streamed(api.Object{"max_tokens": nil})))
	api.Cancel(t, url, resp.Header.Get("X-Completion-Id"))
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
