package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/internal/skip"
)

// tiny returns the flags of a run that takes moments.
func tiny(t *testing.T, scenario, contender string) *flags {
	return &flags{
		Scenario: strings.Split(scenario, ","), Contender: strings.Split(contender, ","),
		Rounds: 1, Window: 200 * time.Millisecond, Settle: 100 * time.Millisecond, Calm: 100 * time.Millisecond, Part: 0.02,
		Programs: programs(t), Out: t.TempDir(), Portkey: t.TempDir(),
	}
}

func benchmark(t *testing.T, f *flags) (output string, results report) {
	t.Helper()
	var stdout bytes.Buffer
	if err := run(t.Context(), f, &stdout); err != nil {
		t.Fatalf("%v\n%s", err, &stdout)
	}
	text, err := os.ReadFile(filepath.Join(f.Out, "results.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &results); err != nil {
		t.Fatal(err)
	}
	return stdout.String(), results
}

// built is the directory of the programs that all tests share.
var built string

func TestMain(m *testing.M) {
	m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
}

func programs(t *testing.T) string {
	t.Helper()
	skip.Long(t, "it builds the programs and the peers, and runs scenarios")
	if built == "" {
		dir, err := os.MkdirTemp("", "pawstream-bench-test-")
		if err != nil {
			t.Fatal(err)
		}
		built = dir
		if err := build(t.Context(), dir); err != nil {
			t.Fatal(err)
		}
	}
	return built
}

// TestSmoke runs each kind of scenario with tiny loads.
func TestSmoke(t *testing.T) {
	f := tiny(t, "paced-128x100,flat-16,idle-1000,first,whole,slow,cancel,upstream-128,upstream-first,followers-100,unary-500,tokens-100", "pawstream,grpc-gateway,direct,service-memory,upstream-memory,portkey")
	output, results := benchmark(t, f)
	for _, name := range []string{"paced-128x100 pawstream", "paced-128x100 grpc-gateway", "flat-16 direct", "idle-1000 pawstream", "first direct", "whole service-memory", "slow pawstream", "cancel pawstream", "upstream-128 upstream-memory", "upstream-first upstream-memory", "upstream-first direct", "followers-100 upstream-memory", "unary-500 upstream-memory", "tokens-100 upstream-memory"} {
		found := false
		for _, r := range results.Results {
			found = found || r.Scenario+" "+r.Contender == name && len(r.Rounds) == 1 && len(r.median()) > 0
		}
		if !found {
			t.Errorf("no result of %s", name)
		}
	}
	if !strings.Contains(output, "portkey is left out: portkey: not installed") {
		t.Errorf("the table does not say that Portkey is not there:\n%s", output)
	}
	plots, err := filepath.Glob(filepath.Join(f.Out, "*.svg"))
	if err != nil || len(plots) < 4 {
		t.Errorf("plots: %v, %v", plots, err)
	}
}

func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := installed("caddy"); err != nil {
		t.Skip(err)
	}
	f := tiny(t, "flat-16", "caddy")
	f.RelayAddr = taken.Addr().String()
	if output, _ := benchmark(t, f); !strings.Contains(output, "caddy is left out: caddy: port in use: "+f.RelayAddr) {
		t.Errorf("the table does not say that the port is in use:\n%s", output)
	}
}

func TestTooFewDescriptors(t *testing.T) {
	f := tiny(t, "idle-10000", "direct")
	f.Part = 1000
	if output, _ := benchmark(t, f); !strings.Contains(output, "direct is left out: too few file descriptors: ") {
		t.Errorf("the table does not say what is missing:\n%s", output)
	}
}

func TestNothingChosen(t *testing.T) {
	if err := run(t.Context(), tiny(t, "none", "*"), new(bytes.Buffer)); err == nil {
		t.Error("no error for a scenario that does not exist")
	}
}
