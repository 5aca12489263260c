package jetlog

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pawstream/pawstream/internal/skip"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/jetio"
	"github.com/pawstream/pawstream/services/completion/internal/logtest"
)

func TestLogOnAServerProcessKeepsTheContract(t *testing.T) {
	t.Parallel()
	p := startProcess(t, buildNATS(t), "-a", "127.0.0.1", "-p", "-1", "-c", roomy(t, t.TempDir()))
	l := open(t, Config{NATS: at(p.url)})
	logtest.Run(t, func(*testing.T) chat.Log { return l })
}

// startCluster starts a cluster of three servers: n0, n1 and n2.
func startCluster(t *testing.T) (servers map[string]*natsProcess, urls string) {
	t.Helper()
	binary, dir := buildNATS(t), t.TempDir()
	ports := freePorts(t, 3)
	var routes []string
	for _, port := range ports {
		routes = append(routes, fmt.Sprint("nats://127.0.0.1:", port))
	}
	servers = make(map[string]*natsProcess)
	var all []string
	for i := range ports {
		name := fmt.Sprint("n", i)
		servers[name] = startProcess(t, binary, "-n", name, "-a", "127.0.0.1", "-p", "-1", "-c", roomy(t, filepath.Join(dir, name)),
			"-cluster_name", "test", "-cluster", routes[i], "-routes", strings.Join(routes, ","))
		all = append(all, servers[name].url)
	}
	return servers, strings.Join(all, ",")
}

// openCluster opens a log on a cluster, whose leader elections take a while.
func openCluster(t *testing.T, cfg Config) *Log {
	t.Helper()
	cfg.Replicas = 3
	for ctx := within(t); ; {
		l, err := Open(ctx, cfg)
		if err == nil {
			t.Cleanup(l.Close)
			return l
		}
		if !pause(ctx, 100*time.Millisecond) {
			t.Fatal(err)
		}
	}
}

func TestLogOnAClusterKeepsTheContract(t *testing.T) {
	t.Parallel()
	skip.Long(t, "seconds of outages and elections")
	servers, urls := startCluster(t)
	l, other := openCluster(t, Config{NATS: at(urls), Patience: 30 * time.Second}), openCluster(t, Config{NATS: at(urls), Patience: 30 * time.Second})
	t.Run("leader killed", func(t *testing.T) { killLeader(t, servers, l, other) })
	t.Run("two of three", func(t *testing.T) { logtest.Run(t, func(*testing.T) chat.Log { return l }) })
}

// killLeader kills the stream's leader while several completions are written and followed through both replicas.
func killLeader(t *testing.T, servers map[string]*natsProcess, writer, other *Log) {
	const completions, words = 8, 600
	info, err := writer.stream.Info(within(t))
	if err != nil {
		t.Fatal(err)
	}
	leader := servers[info.Cluster.Leader]
	if leader == nil {
		t.Fatalf("leader %q", info.Cluster.Leader)
	}
	type result struct {
		who, text string
		kind      chat.EventKind
	}
	results := make(chan result, 2*completions)
	written := make(chan error, completions)
	reached := make(chan struct{}, completions)
	for i := range completions {
		id := fmt.Sprint("moved", i)
		w, err := writer.Create(within(t), meta(id))
		if err != nil {
			t.Fatal(err)
		}
		for name, l := range map[string]*Log{"writer": writer, "other": other} {
			go func() {
				text, kind := longText(t, l, id)
				results <- result{name, text, kind}
			}()
		}
		go func() {
			ctx := t.Context()
			for n := range words {
				if err := w.Append(ctx, chat.Text(0, fmt.Sprint(n, " "))); err != nil {
					written <- err
					return
				}
				if n == words/3 {
					reached <- struct{}{}
				}
				pause(ctx, 5*time.Millisecond)
			}
			written <- w.Seal(ctx, chat.Event{Kind: chat.KindDone})
		}()
	}
	for range completions {
		<-reached
	}
	leader.kill()
	for range completions {
		if err := <-written; err != nil {
			t.Errorf("written: %v", err)
		}
	}
	var want strings.Builder
	for n := range words {
		fmt.Fprint(&want, n, " ")
	}
	for range 2 * completions {
		if got := <-results; got.text != want.String() || got.kind != chat.KindDone {
			t.Errorf("%s shows %d bytes of %d, kind %v", got.who, len(got.text), want.Len(), got.kind)
		}
	}
	if stats := writer.Stats(); stats.AppendTimeMax < jetio.AckGrace {
		t.Errorf("the death of the leader went unnoticed: %+v", stats)
	}
}
