package stack

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// A deployment is what the chart makes of one program, as far as the program has a say in it.
type deployment struct {
	Kind string
	Spec struct {
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
						Path string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
				}
			}
		}
	}
}

// TestHelm checks what comes of the chart against the programs: their flags, ports and times. That it is
// what helm makes of the chart, and what Kubernetes takes, .ci/run lint sees to.
func TestHelm(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "deploy", "helm", "ci", "*.values.yaml"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%d renderings, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".values.yaml")
		t.Run(name, func(t *testing.T) {
			seen := 0
			for doc := range bytes.SplitSeq(repositoryFile(t, "deploy", "helm", "ci", name+".yaml"), []byte("\n---\n")) {
				var d deployment
				if err := yaml.Unmarshal(doc, &d); err != nil {
					t.Fatal(err)
				}
				if d.Kind == "Deployment" {
					seen++
					checkDeployment(t, &d)
				}
			}
			if seen != 2 {
				t.Errorf("%d deployments", seen)
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
	c := commandOf(t, container.Args, environment)
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
		mounted := !strings.HasPrefix(value, "/secrets/")
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
