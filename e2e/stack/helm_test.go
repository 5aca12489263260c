package stack

import (
	"bytes"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// A deployment is the relevant part of one program's manifest: a Deployment, or a StatefulSet if each pod has data of
// its own.
type deployment struct {
	Kind string
	Spec struct {
		Service string `yaml:"serviceName"`
		Claims  []struct {
			Metadata struct{ Name string }
		} `yaml:"volumeClaimTemplates"`
		Template struct {
			Spec struct {
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []struct {
					Args  []string
					Env   []struct{ Name, Value string }
					Ports []struct {
						Name string
						Port int `yaml:"containerPort"`
					}
					Lifecycle struct {
						PreStop struct{ Sleep struct{ Seconds int } } `yaml:"preStop"`
					}
					Mounts []struct {
						Name string
						Path string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
					Resources struct {
						Limits struct{ Memory string }
					}
				}
			}
		}
	}
}

// TestHelm checks the chart's rendered manifests against the programs: flags, ports and times. .ci/run lint checks
// that they are what helm renders, and that Kubernetes accepts them.
func TestHelm(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "deploy", "helm", "ci", "*.values.yaml"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%d renderings, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".values.yaml")
		t.Run(name, func(t *testing.T) {
			seen, witnesses := 0, 0
			for doc := range bytes.SplitSeq(repositoryFile(t, "deploy", "helm", "ci", name+".yaml"), []byte("\n---\n")) {
				var d deployment
				if err := yaml.Unmarshal(doc, &d); err != nil {
					t.Fatal(err)
				}
				if d.Kind == "Deployment" || d.Kind == "StatefulSet" {
					seen++
					witnesses += len(d.Spec.Claims)
					checkDeployment(t, &d)
				}
			}
			if seen != 2 {
				t.Errorf("%d deployments", seen)
			}
			if name == "least" && witnesses != 1 {
				t.Errorf("by itself the chart has %d witnesses of the log", witnesses)
			}
		})
	}
}

func checkDeployment(t *testing.T, d *deployment) {
	t.Helper()
	pod := d.Spec.Template.Spec
	container := pod.Containers[0]
	environment := make(map[string]string)
	for _, e := range container.Env {
		environment[e.Name] = e.Value
	}
	collected := environment["GOMEMLIMIT"]
	delete(environment, "GOMEMLIMIT") // Go's own
	c := commandOf(t, container.Args, environment)
	checkMemory(t, &c, container.Resources.Limits.Memory, collected)
	if c.program == "completion" {
		checkWitness(t, d, &c)
	}
	ports := make(map[string]string)
	for _, p := range container.Ports {
		ports[p.Name] = fmt.Sprint(p.Port)
	}
	public := map[string]string{"edge": "http", "completion": "grpc"}[c.program]
	if ports[public] != c.port(t, "--listen") || ports["admin"] != c.port(t, "--admin-listen") {
		t.Errorf("%s listens on %s and %s, and has the ports %v", c.program, c.flags["--listen"], c.flags["--admin-listen"], ports)
	}
	drain, err := time.ParseDuration(c.flags["--drain-timeout"])
	if err != nil {
		t.Fatal(err)
	}
	if before := container.Lifecycle.PreStop.Sleep.Seconds; before == 0 || pod.Grace < before+int(drain.Seconds())+5 {
		t.Errorf("%s is killed after %d s, of which it has %d before it hears of the end and drains for %v", c.program, pod.Grace, before, drain)
	}
	for flag, value := range c.flags {
		mounted := !strings.HasPrefix(value, "/secrets/") && !strings.HasPrefix(value, "/data/")
		for _, m := range container.Mounts {
			mounted = mounted || strings.HasPrefix(value, m.Path+"/")
		}
		if !mounted {
			t.Errorf("%s: nothing is mounted for %s=%s", c.program, flag, value)
		}
	}
	if c.program == "edge" && !strings.HasSuffix(c.flags["--completion-addr"], "-completion:50051") {
		t.Errorf("the edges call %s", c.flags["--completion-addr"])
	}
}

// checkMemory compares the memory that a program may take, by the formula of operations.md, with its limit. The rest
// has to suffice for the kernel's buffers of an edge's slow clients.
func checkMemory(t *testing.T, c *command, given, collected string) {
	t.Helper()
	limit, most := quantity(t, given), mostMemory(t, c)
	if most > limit {
		t.Errorf("%s takes %.1f GiB at most, and is given %s", c.program, most/(1<<30), given)
	}
	keeps, kernels := quantity(t, strings.TrimSuffix(collected, "B")), 0.0
	if c.program == "edge" {
		kernels = value(t, c, "--max-streams") * 128 * 1024
	}
	if keeps < most/2 || keeps+kernels > limit {
		t.Errorf("%s: its garbage collector keeps to %s, of what is in use half of %.1f GiB, of the limit %s, and the kernel takes %.1f GiB",
			c.program, collected, most/(1<<30), given, kernels/(1<<30))
	}
}

// mostMemory evaluates the formula of operations.md with a program's flags.
func mostMemory(t *testing.T, c *command) float64 {
	t.Helper()
	name := map[string]string{"edge": "edge", "completion": "completion service"}[c.program]
	found := regexp.MustCompile(`(?m)^    ` + name + `: +2 × \( (.+) \)$`).FindStringSubmatch(string(repositoryFile(t, "docs", "operations.md")))
	if found == nil {
		t.Fatalf("operations.md has no formula for %s", c.program)
	}
	sum := 0.0
	for term := range strings.SplitSeq(found[1], " + ") {
		product := 1.0
		for factor := range strings.SplitSeq(term, " × ") {
			switch {
			case strings.HasPrefix(factor, "--"):
				product *= value(t, c, factor)
			case factor == "1¼":
				product *= 1.25
			default:
				product *= quantity(t, strings.TrimSuffix(strings.Replace(factor, " ", "", 1), "B"))
			}
		}
		sum += product
	}
	return 2 * sum
}

// value returns a flag's number.
func value(t *testing.T, c *command, flag string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(c.flags[flag], 64)
	if err != nil {
		t.Fatalf("%s %s: %v", c.program, flag, err)
	}
	return n
}

// quantity returns an amount of memory, such as 8Gi, in bytes.
func quantity(t *testing.T, amount string) float64 {
	t.Helper()
	for i, unit := range []string{"Ki", "Mi", "Gi"} {
		if number, ok := strings.CutSuffix(amount, unit); ok {
			n, err := strconv.ParseFloat(number, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n * math.Pow(1024, float64(i+1))
		}
	}
	t.Fatalf("%q is no amount of memory", amount)
	return 0
}

// checkWitness checks that a witness file, if there is one, belongs to one completion service, and is in a volume
// that outlives the pod.
func checkWitness(t *testing.T, d *deployment, c *command) {
	t.Helper()
	file := c.flags["--log-witness"]
	if file == "" && len(d.Spec.Claims) == 0 {
		return
	}
	if d.Kind != "StatefulSet" || d.Spec.Service == "" || len(d.Spec.Claims) != 1 {
		t.Fatalf("a %s of the service %q with %d claims", d.Kind, d.Spec.Service, len(d.Spec.Claims))
	}
	claim := d.Spec.Claims[0].Metadata.Name
	for _, m := range d.Spec.Template.Spec.Containers[0].Mounts {
		if m.Name == claim && filepath.Dir(file) == m.Path {
			return
		}
	}
	t.Errorf("the witness %q is not in the volume %s", file, claim)
}
