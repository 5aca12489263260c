package stack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/modelserver"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/internal/config"
)

// root is the repository's directory, from the tests.
const root = "../.."

// ours are our programs.
var ours = []string{"completion", "edge", "standalone"}

// settings returns a program's own table of settings, by flag and by variable.
func settings(t *testing.T, program string) (flags, variables map[string]config.Setting) {
	t.Helper()
	stdout, stderr, exit := rig.Run(t, program, "reference", "--format=json")
	var all []config.Setting
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || exit != 0 {
		t.Fatalf("%s: %v, exit code %d, %s", program, err, exit, stderr)
	}
	flags, variables = make(map[string]config.Setting), make(map[string]config.Setting)
	for _, s := range all {
		flags[s.Flag], variables[s.Environment] = s, s
	}
	return flags, variables
}

// command is a call of one of our programs: its settings, by flag.
type command struct {
	program string
	flags   map[string]string
}

// commandOf parses a command and its environment. It reports settings that the program does not have.
func commandOf(t *testing.T, args []string, environment map[string]string) command {
	t.Helper()
	c := command{args[0], make(map[string]string)}
	flags, variables := settings(t, c.program)
	for name, value := range environment {
		s, ok := variables[name]
		if !ok {
			t.Errorf("%s has no variable %s", c.program, name)
		}
		c.flags[s.Flag] = value
	}
	for _, arg := range args[1:] {
		flag, value, _ := strings.Cut(arg, "=")
		s, ok := flags[flag]
		switch {
		case !ok:
			t.Errorf("%s has no flag %s", c.program, flag)
		case (s.Value == "") != (value == ""):
			t.Errorf("%s: %s takes %q", c.program, arg, s.Value)
		case c.flags[flag] != "":
			t.Errorf("%s: %s is given twice", c.program, flag)
		}
		c.flags[flag] = value
	}
	for flag, s := range flags {
		if _, ok := c.flags[flag]; !ok {
			c.flags[flag] = s.Default
		}
	}
	return c
}

// port returns the port of an address in a flag.
func (c *command) port(t *testing.T, flag string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(c.flags[flag])
	if err != nil {
		t.Fatalf("%s %s: %v", c.program, flag, err)
	}
	return port
}

// composedHost is docker-compose.yml's expression for the public host name.
const composedHost = "${PAWSTREAM_HOST:-localhost}"

type composeFile struct {
	Services map[string]composeService
	Networks map[string]struct{ Internal bool }
}

type composeService struct {
	Image, Build string
	Command      []string
	Environment  map[string]string
	Ports        []string
	Profiles     []string
	Volumes      []string
	Healthcheck  struct{ Test []string }
	DependsOn    map[string]struct{ Condition string } `yaml:"depends_on"`
	ReadOnly     bool                                  `yaml:"read_only"`
	StopGrace    string                                `yaml:"stop_grace_period"`
	Restart      string
	Networks     []string
	NetworkMode  string `yaml:"network_mode"`
}

// once reports whether a service runs once and ends.
func (s *composeService) once() bool { return s.Restart == "no" }

// composed reads docker-compose.yml.
func composed(t *testing.T) composeFile {
	t.Helper()
	var file composeFile
	// Merged keys may occur twice.
	if err := yaml.UnmarshalWithOptions(repositoryFile(t, "docker-compose.yml"), &file, yaml.AllowDuplicateMapKey()); err != nil {
		t.Fatal(err)
	}
	return file
}

func repositoryFile(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestCompose checks docker-compose.yml, and the files that its services read, against the programs.
func TestCompose(t *testing.T) {
	t.Parallel()
	file := composed(t)
	builder := checkBuild(t, &file)
	commands := make(map[string]command)
	served := make(map[string]bool) // "service:port"
	for name, s := range file.Services {
		switch _, tag, _ := strings.Cut(s.Image, ":"); {
		case s.Image != builder.Image:
			if !regexp.MustCompile(`^v?\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$`).MatchString(tag) {
				t.Errorf("%s: the version of %s is not pinned", name, s.Image)
			}
		case !s.once():
			checkOurs(t, name, &s)
			c := commandOf(t, s.Command, s.Environment)
			commands[name] = c
			for _, flag := range []string{"--listen", "--admin-listen"} {
				served[name+":"+c.port(t, flag)] = true
				if host, _, _ := net.SplitHostPort(c.flags[flag]); host != "0.0.0.0" {
					t.Errorf("%s: nobody else reaches %s %s", name, flag, c.flags[flag])
				}
			}
		}
		if !s.once() && (len(s.Healthcheck.Test) < 2 || s.Healthcheck.Test[0] != "CMD") {
			t.Errorf("%s has no health check: %q", name, s.Healthcheck.Test)
		}
		for other := range s.DependsOn {
			want := "service_healthy"
			on, ok := file.Services[other]
			if on.once() {
				want = "service_completed_successfully"
			}
			if !ok || s.DependsOn[other].Condition != want {
				t.Errorf("%s depends on %s: %+v", name, other, s.DependsOn[other])
			}
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") || strings.Count(port, ":") != 2 {
				t.Errorf("%s: port %s is not this machine's alone", name, port)
			}
		}
	}
	if len(commands) != 5 {
		t.Errorf("%d services of ours", len(commands))
	}
	served["nats:4222"], served["ollama:11434"] = true, true // their own defaults
	reached := func(where, address string) {
		t.Helper()
		if !served[address] {
			t.Errorf("%s: nobody serves %s; there are %v", where, address, slices.Sorted(maps.Keys(served)))
		}
	}
	balancer := string(repositoryFile(t, "deploy", "Caddyfile"))
	for name, c := range commands {
		// A foreign page whose name leads to the published port must not read anything.
		if _, open := c.flags["--insecure-public"]; open && c.program != "completion" && c.flags["--host"] != composedHost {
			t.Errorf("%s may be called by the names %q", name, c.flags["--host"])
		}
		if url := c.flags["--nats-url"]; url != "" || c.program != "standalone" {
			reached(name, strings.TrimPrefix(url, "nats://"))
		}
		if url := c.flags["--upstream-url"]; url != "" {
			reached(name, strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/v1"))
		}
		if c.program == "edge" {
			for address := range strings.SplitSeq(c.flags["--completion-addr"], ",") {
				reached(name, address)
			}
		}
	}
	if got := file.Services["balancer"].Environment["PAWSTREAM_HOST"]; got != composedHost || !strings.Contains(balancer, "not host {$PAWSTREAM_HOST:localhost}") {
		t.Errorf("the balancer may be called by the names %q", got)
	}
	upstreams := defaultOf(t, balancer, "EDGES")
	for address := range strings.FieldsSeq(upstreams) {
		reached("Caddyfile", address)
		host, _, _ := strings.Cut(address, ":")
		reached("Caddyfile", host+":"+defaultOf(t, balancer, "EDGE_ADMIN_PORT"))
	}
	if port := defaultOf(t, balancer, "BALANCER_PORT"); !slices.Equal(file.Services["balancer"].Ports, []string{"127.0.0.1:8080:" + port}) {
		t.Errorf("the balancer listens on %s, and %v is published", port, file.Services["balancer"].Ports)
	}
	maps.DeleteFunc(commands, func(name string, _ command) bool { return file.Services[name].Profiles != nil })
	checkPrometheus(t, &file, commands, reached)
	if want := "nats:" + versionOf(t, "github.com/nats-io/nats-server/v2") + "-alpine"; imageOf(file.Services["nats"].Image) != want {
		t.Errorf("NATS is %s, the one that the tests use %s", file.Services["nats"].Image, want)
	}
}

// checkBuild returns the only service that builds our image. All others with that image must start after it.
func checkBuild(t *testing.T, file *composeFile) (builder composeService) {
	t.Helper()
	name := ""
	for other, s := range file.Services {
		if s.Build != "" {
			if name != "" {
				t.Errorf("%s and %s both build %s", name, other, s.Image)
			}
			name, builder = other, s
		}
	}
	for other, s := range file.Services {
		if _, after := s.DependsOn[name]; s.Image == builder.Image && other != name && !after {
			t.Errorf("%s may begin before %s has built its image", other, name)
		}
	}
	if name == "" || builder.Profiles != nil {
		t.Errorf("the image is built by %q, of the profiles %v", name, builder.Profiles)
	}
	return builder
}

// imageOf returns an image without its digest, if any.
func imageOf(image string) string {
	name, _, _ := strings.Cut(image, "@")
	return name
}

// TestComposeNetworks checks that each service reaches only what it needs.
func TestComposeNetworks(t *testing.T) {
	t.Parallel()
	file := composed(t)
	for name, want := range map[string][]string{
		"balancer": {"front"}, "edge-1": {"front", "back"}, "edge-2": {"front", "back"},
		"completion-1": {"back"}, "completion-2": {"back"}, "nats": {"back"},
		"prometheus": {"back", "watch"}, "grafana": {"watch"},
		"ollama": {"models"}, "ollama-pull": {"models"}, "ollama-standalone": {"models"},
	} {
		if got := file.Services[name].Networks; !slices.Equal(got, want) {
			t.Errorf("%s is on %v, want %v", name, got, want)
		}
	}
	if s := file.Services["secrets"]; s.NetworkMode != "none" || s.Networks != nil {
		t.Errorf("who makes the secret is on %v %v", s.NetworkMode, s.Networks)
	}
	for name, network := range file.Networks {
		if network.Internal != (name == "back") {
			t.Errorf("%s is internal: %v", name, network.Internal)
		}
	}
	for name, s := range file.Services {
		if len(s.Ports) > 0 && !slices.ContainsFunc(s.Networks, func(n string) bool { return !file.Networks[n].Internal }) {
			t.Errorf("%s has no network by which %v could be published", name, s.Ports)
		}
		for other := range s.DependsOn {
			reached := func(n string) bool { return slices.Contains(file.Services[other].Networks, n) }
			if on := file.Services[other]; !on.once() && !slices.ContainsFunc(s.Networks, reached) {
				t.Errorf("%s needs %s, and has no network in common with it", name, other)
			}
		}
	}
}

// TestComposeIsForOlderEngines rejects unneeded features that engines before 25 lack, or that a host may forbid.
func TestComposeIsForOlderEngines(t *testing.T) {
	t.Parallel()
	for _, path := range [][]string{{"docker-compose.yml"}, {"deploy", "cluster.yml"}} {
		text := repositoryFile(t, path...)
		if !bytes.Contains(text, []byte("healthcheck:")) {
			t.Errorf("%s has no health checks", path)
		}
		for _, word := range []string{"start_interval", "ulimits"} {
			if bytes.Contains(text, []byte(word+":")) {
				t.Errorf("%s has %s", path, word)
			}
		}
	}
}

// checkOurs checks a service that runs one of our programs.
func checkOurs(t *testing.T, name string, s *composeService) {
	t.Helper()
	if !slices.Contains(ours, s.Command[0]) {
		t.Fatalf("%s runs %v", name, s.Command)
	}
	if want := []string{"CMD", s.Command[0], "healthcheck"}; !slices.Equal(s.Healthcheck.Test, want) {
		t.Errorf("%s: its health check is %v", name, s.Healthcheck.Test)
	}
	// The health check sees only the environment, not the command.
	if slices.ContainsFunc(s.Command, func(arg string) bool { return strings.HasPrefix(arg, "--admin-listen") }) {
		t.Errorf("%s: the health check does not know its --admin-listen", name)
	}
	if !s.ReadOnly {
		t.Errorf("%s writes to its root file system", name)
	}
	if s.StopGrace != "35s" || !slices.Contains(s.Command, "--drain-timeout=30s") {
		t.Errorf("%s is killed after %s, and drains for longer: %v", name, s.StopGrace, s.Command)
	}
}

// TestComposeSecret creates the ticket secret as docker-compose.yml does, twice, and checks that both edges find it.
func TestComposeSecret(t *testing.T) {
	t.Parallel()
	file := composed(t)
	maker := file.Services["secrets"]
	path := maker.Command[len(maker.Command)-1]
	if !maker.once() || !maker.ReadOnly || !slices.Equal(maker.Volumes, []string{"secrets:" + filepath.Dir(path)}) {
		t.Errorf("the secret is made by %+v", maker)
	}
	for _, name := range []string{"edge-1", "edge-2"} {
		edge := file.Services[name]
		if !slices.Contains(edge.Command, "--ticket-secret-file="+path) || !slices.Equal(edge.Volumes, []string{"secrets:" + filepath.Dir(path) + ":ro"}) || edge.DependsOn["secrets"].Condition == "" {
			t.Errorf("%s does not share the secret: %+v", name, edge)
		}
	}
	here := filepath.Join(t.TempDir(), filepath.Base(path))
	args := append(slices.Clone(maker.Command[1:len(maker.Command)-1]), here)
	var made []byte
	for _, want := range []string{"created " + here + "\n", here + " exists, and stays as it is\n"} {
		stdout, stderr, exit := rig.Run(t, maker.Command[0], args...)
		if stdout != want || stderr != "" || exit != 0 {
			t.Fatalf("exit code %d, %s%s", exit, stdout, stderr)
		}
		text, err := os.ReadFile(here)
		if err != nil || made != nil && string(text) != string(made) {
			t.Errorf("%v, the secret has changed", err)
		}
		made = text
	}
	if entries, err := os.ReadDir(filepath.Dir(here)); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", err, entries)
	}
	rig.Edge(t, rig.Fast(t), "--ticket-secret-file="+here)

	if err := os.WriteFile(here, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, exit := rig.Run(t, maker.Command[0], args...)
	if exit == 0 || stdout != "" || !strings.Contains(stderr, "has 5 bytes") {
		t.Errorf("where another file is: exit code %d, %s%s", exit, stdout, stderr)
	}
}

// TestComposeModel asks a model server as the profile ollama does.
func TestComposeModel(t *testing.T) {
	t.Parallel()
	file := composed(t)
	service, pull, ollama := file.Services["ollama-standalone"], file.Services["ollama-pull"], file.Services["ollama"]
	for name, s := range map[string]composeService{"ollama-standalone": service, "ollama-pull": pull, "ollama": ollama} {
		if !slices.Equal(s.Profiles, []string{"ollama"}) {
			t.Errorf("%s is of the profiles %v", name, s.Profiles)
		}
	}
	c := commandOf(t, service.Command, service.Environment)
	asked := c.flags["--upstream-model"]
	if want := []string{"pull", asked}; !slices.Equal(pull.Command, want) || pull.Image != ollama.Image || pull.Environment["OLLAMA_HOST"]+"/v1" != c.flags["--upstream-url"] {
		t.Errorf("%+v does not fetch %s", pull, asked)
	}
	if want := []string{"127.0.0.1:8081:" + c.port(t, "--listen")}; !slices.Equal(service.Ports, want) {
		t.Errorf("published are %v, want %v", service.Ports, want)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/chat/completions" || !strings.Contains(string(text), `"model":"`+asked+`"`) {
			t.Errorf("%v, asked is %s for %s", err, r.URL, text)
		}
		r.Body = io.NopCloser(bytes.NewReader(text))
		(&modelserver.Narrator{T: t, Story: "Cats sleep a lot."}).ServeHTTP(w, r)
	}))
	defer server.Close()
	here := map[string]string{
		"--listen": "127.0.0.1:0", "--grpc-listen": "127.0.0.1:0", "--data-dir": t.TempDir(), "--upstream-url": server.URL + "/v1",
	}
	args := []string{"--grpc-listen=127.0.0.1:0"}
	for _, arg := range service.Command[1:] {
		arg = strings.ReplaceAll(arg, composedHost, "localhost")
		flag, _, _ := strings.Cut(arg, "=")
		if value, ok := here[flag]; ok {
			arg = flag + "=" + value
		}
		args = append(args, arg)
	}
	f := &api.Follower{T: t}
	f.Read(f.AskModel("http://"+rig.Start(t, service.Command[0], args...).Addr("http"), asked), 0)
	if got := api.Joined(t, f.Got).Text; got != "Cats sleep a lot." {
		t.Errorf("the answer is %q", got)
	}
}

func checkPrometheus(t *testing.T, file *composeFile, commands map[string]command, reached func(where, address string)) {
	t.Helper()
	var prometheus struct {
		Scrapes []struct {
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(repositoryFile(t, "deploy", "prometheus.yml"), &prometheus); err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, scrape := range prometheus.Scrapes {
		for _, static := range scrape.Static {
			for _, target := range static.Targets {
				reached("prometheus.yml", target)
				name, port, _ := strings.Cut(target, ":")
				if c, ok := commands[name]; !ok || c.port(t, "--admin-listen") != port {
					t.Errorf("prometheus.yml: %s has no metrics", target)
				}
				if names := strings.Split(commands[name].flags["--admin-host"], ","); !slices.Contains(names, name) {
					t.Errorf("prometheus.yml: %s may be called %v, and not so", target, names)
				}
				asked = append(asked, name)
			}
		}
	}
	if slices.Sort(asked); !slices.Equal(asked, slices.Sorted(maps.Keys(commands))) {
		t.Errorf("prometheus.yml asks %v", asked)
	}
	var sources struct {
		Datasources []struct{ UID, URL string }
	}
	if err := yaml.Unmarshal(repositoryFile(t, "deploy", "grafana", "provisioning", "datasources", "prometheus.yml"), &sources); err != nil {
		t.Fatal(err)
	}
	port, _, _ := strings.Cut(strings.TrimPrefix(file.Services["prometheus"].Ports[0], "127.0.0.1:"), ":")
	inside := strings.TrimPrefix(file.Services["prometheus"].Ports[0], "127.0.0.1:"+port+":")
	if len(sources.Datasources) != 1 || sources.Datasources[0].UID != datasource || sources.Datasources[0].URL != "http://prometheus:"+inside {
		t.Errorf("Grafana asks %+v", sources)
	}
}

// defaultOf returns a Caddyfile's default for a variable.
func defaultOf(t *testing.T, caddyfile, name string) string {
	t.Helper()
	found := regexp.MustCompile(`\{\$` + name + `:([^}]*)\}`).FindStringSubmatch(caddyfile)
	if found == nil {
		t.Fatalf("the Caddyfile has no %s", name)
	}
	return found[1]
}

// versionOf returns the version in go.mod of a module, or of "go", the language.
func versionOf(t *testing.T, module string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(module) + ` v?([\d.]+)`).FindSubmatch(repositoryFile(t, "go.mod"))
	if found == nil {
		t.Fatalf("go.mod does not name %s", module)
	}
	return string(found[1])
}

// TestDockerfile checks the image's commands against the programs.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := string(repositoryFile(t, "Dockerfile"))
	words := func(instruction string) (found []string) {
		t.Helper()
		image := text[strings.LastIndex(text, "\nFROM "):]
		line := regexp.MustCompile(`(?m)^` + instruction + ` [^\[\n]*(\[.*\])$`).FindStringSubmatch(image)
		if line == nil {
			t.Fatalf("no %s", instruction)
		}
		if err := json.Unmarshal([]byte(line[1]), &found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	c := commandOf(t, words("CMD"), nil)
	if got := words("HEALTHCHECK"); !slices.Equal(got, []string{c.program, "healthcheck"}) {
		t.Errorf("the health check is %v", got)
	}
	if flags, _ := settings(t, c.program); c.flags["--admin-listen"] != flags["--admin-listen"].Default {
		t.Errorf("the health check does not know of --admin-listen=%s", c.flags["--admin-listen"])
	}
	if got, want := words("VOLUME"), []string{c.flags["--data-dir"]}; !slices.Equal(got, want) {
		t.Errorf("volume %v, want %v", got, want)
	}
	flags, _ := settings(t, "completion")
	_, inside, _ := net.SplitHostPort(flags["--listen"].Default)
	if want := "EXPOSE " + c.port(t, "--listen") + " " + inside + " " + c.port(t, "--admin-listen") + "\n"; !strings.Contains(text, want) {
		t.Errorf("no %s", want)
	}
	if want := "FROM golang:" + versionOf(t, "go") + "-"; !strings.Contains(text, want) {
		t.Errorf("no %s", want)
	}
	for _, program := range ours {
		if !strings.Contains(text, " /out/"+program+" ") {
			t.Errorf("%s is not built", program)
		}
	}
	// The build with the figures in running.md is this one.
	timed := regexp.MustCompile(`go build (-trimpath .*) -o .* (\./\S+)\n`).FindSubmatch(repositoryFile(t, "docs", "running.md"))
	if timed == nil {
		t.Fatal("running.md does not say what was built")
	}
	built := strings.ReplaceAll(text, `"$PGO"`, "off")
	if want := fmt.Sprintf("go build %s -o /out/standalone %s", timed[1], timed[2]); !strings.Contains(built, want) {
		t.Errorf("no %s", want)
	}
	// By default the images open no port and admit nobody: their user has to configure that.
	here := func(args []string) []string {
		args = slices.DeleteFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--data-dir") })
		if args[0] != "edge" {
			args = append(args, "--data-dir="+t.TempDir())
		}
		return append(args, "--admin-listen=127.0.0.1:0")
	}
	commands := regexp.MustCompile(`(?m)^CMD (\[.*\])$`).FindAllStringSubmatch(text, -1)
	for _, command := range commands {
		var args []string
		if err := json.Unmarshal([]byte(command[1]), &args); err != nil {
			t.Fatal(err)
		}
		args = here(args)
		_, stderr, exit := rig.Run(t, args[0], args[1:]...)
		if exit != 1 || !strings.Contains(stderr, "--auth=keys") || strings.Contains(strings.Join(args, " "), "insecure") {
			t.Errorf("%v: exit code %d, %s", args, exit, stderr)
		}
	}
	if len(commands) != 2 {
		t.Errorf("the Dockerfile has %d default commands", len(commands))
	}
	args := here(words("CMD"))
	for i, arg := range args {
		if strings.HasPrefix(arg, "--listen=") {
			args[i] = "--listen=0.0.0.0:0"
		}
	}
	if got := rig.Start(t, args[0], append(args[1:], "--auth=keys", "--auth-keys="+rig.Keys(t, "owner"))...).Addr("grpc"); got != "off" {
		t.Errorf("with keys gRPC is served on %s", got)
	}
}
