package stack

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/pawstream/pawstream/e2e/internal/api"
	"github.com/pawstream/pawstream/e2e/internal/modelserver"
	"github.com/pawstream/pawstream/e2e/internal/rig"
	"github.com/pawstream/pawstream/e2e/internal/stack"
	"github.com/pawstream/pawstream/internal/sse"
	"github.com/pawstream/pawstream/internal/tlsfiles/tlstest"
)

// series are the metrics of some processes: by name, the labels of each, alone and with their values.
type series map[string]map[string]bool

// scrape adds the metrics of a process, as Prometheus sees them.
func (s series) scrape(t *testing.T, p *stack.Process) {
	t.Helper()
	x := api.Do(t, api.Request(t, http.MethodGet, "http://"+p.Addr("admin")+"/metrics", ""))
	problems, err := promlint.New(bytes.NewReader(x.Body)).Lint()
	if err != nil {
		t.Error(err)
	}
	for _, problem := range problems {
		if regexp.MustCompile(`^(pawstream|gen_ai|http|rpc)_`).MatchString(problem.Metric) { // others belong to the runtime
			t.Errorf("promtool complains about %s: %s", problem.Metric, problem.Text)
		}
	}
	label := regexp.MustCompile(`[{,]((\w+)="[^"]*")`)
	for lines := bufio.NewScanner(strings.NewReader(string(x.Body))); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		name := line[:strings.IndexAny(line, "{ ")]
		if s[name] == nil {
			s[name] = map[string]bool{"instance": true, "job": true} // Prometheus adds these
		}
		for _, found := range label.FindAllStringSubmatch(line, -1) {
			s[name][found[1]], s[name][found[2]] = true, true
		}
	}
}

// observed returns the metrics of two replicas and an edge that have done everything with a metric.
func observed(t *testing.T) series {
	t.Helper()
	nats := "--nats-url=" + rig.NATS(t).ClientURL()
	server := httptest.NewServer(&modelserver.Narrator{T: t, Story: "Luna is a spaniel."})
	t.Cleanup(server.Close)
	models := "--models=" + rig.ModelsFile(t, "models:\n  - name: house\n    targets: [{engine: openai, base_url: "+server.URL+", model: m, max_concurrent: 1}]\n")
	doomed := rig.Start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=150", nats, models)
	survivor := rig.Start(t, "completion", "--listen=127.0.0.1:0", "--advisor-pace=150", nats, models)
	args := []string{"--listen=127.0.0.1:0", nats, "--heartbeat=50ms", "--rate-limit=5", "--auth=keys", "--auth-keys=" + rig.Keys(t, "owner", "other", "third")}
	first := rig.Start(t, "edge", append(args, "--completion-addr="+doomed.Addr("grpc"))...)
	second := rig.Start(t, "edge", append(args, "--completion-addr="+doomed.Addr("grpc")+","+survivor.Addr("grpc"))...)

	// The doomed one's completion, followed by the other edge.
	f := &api.Follower{T: t}
	url := "http://" + first.Addr("http")
	begun := api.Send(t, api.Request(t, http.MethodPost, url+"/v1/chat/completions", api.Body(api.Object{"stream": true}), rig.Bearer("owner")))
	f.Read(sse.NewDecoder(begun.Body), api.KillAfter)
	last := f.Got[len(f.Got)-1].ID.String()
	id, _, _ := strings.Cut(last, ".")
	var follows []*http.Response // from both replicas in turn
	for range 4 {
		follows = append(follows, api.Send(t, api.Request(t, http.MethodGet,
			"http://"+second.Addr("http")+"/v1/chat/completions/"+id+"?stream=true", "", rig.Bearer("owner"), "Last-Event-ID: "+last)))
	}
	doomed.Kill()
	if !f.Read(sse.NewDecoder(follows[0].Body), 0) {
		t.Fatalf("the stream ended after %d events", len(f.Got))
	}
	for _, follow := range follows[1:] {
		api.Events(t, follow.Body)
	}
	for range 6 { // whole, to time each token; the last one exceeds the limit
		api.Post(t, "http://"+second.Addr("http"), api.Body(api.Object{"max_tokens": 9}), rig.Bearer("other"))
	}
	api.Post(t, "http://"+second.Addr("http"), api.Body(api.Object{"model": "house"}), rig.Bearer("third"))
	api.Post(t, "http://"+second.Addr("http"), api.Streamed(api.Object{"max_tokens": 9}), rig.Bearer("third"))
	certificate := tlstest.NewAuthority(t, "ours").Issue(t, "edge")
	secured := rig.Start(t, "edge", "--listen=127.0.0.1:0", "--completion-addr="+survivor.Addr("grpc"),
		"--tls-cert="+certificate.Cert, "--tls-key="+certificate.Key, "--tls-client-ca="+certificate.CA)
	all := make(series)
	for _, p := range []*stack.Process{survivor, first, second, secured} {
		all.scrape(t, p)
	}
	return all
}

// TestNamedMetrics looks for every metric named in the documentation and the dashboard, and for undocumented metrics
// of ours.
func TestNamedMetrics(t *testing.T) {
	t.Parallel()
	all := observed(t)
	t.Run("operations.md", func(t *testing.T) {
		named := documented(t, all)
		for name := range all {
			base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
			if regexp.MustCompile(`^(pawstream|gen_ai)_`).MatchString(base) && !named[base] {
				t.Errorf("it does not tell of %s", base)
			}
		}
	})
	t.Run("dashboard", func(t *testing.T) { charted(t, all) })
	t.Run("alerts", func(t *testing.T) { alarmed(t, all) })
	t.Run("chart", func(t *testing.T) { scaled(t, all) })
	t.Run("no such value", func(t *testing.T) {
		for _, expr := range []string{
			`pawstream_edge_requests_refused_total{reason="memoy"}`, `pawstream_edge_requests_refused_total{reason=~"full|memoy"}`,
			`pawstream_edge_requests_refused_total{reason!~"full|memoy"}`,
		} {
			if missing := all.missing(expr); len(missing) != 1 {
				t.Errorf("%s: %q", expr, missing)
			}
		}
	})
}

// has reports whether a metric exists, as a counter, a gauge or a histogram.
func (s series) has(name string) bool { return s[name] != nil || s[name+"_bucket"] != nil }

// documented returns the metrics in operations.md.
func documented(t *testing.T, all series) map[string]bool {
	t.Helper()
	named := make(map[string]bool)
	rows := regexp.MustCompile("(?m)^\\| (`[a-z][^|]+`) \\|").FindAllSubmatch(repositoryFile(t, "docs", "operations.md"), -1)
	if len(rows) < 10 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		var whole string // an abbreviated name refers to the last whole one
		for _, found := range regexp.MustCompile("`([^`]+)`").FindAllSubmatch(row[1], -1) {
			name := string(found[1])
			if rest, abbreviated := strings.CutPrefix(name, "…"); abbreviated {
				name = completed(all, whole, rest)
			} else {
				whole = name
			}
			if !all.has(name) {
				t.Errorf("there is no %s (%s)", name, found[1])
			}
			named[name] = true
		}
	}
	return named
}

// completed returns the metric that begins like other and ends with end.
func completed(all series, other, end string) string {
	for i := len(other); i > 0; i-- {
		if name := other[:i] + end; all.has(name) {
			return name
		}
	}
	return "…" + end
}

// datasource is Grafana's name for Prometheus.
const datasource = "prometheus"

// alarmed checks that alerts use existing metrics and labels.
func alarmed(t *testing.T, all series) {
	t.Helper()
	var alerts struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(repositoryFile(t, "deploy", "alerts.yml"), &alerts); err != nil {
		t.Fatal(err)
	}
	for _, group := range alerts.Groups {
		for _, rule := range group.Rules {
			all.asked(t, rule.Alert, rule.Expr)
		}
	}
}

// asked checks that an expression uses existing metrics, labels and values.
func (s series) asked(t *testing.T, who, expr string) {
	t.Helper()
	for _, what := range s.missing(expr) {
		t.Errorf("%s: %s", who, what)
	}
}

// missing returns what an expression uses that does not exist.
func (s series) missing(expr string) (missing []string) {
	by := regexp.MustCompile(`by \(([^)]*)\)`)
	var labels []string
	for _, group := range by.FindAllStringSubmatch(expr, -1) {
		labels = append(labels, strings.Split(group[1], ", ")...)
	}
	selector := regexp.MustCompile(`\b([a-z]+(?:_[a-z0-9]+)+)\b(?:\{([^}]*)\})?`)
	expr = regexp.MustCompile(`\$__\w+`).ReplaceAllString(by.ReplaceAllString(expr, ""), "")
	found := selector.FindAllStringSubmatch(strings.ReplaceAll(expr, "histogram_quantile", ""), -1)
	if len(found) == 0 && !strings.Contains(expr, "up{") {
		missing = append(missing, "no metric in "+expr)
	}
	for _, metric := range found {
		if s[metric[1]] == nil {
			missing = append(missing, "there is no "+metric[1])
			continue
		}
		asked := slices.Clone(labels)
		for _, matcher := range regexp.MustCompile(`(\w+)(=~|=|!~|!=)("[^"]*")`).FindAllStringSubmatch(metric[2], -1) {
			asked = append(asked, matcher[1])
			values := strings.Trim(matcher[3], `"`)
			if matcher[1] == "job" || strings.HasPrefix(values, "$") { // Prometheus adds the first, and the dashboard replaces the second
				continue
			}
			alternatives := []string{values}
			if strings.HasSuffix(matcher[2], "~") {
				alternatives = strings.Split(values, "|")
			}
			for _, one := range alternatives {
				asked = append(asked, fmt.Sprintf("%s=%q", matcher[1], one))
			}
		}
		for _, label := range asked {
			if !s[metric[1]][label] {
				missing = append(missing, metric[1]+" has no label "+label)
			}
		}
	}
	return missing
}

// scaled checks that the chart scales edges by an existing metric of theirs.
func scaled(t *testing.T, all series) {
	t.Helper()
	metrics := 0
	for doc := range bytes.SplitSeq(repositoryFile(t, "deploy", "helm", "ci", "all.yaml"), []byte("\n---\n")) {
		var scaler struct {
			Kind string
			Spec struct {
				Metrics []struct {
					Pods struct{ Metric struct{ Name string } }
				}
			}
		}
		if err := yaml.Unmarshal(doc, &scaler); err != nil {
			t.Fatal(err)
		}
		for _, m := range scaler.Spec.Metrics {
			metrics++
			if name := m.Pods.Metric.Name; scaler.Kind != "HorizontalPodAutoscaler" || !strings.HasPrefix(name, "pawstream_edge_") || all[name] == nil {
				t.Errorf("a %s asks for %q", scaler.Kind, name)
			}
		}
	}
	if metrics != 1 {
		t.Errorf("edges are scaled by %d metrics", metrics)
	}
}

// overview are the metrics of the dashboard's first row.
var overview = []string{
	"pawstream_ready", "pawstream_edge_streams_open", "gen_ai_client_token_usage_sum", "pawstream_edge_stream_first_event_duration_seconds_bucket",
	`pawstream_completions_ended_total{outcome="failed"}`, "pawstream_completions_taken_over_total", "pawstream_upstream_resting",
}

// charted checks the expressions of the dashboard.
func charted(t *testing.T, all series) {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Title, Type string
			Datasource  struct{ UID string }
			Targets     []struct{ Expr, LegendFormat string }
		}
		Annotations struct{ List []struct{ Name, Expr string } }
		Templating  struct {
			List []struct {
				Name  string
				Query struct{ Query string }
			}
		}
	}
	if err := json.Unmarshal(repositoryFile(t, "deploy", "grafana", "dashboards", "pawstream.json"), &dashboard); err != nil {
		t.Fatal(err)
	}
	by := regexp.MustCompile(`by \(([^)]*)\)`)
	legend := regexp.MustCompile(`\{\{(\w+)\}\}`)
	charts := 0
	var row string
	var atFirst strings.Builder // the expressions of the overview
	for i, panel := range dashboard.Panels {
		if panel.Type == "row" {
			row = panel.Title
			if (row == "Overview") != (i == 0) {
				t.Errorf("the row %s is panel %d", row, i)
			}
			continue
		}
		if panel.Datasource.UID != datasource || len(panel.Targets) == 0 {
			t.Errorf("%s asks %q for %d things", panel.Title, panel.Datasource.UID, len(panel.Targets))
		}
		for _, target := range panel.Targets {
			charts++
			if row == "Overview" {
				fmt.Fprintln(&atFirst, target.Expr)
			}
			var labels []string
			for _, group := range by.FindAllStringSubmatch(target.Expr, -1) {
				labels = append(labels, strings.Split(group[1], ", ")...)
			}
			for _, found := range legend.FindAllStringSubmatch(target.LegendFormat, -1) {
				if len(labels) > 0 && !slices.Contains(labels, found[1]) {
					t.Errorf("%s: the legend names %s, which %s leaves out", panel.Title, found[1], target.Expr)
				}
			}
			all.asked(t, panel.Title, target.Expr)
		}
	}
	for _, metric := range overview {
		if !strings.Contains(atFirst.String(), metric) {
			t.Errorf("the overview has no %s", metric)
		}
	}
	for _, note := range dashboard.Annotations.List {
		all.asked(t, note.Name, note.Expr)
	}
	if len(dashboard.Annotations.List) == 0 || len(dashboard.Templating.List) == 0 {
		t.Error("there are no annotations, or no variables")
	}
	for _, variable := range dashboard.Templating.List {
		asked := regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`).FindStringSubmatch(variable.Query.Query)
		if asked == nil || !all[asked[1]][asked[2]] {
			t.Errorf("the variable %s asks for %q", variable.Name, variable.Query.Query)
		}
	}
	if charts < 30 {
		t.Errorf("%d charts", charts)
	}
}
