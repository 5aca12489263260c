package ask

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/internal/header"
	"github.com/pawstream/pawstream/internal/skip"
)

// asChild is the variable that turns the test binary into ask. Its value is the edge's URL.
const asChild = "PAWSTREAM_TEST_ASK"

func TestMain(m *testing.M) {
	url := os.Getenv(asChild) //nolint:forbidigo // this is a main, too
	if url == "" {
		os.Exit(m.Run()) //nolint:forbidigo // as above
	}
	a := &Ask{Question: os.Args[1:], Model: "m", API: "chat", Client: Client{URL: url, GiveUpAfter: time.Minute, NoColor: os.Getenv("NO_COLOR")}} //nolint:forbidigo // as above
	if err := a.Run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ask:", err)
		os.Exit(1) //nolint:forbidigo // as above
	}
}

// A pane is a tmux terminal in which ask runs.
type pane struct {
	t      *testing.T
	socket string
	seen   int
}

// inTmux starts ask in a terminal of 40 columns.
func inTmux(t *testing.T, url string, question ...string) *pane {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		skip.Missing(t, "tmux, which Debian's package of that name has", err)
	}
	p := &pane{t: t, socket: filepath.Join(t.TempDir(), "tmux")}
	command := append([]string{"env", asChild + "=" + url, os.Args[0]}, question...)
	for i, word := range command {
		command[i] = "'" + word + "'"
	}
	// Its output stays visible after it has ended.
	p.tmux("-f", "/dev/null", "new-session", "-d", "-x", "40", "-y", "24", strings.Join(command, " ")+"; echo \"ended $?\"; sleep 600")
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", p.socket, "kill-server").Run() })
	return p
}

func (p *pane) tmux(args ...string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "tmux", append([]string{"-S", p.socket}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TERM=xterm-256color")
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("tmux %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// text returns the visible text, without trailing spaces and lines.
func (p *pane) text() string {
	lines := strings.Split(p.tmux("capture-pane", "-p"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// shows waits until want is visible, and returns the visible text. It keeps the screen with its colours among the
// test's artifacts, for people to look at by cat.
func (p *pane) shows(want string) string {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		got := p.text()
		if strings.Contains(got, want) {
			p.seen++
			name := filepath.Join(p.t.ArtifactDir(), fmt.Sprintf("screen-%d.txt", p.seen))
			if err := os.WriteFile(name, []byte(p.tmux("capture-pane", "-p", "-e")), 0o600); err != nil {
				p.t.Fatal(err)
			}
			return got
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%q is not to be seen:\n%s", want, got)
		}
		<-time.After(50 * time.Millisecond)
	}
}

// A scene is an edge whose answers the test controls.
type scene struct {
	*httptest.Server
	pieces chan string // "": the end

	mu    sync.Mutex
	asked []string // request bodies, paths of cancellations, and the cursors of resumed streams
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{pieces: make(chan string)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.CloseClientConnections)
	return s
}

// ServeHTTP implements http.Handler.
func (s *scene) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, string(body))
	if strings.HasSuffix(r.URL.Path, "/cancel") {
		s.asked[len(s.asked)-1] = r.URL.Path
	}
	n := 0
	if after := r.Header.Get(header.LastEventID); after != "" {
		s.asked[len(s.asked)-1] = "after " + after
		_, _ = fmt.Sscanf(after, "c1.%d", &n)
		n++
	}
	s.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/cancel") {
		_, _ = io.WriteString(w, "{}")
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set(id, "c1")
	_ = http.NewResponseController(w).Flush()
	for ; ; n++ {
		select {
		case text := <-s.pieces:
			if text == "" {
				_, _ = fmt.Fprintf(w, "data: [DONE]\nid: c1.%d\n\n", n)
				return
			}
			_, _ = fmt.Fprintf(w, "data: {\"id\":\"c1\",\"choices\":[{\"delta\":{\"content\":%q}}]}\nid: c1.%d\n\n", text, n)
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// leave cuts all connections, and refuses new ones until back is called.
func (s *scene) leave(t *testing.T) (back func()) {
	t.Helper()
	_ = s.Listener.Close()
	s.CloseClientConnections()
	return func() {
		t.Helper()
		again, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = again.Close() })
		go func() { _ = s.Config.Serve(again) }() // until Close
	}
}

func (s *scene) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

// TestOnTerminal asks one question on a terminal: a spinner shows until the first word, Markdown is painted,
// and no word is broken.
func TestOnTerminal(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p := inTmux(t, s.URL, "Cats?")
	p.shows("waiting")
	s.pieces <- "Yes, **Olive**, a cat who likes quiet homes and long afternoons.\n\n- she is **calm**\n"
	s.pieces <- "- | no table\n"
	s.pieces <- "\nThat is `all`."
	s.pieces <- ""
	got := p.shows("ended 0")
	const want = `Yes, Olive, a cat who likes quiet homes
and long afternoons.

• she is calm
• | no table

That is all.
ended 0`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is to be seen (-want +got)\n%s", diff)
	}
	if styled := p.tmux("capture-pane", "-p", "-e"); !strings.Contains(styled, "\x1b[1mOlive") || !strings.Contains(styled, "\x1b[36mall") {
		t.Errorf("Olive is not bold, or all is no code:\n%q", styled)
	}
}

// TestConversation asks twice: the second request contains the conversation so far. Ctrl-C stops only the
// answer, the arrow key recalls the previous question, and Ctrl-D ends. A notice within a line of the answer
// gets its own line.
func TestConversation(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p := inTmux(t, s.URL)
	p.shows("Ctrl-D ends.\n>")
	p.tmux("send-keys", "Cats?", "Enter")
	p.shows("waiting")
	s.pieces <- "Olive."
	s.pieces <- ""
	p.shows("Olive.\n\n>")
	p.tmux("send-keys", "Her age?", "Enter")
	p.shows("waiting")
	s.pieces <- "She is three and "
	p.shows("three and")
	back := s.leave(t)
	if got := p.shows("trying again"); !regexp.MustCompile(`She is three and\nnothing answers at( |\n)http://[0-9.:]+( |\n)\(dial( |\n)tcp`).MatchString(got) {
		t.Errorf("a note is broken within words:\n%s", got)
	}
	back()
	s.pieces <- "a half, and "
	p.shows("1m0s\na half, and")
	p.tmux("send-keys", "C-c")
	p.shows("cancelled\n\n>")
	p.tmux("send-keys", "Up", "Enter")
	s.pieces <- "Three."
	s.pieces <- ""
	p.shows("Three.\n\n>")
	p.tmux("send-keys", "C-d")
	p.shows("ended 0")
	want := []string{
		`{"messages":[{"content":"Cats?","role":"user"}],"model":"m","stream":true}`,
		`{"messages":[{"content":"Cats?","role":"user"},{"content":"Olive.","role":"assistant"},{"content":"Her age?","role":"user"}],"model":"m","stream":true}`,
		"after c1.0",
		"/v1/chat/completions/c1/cancel",
		`{"messages":[{"content":"Cats?","role":"user"},{"content":"Olive.","role":"assistant"},{"content":"Her age?","role":"user"},` +
			`{"content":"She is three and a half, and ","role":"assistant"},{"content":"Her age?","role":"user"}],"model":"m","stream":true}`,
	}
	if diff := cmp.Diff(want, s.requests()); diff != "" {
		t.Errorf("what was asked (-want +got)\n%s", diff)
	}
}
