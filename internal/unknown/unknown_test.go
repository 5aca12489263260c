package unknown_test

import (
	"strings"
	"testing"

	"github.com/pawstream/pawstream/internal/unknown"
)

func TestModel(t *testing.T) {
	const general = "The model does not exist, or you may not use it. GET /v1/models lists those that you may."
	names := []string{"pet-advisor-1", "pet-advisor-turbo", "qwen3:4b"}
	for _, tt := range []struct {
		name  string
		names []string
		want  string
	}{
		{"pet-adviser-1", names, "pet-advisor-1"},
		{"Pet-Advisor-Turbo", names, "pet-advisor-turbo"},
		{"qwen3", names, "qwen3:4b"},
		{"turbo", names, "pet-advisor-turbo"},
		{"gpt-4o", []string{"pet-advisor-1"}, "pet-advisor-1"},
		{"gpt-4o", nil, ""},
		{"gpt-4o", []string{strings.Repeat("x", 129)}, ""},
	} {
		want := "The model '" + tt.name + "' does not exist, or you may not use it. GET /v1/models lists those that you may"
		if tt.want != "" {
			want += "; the nearest name is '" + tt.want + "'"
		}
		if got := unknown.Model(tt.name, tt.names); got != want+"." {
			t.Errorf("%s: %s, want %s", tt.name, got, want)
		}
	}
	for _, name := range []string{"", strings.Repeat("x", 129), "\xff", "<script>alert(7)</script>", "a' b"} {
		if got := unknown.Model(name, names); got != general {
			t.Errorf("%q: %s", name, got)
		}
	}
}

func TestUnlisted(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"turbo", "The model 'turbo' does not exist, or you may not use it; the nearest name is 'pet-advisor-turbo'."},
		{"<b>", "The model does not exist, or you may not use it."},
	} {
		if got := unknown.Unlisted(unknown.Model(tt.name, []string{"pet-advisor-turbo"})); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if got := unknown.Unlisted(unknown.Model("gpt", nil)); got != "The model 'gpt' does not exist, or you may not use it." {
		t.Error(got)
	}
	if got := unknown.Unlisted("Something else."); got != "Something else." {
		t.Error(got)
	}
}
