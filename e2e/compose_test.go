package e2e

import (
	"encoding/json"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/internal/config"
)

// root is the repository's directory, to the tests.
const root = ".."

// ours are the programs that are built here.
var ours = []string{"completion", "edge", "standalone"}

// settings returns a program's own table, by flag and by variable.
func settings(t *testing.T, program string) (flags, variables map[string]config.Setting) {
	t.Helper()
	stdout, stderr, exit := runProgram(t, program, "reference", "--format=json")
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

// command is how a file tells to run a program of ours: its settings, by flag.
type command struct {
	program string
	flags   map[string]string
}

// commandOf takes a command apart, with the variables that it is given. It complains
// about what the program's table does not have.
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

// port returns that of an address which a flag holds.
func (c *command) port(t *testing.T, flag string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(c.flags[flag])
	if err != nil {
		t.Fatalf("%s %s: %v", c.program, flag, err)
	}
	return port
}

type composeFile struct {
	Services map[string]composeService
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
}

func repositoryFile(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestCompose checks docker-compose.yml, and what its services read, against the
// programs.
func TestCompose(t *testing.T) {
	t.Parallel()
	var file composeFile
	// What is merged in may be there twice.
	if err := yaml.UnmarshalWithOptions(repositoryFile(t, "docker-compose.yml"), &file, yaml.AllowDuplicateMapKey()); err != nil {
		t.Fatal(err)
	}
	commands := make(map[string]command)
	served := make(map[string]bool) // "service:port"
	for name, s := range file.Services {
		if s.Build != "" {
			checkOurs(t, name, &s)
			c := commandOf(t, s.Command, s.Environment)
			commands[name] = c
			for _, flag := range []string{"--listen", "--admin-listen"} {
				served[name+":"+c.port(t, flag)] = true
				if host, _, _ := net.SplitHostPort(c.flags[flag]); host != "0.0.0.0" {
					t.Errorf("%s: nobody else reaches %s %s", name, flag, c.flags[flag])
				}
			}
		} else if _, tag, _ := strings.Cut(s.Image, ":"); !regexp.MustCompile(`^v?\d+\.\d+\.\d+`).MatchString(tag) {
			t.Errorf("%s: the version of %s is not pinned", name, s.Image)
		}
		if len(s.Healthcheck.Test) < 2 || s.Healthcheck.Test[0] != "CMD" {
			t.Errorf("%s has no health check: %q", name, s.Healthcheck.Test)
		}
		for other := range s.DependsOn {
			if _, ok := file.Services[other]; !ok || s.DependsOn[other].Condition != "service_healthy" {
				t.Errorf("%s depends on %s: %+v", name, other, s.DependsOn[other])
			}
		}
		for _, port := range s.Ports {
			if !strings.HasPrefix(port, "127.0.0.1:") || strings.Count(port, ":") != 2 {
				t.Errorf("%s: port %s is not this machine's alone", name, port)
			}
		}
	}
	if len(commands) != 4 {
		t.Errorf("%d services of ours", len(commands))
	}
	served["nats:4222"] = true // its own default
	reached := func(where, address string) {
		t.Helper()
		if !served[address] {
			t.Errorf("%s: nobody serves %s; there are %v", where, address, slices.Sorted(maps.Keys(served)))
		}
	}
	for name, c := range commands {
		reached(name, strings.TrimPrefix(c.flags["--nats-url"], "nats://"))
		if c.program == "edge" {
			for address := range strings.SplitSeq(c.flags["--completion-addr"], ",") {
				reached(name, address)
			}
		}
	}
	balancer := string(repositoryFile(t, "deploy", "Caddyfile"))
	upstreams := defaultOf(t, balancer, "EDGES")
	for address := range strings.FieldsSeq(upstreams) {
		reached("Caddyfile", address)
		host, _, _ := strings.Cut(address, ":")
		reached("Caddyfile", host+":"+defaultOf(t, balancer, "EDGE_ADMIN_PORT"))
	}
	if port := defaultOf(t, balancer, "BALANCER_PORT"); !slices.Equal(file.Services["balancer"].Ports, []string{"127.0.0.1:8080:" + port}) {
		t.Errorf("the balancer listens on %s, and %v is published", port, file.Services["balancer"].Ports)
	}
	checkPrometheus(t, &file, commands, reached)
	if want := "nats:" + versionOf(t, "github.com/nats-io/nats-server/v2") + "-alpine"; file.Services["nats"].Image != want {
		t.Errorf("NATS is %s, the one that the tests use %s", file.Services["nats"].Image, want)
	}
}

// checkOurs is about a service that runs a program of ours.
func checkOurs(t *testing.T, name string, s *composeService) {
	t.Helper()
	if !slices.Contains(ours, s.Command[0]) {
		t.Fatalf("%s runs %v", name, s.Command)
	}
	if want := []string{"CMD", s.Command[0], "healthcheck"}; !slices.Equal(s.Healthcheck.Test, want) {
		t.Errorf("%s: its health check is %v", name, s.Healthcheck.Test)
	}
	// The health check does not see the command, only the environment.
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

// defaultOf returns what stands in a Caddyfile for a variable that is not set.
func defaultOf(t *testing.T, caddyfile, name string) string {
	t.Helper()
	found := regexp.MustCompile(`\{\$` + name + `:([^}]*)\}`).FindStringSubmatch(caddyfile)
	if found == nil {
		t.Fatalf("the Caddyfile has no %s", name)
	}
	return found[1]
}

// versionOf returns which version of a module ours requires; "go": of the language.
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
		line := regexp.MustCompile(`(?m)^` + instruction + ` [^\[\n]*(\[.*\])$`).FindStringSubmatch(text)
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
	if want := "EXPOSE " + c.port(t, "--listen") + " " + c.port(t, "--grpc-listen") + " " + c.port(t, "--admin-listen") + "\n"; !strings.Contains(text, want) {
		t.Errorf("no %s", want)
	}
	if want := "FROM golang:" + versionOf(t, "go") + "-"; !strings.Contains(text, want) {
		t.Errorf("no %s", want)
	}
	for _, program := range ours {
		if !strings.Contains(text, "/"+program) {
			t.Errorf("%s is not built", program)
		}
	}
}
