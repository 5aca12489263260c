package pages

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pawstream/pawstream/e2e/internal/browser"
)

// TestFrames kills the server in the middle of an answer, and compares the drawer with the wire: each event with its
// id, each heartbeat, and how the page resumed.
func TestFrames(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	// Slower than the heartbeat at first, so there are heartbeats between events.
	args := []string{"--data-dir=" + data, "--heartbeat=40ms"}
	server := serve(t, append(args, "--advisor-pace=15")...)
	wire := record(t, server.Addr("http"))
	c := open(t)
	c.Go(wire.URL)
	c.Wait(`document.querySelector("#model:enabled")`)
	c.pick(t, "pet-advisor-turbo")
	mouse(t, c, "Frames")
	mouse(t, c, "Your question")
	c.Press("Which calm cats do you have?")
	c.Enter()
	// Frames appear as they arrive, long before the end.
	c.Wait(`[...document.querySelectorAll("#frames .tag")].some((e) => e.textContent === "message #6")`)
	server.Kill()
	c.state("Reconnecting")
	c.lookAt(t, "reconnecting", widths...)
	serve(t, append(args, "--advisor-pace=200", "--listen="+server.Addr("http"))...)
	c.ends("done")
	c.Wait(`document.querySelector("#frames li:last-child .tag").textContent.startsWith("done")`)
	shown := browser.Eval[[]frame](c.Page, `[...document.querySelectorAll("#frames li")].map((e) =>
		({ Kind: e.querySelector(".tag").textContent, Text: e.querySelector("pre").textContent }))`)

	passed := slices.DeleteFunc(wire.passed(), func(e *exchange) bool { return e.Status != 200 }) // without the proxy's own answers while no server ran
	if len(passed) != 2 {
		t.Fatalf("%d streams", len(passed))
	}
	cutAt := passed[1].LastEventID
	heartbeats := 0
	isClient := func(f frame) bool { return f.Kind == "client" }
	// The page may have received less than what passed right before the cut.
	end := slices.IndexFunc(shown, func(f frame) bool { return isClient(f) && strings.HasPrefix(f.Text, "connection lost: ") })
	last := slices.IndexFunc(shown, func(f frame) bool { return strings.HasSuffix(f.Text, "\nid: "+cutAt) })
	if cutAt == "" || last < 0 || last > end {
		t.Fatalf("went on after %q, which stands at %d, and the connection was lost at %d", cutAt, last, end)
	}
	want := passed[0].frames()
	want = want[:1+slices.IndexFunc(want, func(f frame) bool { return strings.HasSuffix(f.Text, "\nid: "+cutAt) })]
	if diff := cmp.Diff(want, slices.DeleteFunc(slices.Clone(shown[:last+1]), isClient)); diff != "" {
		t.Errorf("before the cut (-passed +shown)\n%s", diff)
	}
	after := slices.DeleteFunc(slices.Clone(shown[end:]), isClient)
	if diff := cmp.Diff(passed[1].frames(), after); diff != "" {
		t.Errorf("after the cut (-passed +shown)\n%s", diff)
	}
	for _, f := range shown[:end] {
		if f.Kind == "heartbeat" {
			heartbeats++
		}
	}
	if heartbeats == 0 {
		t.Error("no heartbeats")
	}
	if begin := shown[0]; !isClient(begin) || !strings.HasPrefix(begin.Text, "POST /v1/chat/completions  Idempotency-Key: ") {
		t.Errorf("it begins with %v", begin)
	}
	id, _, _ := strings.Cut(cutAt, ".")
	if resume := (frame{"client", "GET /v1/chat/completions/" + id + "  Last-Event-ID: " + cutAt}); !slices.Contains(shown[end:], resume) {
		t.Errorf("no %v among %v", resume, slices.DeleteFunc(slices.Clone(shown[end:]), func(f frame) bool { return !isClient(f) }))
	}
	count := browser.Eval[string](c.Page, `document.querySelector("#frames").childElementCount + " " + document.querySelector("#frame-count").textContent`)
	if before, after, _ := strings.Cut(count, " "); before != after {
		t.Errorf("of %s frames there are %s", after, before)
	}
}
