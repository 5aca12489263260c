package secretfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	for _, test := range []struct {
		name string
		mode os.FileMode
		want string // in the error; "": it is read
	}{
		{"its owner's", 0o600, ""},
		{"its owner's, who may not change it", 0o400, ""},
		{"of a group too", 0o440, ""},
		{"everybody may read it", 0o604, "chmod o-rw"},
		{"everybody may change it", 0o602, "chmod o-rw"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(path, []byte("hidden"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			text, err := Read(path)
			switch {
			case test.want == "" && (err != nil || string(text) != "hidden"):
				t.Errorf("%q, %v", text, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path)):
				t.Errorf("error %v, want one with %q and the path", err, test.want)
			case err != nil && (text != nil || strings.Contains(err.Error(), "hidden")):
				t.Errorf("%q, %v: the secret is told", text, err)
			}
		})
	}
	for name, path := range map[string]string{"absent": filepath.Join(t.TempDir(), "absent"), "directory": t.TempDir()} {
		if _, err := Read(path); err == nil {
			t.Errorf("%s: it is read", name)
		}
	}
}
