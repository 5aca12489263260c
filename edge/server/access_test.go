package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTicketSecret(t *testing.T) {
	for _, test := range []struct {
		name, text string
		mode       os.FileMode
		want       string // in the error; "": the secret is accepted
	}{
		{"long enough", strings.Repeat("s", minTicketSecret), 0o600, ""},
		{"too short", strings.Repeat("s", minTicketSecret-1), 0o600, "fewer than 32"},
		{"everybody may read it", strings.Repeat("s", minTicketSecret), 0o644, "chmod o-rw"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte(test.text), test.mode); err != nil {
				t.Fatal(err)
			}
			secret, err := (&Access{TicketSecretFile: path}).ticketSecret()
			switch {
			case test.want == "" && (err != nil || string(secret) != test.text):
				t.Errorf("%q, %v", secret, err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "--ticket-secret-file")):
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}
