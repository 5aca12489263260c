package door

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/internal/skip"
)

// Settings of the programs that TestMemory loads, and the most memory that they may take with these by
// docs/operations.md.
const (
	mib           = 1 << 20
	bodyMemory    = 96 * mib
	requestMemory = 256 * mib
	openStreams   = 200
	edgeMost      = 2 * (64*mib + openStreams*256<<10 + bodyMemory + 640*mib)
	serviceMost   = 2 * (128*mib + openStreams*192<<10 + requestMemory*5/4 + 64*mib + 384*mib)
)

// A program may take at most this many bytes.
type program struct {
	name string
	*stack.Process
	most float64
}

// A siege offers a stack more than fits into its memory.
type siege struct {
	t             *testing.T
	edge, service *stack.Process // both may be the same process
	programs      []program
	stored        map[string]string   // by principal: a completion with a large answer
	prompted      map[string][]string // by principal: completions with long prompts
	asked         atomic.Int64
}

// besiegers are the principals that load the programs. Each may take half, so together they leave only the reserve.
func besiegers() []string { return []string{"crowd", "mob"} }

// ordinaryCaller is a principal with small requests.
const ordinaryCaller = "ordinary"

// besieger returns the principal of the next offer.
func (s *siege) besieger() string { return besiegers()[int(s.asked.Add(1))%len(besiegers())] }

// TestMemory offers ten times what the memory holds, in every form, beside an ordinary caller.
func TestMemory(t *testing.T) {
	skip.Long(t, "it fills the memory in every form, for minutes")
	built, models := rig.FastPrograms(t), modelsThatTakeMemory(t)
	service := rig.Launch(t, built, "completion", append(serviceFlags(t, models), "--listen=127.0.0.1:0", "--drain-timeout=1s")...)
	edge := rig.Launch(t, built, "edge", append(edgeFlags(t), "--completion-addr="+service.Addr("grpc"), "--drain-timeout=1s")...)
	s := newSiege(t, program{"edge", edge, edgeMost}, program{"service", service, serviceMost})
	for _, form := range s.forms() {
		t.Run(form.name, func(t *testing.T) { s.lay(t, form) })
	}
}

// TestMemoryOfStandalone checks that the combined program takes no more than both programs may. Bodies fill the
// edge's part, and some forms fill the service's, each with fewer callers than in TestMemory.
func TestMemoryOfStandalone(t *testing.T) {
	skip.Long(t, "TestMemory's programs are the same ones, each in a process of its own")
	flags := append(serviceFlags(t, modelsThatTakeMemory(t)), edgeFlags(t)...)
	both := rig.Launch(t, rig.FastPrograms(t), "standalone", append(flags, "--grpc-listen=127.0.0.1:0", "--grpc-trust-local", "--drain-timeout=1s")...)
	s := newSiege(t, program{"standalone", both, edgeMost + serviceMost})
	var bodies form
	for _, form := range s.forms() {
		switch form.name {
		case "chunks half sent":
			bodies = form
			bodies.callers /= 10 // more would only be refused
		case "log probabilities", "lists", "long prompts by gRPC", "continued long prompts", "messages of long prompts":
			form.callers /= 3
			t.Run(form.name, func(t *testing.T) { s.lay(t, bodies, form) })
		}
	}
}

// modelsThatTakeMemory returns the path of a models file.
func modelsThatTakeMemory(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(modelThatTakesMemory))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	return rig.ModelsFile(t, fmt.Sprintf("models:\n  - name: quick\n    targets: [{engine: openai, base_url: %[1]s/quick, model: m}]\n  - name: slow\n    targets: [{engine: openai, base_url: %[1]s/slow, model: m, capabilities: [tools, logprobs, json]}]\n"+
		"  - name: long\n    targets: [{engine: openai, base_url: %[1]s/long, model: m, capabilities: [tools, logprobs, json]}]\n"+
		"  - name: calling\n    targets: [{engine: openai, base_url: %[1]s/calling, model: m, capabilities: [tools]}]\n", server.URL))
}

// serviceFlags are the flags of a completion service with little memory.
func serviceFlags(t *testing.T, models string) []string {
	t.Helper()
	return []string{
		"--advisor-pace=0", "--models=" + models, "--data-dir=" + t.TempDir(),
		fmt.Sprint("--request-memory=", requestMemory), fmt.Sprint("--max-generating=", openStreams),
	}
}

// edgeFlags are the flags of an edge with little memory.
func edgeFlags(t *testing.T) []string {
	t.Helper()
	return []string{
		"--listen=127.0.0.1:0", "--auth=keys", "--auth-keys=" + rig.Keys(t, append(besiegers(), ordinaryCaller)...),
		fmt.Sprint("--body-memory=", bodyMemory), fmt.Sprint("--max-streams=", openStreams),
	}
}

// newSiege stores the completions that the offers read. The first program is the edge, the last one the service.
func newSiege(t *testing.T, programs ...program) *siege {
	t.Helper()
	edge, service := programs[0].Process, programs[len(programs)-1].Process
	s := &siege{t: t, edge: edge, service: service, programs: programs, stored: make(map[string]string), prompted: make(map[string][]string)}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the service:\n%s", service.Log())
		}
	})
	for _, principal := range besiegers() {
		s.stored[principal] = s.store(principal, 20, 16)
	}
	s.storePrompts(8)
	s.stored[ordinaryCaller] = s.store(ordinaryCaller, 1, 1)
	return s
}

// mostItems is how many items the input of a response may have.
const mostItems = 2048

// longText is almost as long as a body may be.
var longText = strings.Repeat("x", 9_900_000)

// A form is a way to take memory, for a number of concurrent callers.
type form struct {
	name    string
	callers int
	offer   func(ctx context.Context, said *tally)
	invalid bool // what finds room is refused with 400
}

// forms returns all of them.
func (s *siege) forms() []form {
	long := longText
	parts := `[{"role":"user","content":[` + strings.TrimSuffix(strings.Repeat(`{"type":"text","text":""},`, 60_000), ",") + `]}]`
	items := "[" + strings.TrimSuffix(strings.Repeat(`{"role":"user","content":"`+long[:4800]+`"},`, mostItems), ",") + "]"
	values := `{"type":"json_schema","json_schema":{"name":"x","schema":{"enum":[` + strings.TrimSuffix(strings.Repeat("1,", 60_000), ",") + `]}}}`
	tools := "[" + strings.TrimSuffix(strings.Repeat(`{"type":"function","function":{"name":"f","parameters":{"enum":[`+strings.TrimSuffix(strings.Repeat("1,", 400), ",")+`]}}},`, 100), ",") + "]"
	asking := func(model, messages, more string) string {
		return fmt.Sprintf(`{"model":%q,"stream":true,"messages":%s%s}`, model, messages, more)
	}
	hello := `[{"role":"user","content":"Hello"}]`
	return []form{
		{name: "bodies half sent", callers: 100, offer: func(ctx context.Context, said *tally) { s.half(ctx, said, "Content-Length: 9900000", long[:9_000_000]) }},
		{name: "chunks half sent", callers: 100, offer: func(ctx context.Context, said *tally) {
			s.half(ctx, said, "Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s", len(long), long[:9_000_000]))
		}},
		{name: "long prompts", callers: 150, offer: func(ctx context.Context, said *tally) {
			s.ask(ctx, said, asking("slow", `[{"role":"user","content":"`+long+`"}]`, ""))
		}},
		{name: "many parts", callers: 150, offer: func(ctx context.Context, said *tally) { s.ask(ctx, said, asking("slow", parts, "")) }},
		{name: "large schemas", callers: 150, offer: func(ctx context.Context, said *tally) {
			s.ask(ctx, said, asking("slow", hello, `,"response_format":`+values))
		}},
		{name: "log probabilities", callers: 100, offer: func(ctx context.Context, said *tally) {
			s.ask(ctx, said, asking("long", hello, `,"logprobs":true,"top_logprobs":20`))
		}},
		{name: "arguments of tools", callers: 100, offer: func(ctx context.Context, said *tally) {
			s.ask(ctx, said, asking("calling", hello, `,"tools":[{"type":"function","function":{"name":"f"}}]`))
		}},
		{name: "large tools", callers: 150, offer: func(ctx context.Context, said *tally) { s.ask(ctx, said, asking("slow", hello, `,"tools":`+tools)) }},
		{name: "long input of Responses", callers: 150, offer: func(ctx context.Context, said *tally) {
			s.post(ctx, said, s.besieger(), "/v1/responses", `{"model":"slow","stream":true,"input":"`+long+`"}`)
		}},
		{name: "many items of Responses", callers: 150, offer: func(ctx context.Context, said *tally) {
			s.post(ctx, said, s.besieger(), "/v1/responses", `{"model":"slow","stream":true,"input":`+items+`}`)
		}},
		{name: "whole answers with log probabilities", callers: 100, offer: func(ctx context.Context, said *tally) {
			s.ask(ctx, said, strings.Replace(asking("long", hello, `,"logprobs":true,"top_logprobs":20`), `"stream":true,`, "", 1))
		}},
		{name: "reads", callers: 300, offer: func(ctx context.Context, said *tally) { s.read(ctx, said, "") }},
		{name: "lists", callers: 300, offer: func(ctx context.Context, said *tally) {
			s.get(ctx, said, s.besieger(), "/v1/chat/completions?limit=100")
		}},
		{name: "messages", callers: 300, offer: func(ctx context.Context, said *tally) { s.read(ctx, said, "/messages") }},
		{name: "empty messages by gRPC", callers: 50, invalid: true, offer: func(ctx context.Context, said *tally) { s.call(ctx, said, emptyMessages()) }},
		{name: "long prompts by gRPC", callers: 100, offer: func(ctx context.Context, said *tally) { s.call(ctx, said, longPrompt("slow", long)) }},
		{name: "readers of long prompts", callers: 150, offer: func(ctx context.Context, said *tally) {
			s.readPrompts(ctx, said, "/v1/chat/completions/chatcmpl-%s?stream=true")
		}},
		{name: "answers to long prompts", callers: 50, offer: func(ctx context.Context, said *tally) { s.postAboutPrompts(ctx, said, "/v1/responses", naming) }},
		{name: "continued long prompts", callers: 50, offer: func(ctx context.Context, said *tally) {
			s.postAboutPrompts(ctx, said, "/v1/responses", continuing("slow"))
		}},
		{name: "counted long prompts", callers: 50, offer: func(ctx context.Context, said *tally) {
			s.postAboutPrompts(ctx, said, "/v1/responses/input_tokens", continuing("quick"))
		}},
		{name: "counted long inputs", callers: 150, offer: func(ctx context.Context, said *tally) {
			s.post(ctx, said, s.besieger(), "/v1/responses/input_tokens", `{"model":"quick","input":"`+long+`"}`)
		}},
		{name: "messages of long prompts", callers: 150, offer: func(ctx context.Context, said *tally) {
			s.readPrompts(ctx, said, "/v1/chat/completions/chatcmpl-%s/messages")
		}},
		{name: "input items of long prompts", callers: 150, offer: func(ctx context.Context, said *tally) { s.readPrompts(ctx, said, "/v1/responses/resp_%s/input_items") }},
	}
}

// lay makes all offers of some forms at once, until some of each are answered, and measures.
func (s *siege) lay(t *testing.T, forms ...form) {
	t.Helper()
	for _, p := range s.programs {
		p.ForgetPeak()
	}
	ctx, stop := context.WithCancel(t.Context())
	var offers sync.WaitGroup
	tallies := make([]*tally, len(forms))
	for i, form := range forms {
		tallies[i] = &tally{outcomes: make(map[int]int), said: make(map[int]string)}
		for range form.callers {
			offers.Go(func() { form.offer(ctx, tallies[i]) })
		}
	}
	silent := func(y *tally) bool { return y.served() == 0 }
	for begun := time.Now(); time.Since(begun) < 4*time.Second || time.Since(begun) < time.Minute && slices.ContainsFunc(tallies, silent); {
		s.ordinary(t)
		s.measure(t)
	}
	stop()
	offers.Wait()
	s.measure(t)
	for i, form := range forms {
		tallies[i].check(t, form)
	}
	for _, p := range s.programs {
		t.Logf("%s took %.0f MiB of %.0f", p.name, s.peak(t, p.Process)/mib, p.most/mib)
	}
}

// Outcomes of an offer that are no HTTP status.
const (
	unanswered = -1 // when the siege ended
	cutOff     = 0  // without an answer
)

// A tally counts the outcomes of a form's offers.
type tally struct {
	mu       sync.Mutex
	outcomes map[int]int
	said     map[int]string // the first answer of each
}

// add counts an outcome, and reports whether it is a refusal.
func (y *tally) add(outcome int, said string) (refused bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.outcomes[outcome]++; y.said[outcome] == "" {
		y.said[outcome] = said
	}
	return outcome != http.StatusOK && outcome != unanswered
}

// failed counts an offer without an answer.
func (y *tally) failed(ctx context.Context, err error) (refused bool) {
	if ctx.Err() != nil {
		return y.add(unanswered, "")
	}
	return y.add(cutOff, err.Error())
}

// served returns how many offers were admitted, or refused for want of room.
func (y *tally) served() int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.outcomes[http.StatusOK] + y.outcomes[http.StatusTooManyRequests] + y.outcomes[http.StatusServiceUnavailable]
}

// check requires that offers were admitted or refused for want of room, and none for what they are.
func (y *tally) check(t *testing.T, f form) {
	t.Helper()
	t.Logf("%s: by status %v", f.name, y.outcomes)
	if y.served() == 0 {
		t.Errorf("%s: no offer was admitted, and none refused for want of room", f.name)
	}
	for outcome, n := range y.outcomes {
		switch {
		case slices.Contains([]int{http.StatusOK, http.StatusTooManyRequests, http.StatusServiceUnavailable, unanswered, cutOff}, outcome):
		case f.invalid && outcome == http.StatusBadRequest:
		default:
			t.Errorf("%s: %d offers with status %d: %s", f.name, n, outcome, y.said[outcome])
		}
	}
}

// modelThatTakesMemory never begins to answer, or never ends.
func modelThatTakesMemory(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	if strings.HasPrefix(r.URL.Path, "/slow") {
		<-r.Context().Done()
		return
	}
	var top []string
	for i := range 20 {
		top = append(top, fmt.Sprintf(`{"token":"t%d","logprob":-%d.5,"bytes":[116,%d]}`, i, i, i))
	}
	token := fmt.Sprintf(`{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[%s]}`, strings.Join(top, ","))
	w.Header().Set("Content-Type", "text/event-stream")
	if strings.HasPrefix(r.URL.Path, "/quick") {
		_, _ = io.WriteString(w, `data: {"choices":[{"index":0,"delta":{"content":"Yes."},"finish_reason":"stop"}]}`+"\n\n"+
			`data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`+"\n\ndata: [DONE]\n\n")
		return
	}
	chunk := fmt.Sprintf("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"logprobs\":{\"content\":[%s]}}]}\n\n", token)
	if strings.HasPrefix(r.URL.Path, "/calling") {
		_, _ = io.WriteString(w, `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\":\""}}]}}]}`+"\n\n")
		chunk = `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"` + strings.Repeat("a", 1000) + `"}}]}}]}` + "\n\n"
	}
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, chunk); err != nil {
			return
		}
	}
}

// store stores completions of a principal, with this many choices each, and returns the id of one.
func (s *siege) store(principal string, many, choices int) (id string) {
	s.t.Helper()
	url := "http://" + s.edge.Addr("http")
	for range many {
		x := api.Record(s.t, url, api.Object{"max_tokens": nil, "n": choices, "store": true}, rig.Bearer(principal))
		id = x.ID
	}
	return id
}

// storePrompts stores completions with long prompts for each besieger, more than fit into memory. If there is no
// room, it waits.
func (s *siege) storePrompts(many int) {
	s.t.Helper()
	body := api.Streamed(api.Object{"model": "quick", "max_tokens": nil, "store": true, "messages": []api.Object{{"role": "user", "content": longText}}})
	for range many {
		for _, principal := range besiegers() {
			x := api.Post(s.t, "http://"+s.edge.Addr("http"), body, rig.Bearer(principal))
			for x.Status == http.StatusTooManyRequests || x.Status == http.StatusServiceUnavailable {
				time.Sleep(time.Second) // as Retry-After says
				x = api.Post(s.t, "http://"+s.edge.Addr("http"), body, rig.Bearer(principal))
			}
			s.prompted[principal] = append(s.prompted[principal], api.Recorded(s.t, x).ID)
		}
	}
}

// naming is the body of a request that refers to the answers of many completions.
func naming(ids []string) string {
	var items strings.Builder
	items.WriteString(`{"role":"user","content":"Hello"}`)
	for _, id := range ids {
		fmt.Fprintf(&items, `,{"type":"item_reference","id":"msg_%s_0"}`, strings.TrimPrefix(id, "chatcmpl-"))
	}
	return `{"model":"quick","stream":true,"input":[` + items.String() + `]}`
}

// continuing returns a function for the body of a request that continues the first of some completions.
func continuing(model string) func(ids []string) string {
	return func(ids []string) string {
		return fmt.Sprintf(`{"model":%q,"previous_response_id":"resp_%s","input":"Hello"}`, model, strings.TrimPrefix(ids[0], "chatcmpl-"))
	}
}

// ordinary asks like any caller, and needs an answer while the offers go on. Its delay says more about the busy
// machine than about the programs.
func (s *siege) ordinary(t *testing.T) {
	t.Helper()
	url := "http://" + s.edge.Addr("http")
	begun := time.Now()
	key := rig.Bearer(ordinaryCaller)
	if got := api.Record(t, url, nil, key); got.Events[len(got.Events)-1].Data != "[DONE]" {
		t.Errorf("an ordinary stream ends with %v", got.Events[len(got.Events)-1])
	}
	for _, path := range []string{"/v1/models", "/v1/chat/completions/" + s.stored[ordinaryCaller], "/v1/chat/completions"} {
		if x := api.Do(t, api.Request(t, http.MethodGet, url+path, "", key)); x.Status != http.StatusOK {
			t.Errorf("an ordinary read of %s: status %d, %s", path, x.Status, x.Body)
		}
	}
	t.Logf("an ordinary caller is served in %v", time.Since(begun).Round(time.Millisecond))
}

// measure compares the peak memory of each program since the form began with its limit.
func (s *siege) measure(t *testing.T) {
	t.Helper()
	for _, p := range s.programs {
		if took := s.peak(t, p.Process); took > p.most {
			t.Errorf("%s took %.0f MiB, want at most %.0f", p.name, took/mib, p.most/mib)
		}
	}
}

// peak returns a program's peak memory since the form began, in bytes, or its current memory if the system reports no
// peak.
func (s *siege) peak(t *testing.T, p *stack.Process) float64 {
	t.Helper()
	if most, ok := p.Peak(); ok {
		return float64(most)
	}
	return api.Metric(t, p, "process_resident_memory_bytes")
}

// half sends a part of a body, and no more.
func (s *siege) half(ctx context.Context, said *tally, headers, part string) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.edge.Addr("http"))
	if err != nil {
		said.failed(ctx, err)
		return
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	_, err = fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\n%s\r\n\r\n%s", rig.Bearer(s.besieger()), headers, part)
	if err != nil {
		said.failed(ctx, err)
		return
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		said.failed(ctx, err)
		return
	}
	said.answered(resp)
}

// answered counts an answer as soon as it begins, and reads it.
func (y *tally) answered(resp *http.Response) (refused bool) {
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusOK {
		y.add(resp.StatusCode, "")
		_, _ = io.Copy(io.Discard, resp.Body)
		return false
	}
	body, _ := io.ReadAll(resp.Body)
	return y.add(resp.StatusCode, string(body))
}

// again repeats something until ctx ends.
func (s *siege) again(ctx context.Context, once func() (refused bool)) {
	for ctx.Err() == nil {
		if !once() {
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (s *siege) send(ctx context.Context, said *tally, principal, method, path, body string) (refused bool) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.edge.Addr("http")+path, strings.NewReader(body))
	if err != nil {
		return said.failed(ctx, err)
	}
	req.Header.Set("Content-Type", "application/json")
	_, value, _ := strings.Cut(rig.Bearer(principal), ": ")
	req.Header.Set("Authorization", value)
	resp, err := api.Plain.Do(req)
	if err != nil {
		return said.failed(ctx, err)
	}
	return said.answered(resp)
}

func (s *siege) ask(ctx context.Context, said *tally, body string) {
	s.post(ctx, said, s.besieger(), "/v1/chat/completions", body)
}

func (s *siege) post(ctx context.Context, said *tally, principal, path, body string) {
	s.again(ctx, func() bool { return s.send(ctx, said, principal, http.MethodPost, path, body) })
}

func (s *siege) get(ctx context.Context, said *tally, principal, path string) {
	s.again(ctx, func() bool { return s.send(ctx, said, principal, http.MethodGet, path, "") })
}

// read requests a path below a completion with a large answer.
func (s *siege) read(ctx context.Context, said *tally, below string) {
	principal := s.besieger()
	s.get(ctx, said, principal, "/v1/chat/completions/"+s.stored[principal]+below)
}

// readPrompts requests a path of completions with long prompts, one after the other.
func (s *siege) readPrompts(ctx context.Context, said *tally, path string) {
	principal := s.besieger()
	s.again(ctx, func() bool {
		ids := s.prompted[principal]
		id := strings.TrimPrefix(ids[rand.IntN(len(ids))], "chatcmpl-")
		return s.send(ctx, said, principal, http.MethodGet, fmt.Sprintf(path, id), "")
	})
}

// postAboutPrompts posts bodies about completions with long prompts, in random order.
func (s *siege) postAboutPrompts(ctx context.Context, said *tally, path string, about func(ids []string) string) {
	principal := s.besieger()
	s.again(ctx, func() bool {
		ids := slices.Clone(s.prompted[principal])
		rand.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		return s.send(ctx, said, principal, http.MethodPost, path, about(ids))
	})
}

// call sends the bytes of a request by gRPC.
func (s *siege) call(ctx context.Context, said *tally, request []byte) {
	conn, err := grpc.NewClient(s.service.Addr("grpc"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		said.failed(ctx, err)
		return
	}
	defer func() { _ = conn.Close() }()
	s.again(ctx, func() bool {
		err := conn.Invoke(ctx, completionv1.CompletionService_CreateCompletion_FullMethodName, request, new([]byte), grpc.ForceCodecV2(byHand{}))
		switch code := status.Code(err); {
		case code == codes.OK:
			return said.add(http.StatusOK, "")
		case ctx.Err() != nil:
			return said.add(unanswered, "")
		case code == codes.Unavailable:
			return said.add(http.StatusServiceUnavailable, err.Error())
		case code == codes.ResourceExhausted && !strings.Contains(err.Error(), "larger than max"):
			return said.add(http.StatusTooManyRequests, err.Error())
		default:
			return said.add(http.StatusBadRequest, err.Error())
		}
	})
}

// emptyMessages is a request with millions of empty messages.
func emptyMessages() []byte {
	one := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), nil)
	all := []byte(strings.Repeat(string(one), 16_000_000/len(one)))
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), all)
}

func longPrompt(model, text string) []byte {
	message := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 3)
	message = protowire.AppendString(protowire.AppendTag(message, 2, protowire.BytesType), text)
	params := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), model)
	params = protowire.AppendBytes(protowire.AppendTag(params, 2, protowire.BytesType), message)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), params)
}

// byHand is a codec that sends bytes unchanged, and discards the answer.
type byHand struct{}

func (byHand) Name() string { return "proto" }

func (byHand) Marshal(v any) (mem.BufferSlice, error) {
	data, ok := v.([]byte)
	if !ok {
		return nil, errors.New("not bytes")
	}
	return mem.BufferSlice{mem.SliceBuffer(data)}, nil
}

func (byHand) Unmarshal(mem.BufferSlice, any) error { return nil }
