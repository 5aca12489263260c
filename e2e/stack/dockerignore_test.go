package stack

import (
	"encoding/json"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A rule is a line of .dockerignore.
type rule struct {
	pattern *regexp.Regexp
	allows  bool
}

// ignoring reads .dockerignore like Docker: the last line that matches a path, or a directory above it, decides. It
// knows only the patterns that our lines use: *, and ** for directories.
func ignoring(t *testing.T) []rule {
	t.Helper()
	var rules []rule
	for line := range strings.Lines(string(repositoryFile(t, ".dockerignore"))) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		text, allows := strings.CutPrefix(line, "!")
		directories := strings.Split(text, "**/")
		if strings.ContainsAny(text, `?[\`) || strings.Contains(strings.Join(directories, ""), "**") {
			t.Fatalf("the test does not know what %q means", line)
		}
		for i, part := range directories {
			directories[i] = strings.ReplaceAll(regexp.QuoteMeta(part), `\*`, "[^/]*")
		}
		expression := strings.Join(directories, "(.*/)?")
		rules = append(rules, rule{regexp.MustCompile("^" + expression + "$"), allows})
	}
	return rules
}

// sent reports whether a file is sent to the build.
func sent(rules []rule, file string) bool {
	sent := true
	for _, r := range rules {
		for at := file; at != "."; at = path.Dir(at) {
			if r.pattern.MatchString(at) {
				sent = r.allows
				break
			}
		}
	}
	return sent
}

// TestDockerignore checks that the build gets the sources of the programs, and no key.
func TestDockerignore(t *testing.T) {
	t.Parallel()
	rules := ignoring(t)
	needed := []string{"go.mod", "go.sum"}
	list := exec.Command("go", "list", "-deps", "-json=Module,Dir,GoFiles,EmbedFiles", "./services/image", "./edge")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	here, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Module              *struct{ Main bool }
			Dir                 string
			GoFiles, EmbedFiles []string
		}
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module == nil || !p.Module.Main {
			continue
		}
		dir, err := filepath.Rel(here, p.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Concat(p.GoFiles, p.EmbedFiles) {
			needed = append(needed, path.Join(filepath.ToSlash(dir), name))
		}
	}
	needed = append(needed, "edge/default.pgo", "services/completion/default.pgo")
	for line := range strings.Lines(string(repositoryFile(t, "Dockerfile"))) {
		words := strings.Fields(line)
		if len(words) > 2 && words[0] == "COPY" && !strings.HasPrefix(words[1], "--from") {
			for _, source := range words[1 : len(words)-1] {
				if source != "." && !sent(rules, source) {
					t.Errorf("the Dockerfile copies %s, which is not sent", source)
				}
			}
		}
	}
	if len(needed) < 100 {
		t.Errorf("%d files make the programs", len(needed))
	}
	for _, file := range needed {
		if !sent(rules, file) {
			t.Errorf("%s is not sent", file)
		}
	}
	for _, file := range []string{
		"keys.yaml", "keys.json", "tickets", "secret", "tls.key", "server.pem", "jwks.json", ".env", ".git/config", ".cache/bin/x",
		"data/nats/jetstream/x", "deploy/Caddyfile", "docker-compose.yml", "e2e/door_test.go", "bench/main.go", "docs/log.md", "models.yaml",
		"certs/ca.crt", "id_ed25519", "node_modules/x/y.js", "Dockerfile", "nats.creds",
		"edge/keys.yaml", "edge/api-keys.yml", "edge/server/tls.key", "services/standalone/data/nats/x", "edge/data/x", "services/standalone/.env",
		"internal/.netrc", "examples/node_modules/openai/x.js", "services/completion/nats.creds", "services/completion/ca.pem", "edge/ticket-secret.txt",
		"edge/tickets", "edge/id_ed25519", "edge/models.yaml", "edge/server/models.yaml", "services/standalone/jwks.json", "services/tickets", "internal/key",
		"edge/server/tickets", "examples/keys", "services/completion/internal/x/token.txt",
	} {
		if sent(rules, file) {
			t.Errorf("%s is sent to the build", file)
		}
	}
}
