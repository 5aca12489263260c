package stack

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestComposeCluster checks what deploy/cluster.yml changes in docker-compose.yml.
func TestComposeCluster(t *testing.T) {
	t.Parallel()
	var over composeFile
	if err := yaml.UnmarshalWithOptions(repositoryFile(t, "deploy", "cluster.yml"), &over, yaml.AllowDuplicateMapKey()); err != nil {
		t.Fatal(err)
	}
	file := composed(t)
	servers := []string{"nats", "nats-2", "nats-3"}
	urls := "nats://" + strings.Join(servers, ":4222,nats://") + ":4222"
	for _, name := range []string{"edge-1", "edge-2", "completion-1", "completion-2"} {
		c := commandOf(t, file.Services[name].Command, over.Services[name].Environment)
		if c.flags["--nats-url"] != urls {
			t.Errorf("%s calls %s", name, c.flags["--nats-url"])
		}
		if c.program == "completion" && c.flags["--nats-replicas"] != "3" {
			t.Errorf("%s has %s replicas of its log", name, c.flags["--nats-replicas"])
		}
	}
	for _, name := range servers {
		s := over.Services[name]
		for _, want := range []string{"--name=" + name, "--jetstream", "--store_dir=/data", "--routes=nats://" + strings.Join(servers, ":6222,nats://") + ":6222"} {
			if !strings.Contains(strings.Join(s.Command, "\n")+"\n", want+"\n") {
				t.Errorf("%s has no %s", name, want)
			}
		}
		if len(s.Volumes) != 1 || !strings.HasPrefix(s.Volumes[0], "nats-") { // a cluster deletes what a single server has begun
			t.Errorf("%s keeps its log in %v", name, s.Volumes)
		}
		if name != "nats" && s.Image != file.Services["nats"].Image {
			t.Errorf("%s is %s", name, s.Image)
		}
	}
}
