package faults

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/pawstream/pawstream/e2e/internal/cut"
)

// A plan describes a topology.
type plan struct {
	Name        string
	NATS        int  // servers; several form a cluster in which all hold each record
	CutOften    bool // proxies cut connections after some bytes
	EdgePairing bool // each edge knows only one completion service
	Pace        float64
	Completion  []string // more arguments for the completion services
	Prefix      string   // of the processes' names, if there are several topologies
	Clients     int      // concurrent streams; 0: by the flag
	Model       string   // the model of all requests, with known answers; empty: ours
	Disk        int64    // size of NATS's separate disk in bytes; 0: none
	// Retention is how long unstored completions are kept, if there are any; 0: all are kept to the end.
	Retention time.Duration
}

// A topology is the processes of a run, and the proxies between them.
type topology struct {
	t    *testing.T
	plan plan
	dir  string

	nats, completions, edges []*supervised
	urls                     []string // of the edges, through their proxies

	toEdges, toCompletions []*cut.Proxy   // one in front of each
	toNATS                 [][]*cut.Proxy // from each completion service to each server

	mounted []string // directories with mounted disks
	noDisk  error    // why there is none, although the plan has one
	eras    []*era
	tail    tail

	exhuming sync.Mutex
	spare    string // address of the server that reads removed logs; empty: not yet
}

// start starts a topology. At the end of the test, it stops and its logs are checked.
func start(t *testing.T, p plan, random *rand.Rand) *topology {
	t.Helper()
	dir, err := os.MkdirTemp("", "pawstream-faults-"+p.Name+"-")
	if err != nil {
		t.Fatal(err)
	}
	tp := &topology{t: t, plan: p, dir: dir}
	t.Cleanup(tp.end)
	for _, step := range []func(*rand.Rand) error{tp.startNATS, tp.startCompletions, tp.startEdges} {
		if err := step(random); err != nil {
			t.Fatal(err)
		}
	}
	return tp
}

// all returns every process, in the order of stopping.
func (tp *topology) all() []*supervised {
	return append(append(append([]*supervised(nil), tp.edges...), tp.completions...), tp.nats...)
}

func (tp *topology) proxies() []*cut.Proxy {
	return slices.Concat(append(tp.toNATS, tp.toEdges, tp.toCompletions)...)
}

// end stops everything, and reports unexpected log lines.
func (tp *topology) end() {
	for _, s := range tp.all() {
		if err := s.stop(); err != nil && s.path != tp.path(natsProgram) {
			tp.t.Error(err)
		}
		for _, line := range s.logged(alarms, 40) {
			tp.t.Error(line)
		}
	}
	for _, p := range tp.proxies() {
		p.Close()
	}
	kept := tp.t.Failed() || *keep
	if kept {
		if err := tp.keepStores(); err != nil {
			tp.t.Log(err)
		}
	}
	for _, dir := range tp.mounted {
		if err := unmount(dir); err != nil {
			tp.t.Errorf("unmount %s: %v", dir, err)
		}
	}
	if kept {
		tp.t.Logf("history and logs are kept in %s", tp.dir)
		return
	}
	_ = os.RemoveAll(tp.dir)
}

// books returns when the completion services have logged usage records.
func (tp *topology) books() map[string][]time.Time {
	books := make(map[string][]time.Time)
	for _, s := range tp.completions {
		for _, line := range s.logged([]string{"msg=usage "}, 0) {
			fields := make(map[string]string)
			for field := range strings.FieldsSeq(line) {
				name, value, _ := strings.Cut(field, "=")
				fields[name] = value
			}
			if id := fields["completion"]; id != "" {
				made, err := time.Parse(time.RFC3339, fields["time"])
				if err != nil {
					tp.t.Errorf("%q: %v", line, err)
				}
				books[id] = append(books[id], made)
			}
		}
	}
	return books
}

func (tp *topology) path(program string) string { return programs(tp.t).Path(program) }

func (tp *topology) startNATS(*rand.Rand) error {
	addresses := make([]string, 2*tp.plan.NATS) // of the clients, then of the routes
	for i := range addresses {
		var err error
		if addresses[i], err = freeAddress(); err != nil {
			return err
		}
	}
	routes := make([]string, tp.plan.NATS)
	for i := range routes {
		routes[i] = "nats://" + addresses[tp.plan.NATS+i]
	}
	for i := range tp.plan.NATS {
		name := fmt.Sprintf("%snats-%d", tp.plan.Prefix, i)
		if err := tp.mount(i); err != nil {
			return err
		}
		args, err := natsArgs(tp.dir, name, addresses[i], tp.store(i))
		if err != nil {
			return err
		}
		if tp.plan.NATS > 1 {
			args = append(args, "--cluster_name", "faults", "--cluster", routes[i], "--routes", strings.Join(routes, ","), "--no_advertise")
		}
		tp.nats = append(tp.nats, &supervised{
			name: name, path: tp.path(natsProgram), address: addresses[i], dir: tp.dir,
			args: func(int) []string { return args },
		})
	}
	if err := together(tp.t.Context(), tp.nats); err != nil {
		return err
	}
	return eventually(tp.t.Context(), readyPatience, func() error {
		conn, js, err := jetStream(tp.natsURL())
		if err != nil {
			return err
		}
		defer conn.Close()
		ctx, cancel := context.WithTimeout(tp.t.Context(), time.Second)
		defer cancel()
		_, err = js.AccountInfo(ctx) // is answered once there is a leader
		return err
	})
}

// natsArgs returns the arguments of a NATS server. It may use more than the disk has, like one with the default limit
// whose disk has filled since its start.
func natsArgs(dir, name, address, store string) ([]string, error) {
	host, port, _ := strings.Cut(address, ":")
	path := filepath.Join(dir, name+".conf")
	conf := fmt.Sprintf("jetstream { store_dir: %q, max_file_store: 16GB }\n", store)
	return []string{"-a", host, "-p", port, "-c", path, "--server_name", name}, os.WriteFile(path, []byte(conf), 0o600)
}

// natsURL names all NATS servers.
func (tp *topology) natsURL() string {
	var urls []string
	for _, s := range tp.nats {
		urls = append(urls, "nats://"+s.address)
	}
	return strings.Join(urls, ",")
}

// jetStream connects to NATS at a URL, like any client.
func jetStream(url string) (*nats.Conn, jetstream.JetStream, error) {
	conn, err := nats.Connect(url, nats.Timeout(2*time.Second))
	if err != nil {
		return nil, nil, err
	}
	js, err := jetstream.New(conn)
	return conn, js, err
}

func (tp *topology) startCompletions(random *rand.Rand) error {
	for _, name := range []string{"completion-a", "completion-b"} {
		address, err := freeAddress()
		if err != nil {
			return err
		}
		var ways []*cut.Proxy
		var urls []string
		for _, s := range tp.nats {
			proxy, err := tp.behindProxy(s.address, random, 0, 0, 0)
			if err != nil {
				return err
			}
			ways = append(ways, proxy)
			urls = append(urls, "nats://"+proxy.Addr())
		}
		tp.toNATS = append(tp.toNATS, ways)
		tp.completions = append(tp.completions, &supervised{
			name: tp.plan.Prefix + name, path: tp.path(completionProgram), address: address, dir: tp.dir,
			args: func(start int) []string {
				return append([]string{
					"--listen=" + address, "--admin-listen=127.0.0.1:0", "--nats-url=" + strings.Join(urls, ","),
					"--nats-replicas=" + strconv.Itoa(tp.plan.NATS), "--drain-timeout=1s",
					"--resume-retention=" + cmp.Or(tp.plan.Retention, *duration+15*time.Minute).String(), // everything is read again in the end
					"--log-witness=" + filepath.Join(tp.dir, name+".witness"),
					"--advisor-pace=" + strconv.FormatFloat(tp.plan.Pace, 'g', -1, 64),
					"--random-pace=" + strconv.FormatFloat(tp.plan.Pace, 'g', -1, 64),
					"--random-journal=" + filepath.Join(tp.dir, fmt.Sprintf("%s-%d.journal", name, start)),
				}, tp.plan.Completion...)
			},
		})
	}
	return together(tp.t.Context(), tp.completions)
}

func (tp *topology) startEdges(random *rand.Rand) error {
	var replicas []string
	for _, s := range tp.completions {
		// A connection between edge and completion service carries many streams.
		proxy, err := tp.behindProxy(s.address, random, 1, 100_000, 800_000)
		if err != nil {
			return err
		}
		tp.toCompletions = append(tp.toCompletions, proxy)
		replicas = append(replicas, proxy.Addr())
	}
	for i, name := range []string{"edge-a", "edge-b"} {
		address, err := freeAddress()
		if err != nil {
			return err
		}
		known := strings.Join(replicas, ",")
		if tp.plan.EdgePairing {
			known = replicas[i]
		}
		args := []string{"--listen=" + address, "--admin-listen=127.0.0.1:0", "--drain-timeout=1s", "--completion-addr=" + known}
		tp.edges = append(tp.edges, &supervised{
			name: tp.plan.Prefix + name, path: tp.path(edgeProgram), address: address, dir: tp.dir,
			args: func(int) []string { return args },
		})
		proxy, err := tp.behindProxy(address, random, 3, 1, 20_000)
		if err != nil {
			return err
		}
		tp.toEdges = append(tp.toEdges, proxy)
		tp.urls = append(tp.urls, "http://"+proxy.Addr())
	}
	return together(tp.t.Context(), tp.edges)
}

// behindProxy returns a proxy. If the plan says so, it cuts one of that many connections (0: none) after least to
// most bytes.
func (tp *topology) behindProxy(target string, random *rand.Rand, oneOf, least, most int) (*cut.Proxy, error) {
	mine := rand.New(rand.NewPCG(random.Uint64(), random.Uint64()))
	return cut.Listen(target, func(int) cut.Plan { // calls do not overlap
		if !tp.plan.CutOften || oneOf == 0 || mine.IntN(oneOf) > 0 {
			return cut.Plan{}
		}
		return cut.Plan{After: int64(least + mine.IntN(most-least)), Reset: mine.IntN(2) == 0}
	})
}

// together starts processes concurrently.
func together(ctx context.Context, all []*supervised) error {
	errs := make([]error, len(all))
	var starting sync.WaitGroup
	for i, s := range all {
		starting.Go(func() { errs[i] = s.start(ctx) })
	}
	starting.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
