package resume

import (
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/sse"
)

// TestKillEverything kills and restarts standalone.
func TestKillEverything(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{"--grpc-listen=127.0.0.1:0", "--data-dir=" + dir, "--advisor-pace=200"}
	first := rig.Start(t, "standalone", append(args, "--listen=127.0.0.1:0")...)
	url := "http://" + first.Addr("http")
	f := &api.Follower{T: t}
	d := f.Ask(url)
	f.Read(d, api.KillAfter)
	first.Kill()
	f.Read(d, 0) // what was already received
	rig.Start(t, "standalone", append(args, "--listen="+first.Addr("http"))...)
	if !f.Read(f.GoOn(url), 0) {
		t.Fatalf("ended after %d events", len(f.Got))
	}
	f.Check(api.FullAnswer(t, url))
}

// TestKillOneOfTwo kills the process that generates while another one runs: clients keep their connections. Then it
// kills the edge.
func TestKillOneOfTwo(t *testing.T) {
	t.Parallel()
	nats := "--nats-url=" + rig.NATS(t).ClientURL()
	doomed := rig.Start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=100", nats)
	survivor := rig.Start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=100", nats)
	first := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+doomed.Addr("grpc"))
	second := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+doomed.Addr("grpc")+","+survivor.Addr("grpc"))
	url := "http://" + second.Addr("http")

	// The first edge's completions are all on the doomed process. The second edge follows them.
	const streams = 5
	followers := make([]*api.Follower, streams)
	decoders := make([]*sse.Decoder, streams)
	for i := range followers {
		followers[i] = &api.Follower{T: t}
		d := followers[i].Ask("http://" + first.Addr("http"))
		followers[i].Read(d, api.KillAfter)
		decoders[i] = followers[i].GoOn(url)
	}
	doomed.Kill()
	half := api.KillAfter + 40
	for i, f := range followers {
		if f.Read(decoders[i], half); len(f.Got) < half {
			t.Fatalf("stream %d ended after %d events", i, len(f.Got))
		}
	}
	second.Kill()
	third := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+survivor.Addr("grpc"))
	url = "http://" + third.Addr("http")
	want := api.FullAnswer(t, url)
	for i, f := range followers {
		f.Read(decoders[i], 0)
		if f.Got[len(f.Got)-1].Data != "[DONE]" && !f.Read(f.GoOn(url), 0) {
			t.Fatalf("stream %d ended after %d events", i, len(f.Got))
		}
		f.Check(want)
	}
}
