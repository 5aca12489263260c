package docs_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestAlerts holds that each alert of deploy/alerts.yml has a row in operations.md, which says what to
// do, and series that fire it and such as do not in deploy/alerts_test.yml.
func TestAlerts(t *testing.T) {
	read := func(name string, into any) {
		t.Helper()
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	var alerts struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Labels      map[string]string
				Annotations map[string]string
			}
		}
	}
	read("../deploy/alerts.yml", &alerts)
	var tests struct {
		Tests []struct {
			Rules []struct {
				Alert  string `yaml:"alertname"`
				Alerts []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	read("../deploy/alerts_test.yml", &tests)
	page, err := os.ReadFile("operations.md")
	if err != nil {
		t.Fatal(err)
	}

	var names []string
	for _, group := range alerts.Groups {
		for _, rule := range group.Rules {
			names = append(names, rule.Alert)
			if rule.Annotations["summary"] == "" || !slices.Contains([]string{"page", "ticket"}, rule.Labels["severity"]) {
				t.Errorf("%s has annotations %v and labels %v", rule.Alert, rule.Annotations, rule.Labels)
			}
			if !regexp.MustCompile("(?m)^\\| `" + rule.Alert + "` \\| " + rule.Labels["severity"] + " \\|").Match(page) {
				t.Errorf("operations.md has no row of %s, severity %s", rule.Alert, rule.Labels["severity"])
			}
			fires, quiet := 0, 0
			for _, test := range tests.Tests {
				for _, one := range test.Rules {
					switch {
					case one.Alert != rule.Alert:
					case len(one.Alerts) > 0:
						fires++
					default:
						quiet++
					}
				}
			}
			if fires == 0 || quiet == 0 {
				t.Errorf("%s is tested %d times to fire, and %d times not to", rule.Alert, fires, quiet)
			}
		}
	}
	if len(names) < 20 {
		t.Errorf("%d alerts", len(names))
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `(Pawstream\\w+)`").FindAllStringSubmatch(string(page), -1) {
		if !slices.Contains(names, row[1]) {
			t.Errorf("operations.md tells of %s, which is none of %s", row[1], strings.Join(names, ", "))
		}
	}
}
