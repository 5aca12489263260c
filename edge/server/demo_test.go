package server

import (
	"context"
	"strings"
	"testing"
)

// TestDemoIsLocal checks that only users of this machine can use the demonstration.
func TestDemoIsLocal(t *testing.T) {
	kill := func(context.Context) (string, error) { return "", nil }
	for _, test := range []struct {
		name    string
		cfg     Config
		refused bool
	}{
		{"loopback", Config{Listen: "127.0.0.1:0", DemoKill: kill}, false},
		{"everywhere", Config{Listen: "0.0.0.0:0", DemoKill: kill, Options: Options{Access: Access{InsecurePublic: true}}}, true},
		{"loopback, said to be public", Config{Listen: "127.0.0.1:0", DemoKill: kill, Options: Options{Access: Access{InsecurePublic: true}}}, true},
		{"with keys", Config{Listen: "127.0.0.1:0", DemoKill: kill, Options: Options{Access: Access{Auth: "keys", AuthKeys: "keys.yaml"}}}, true},
		{"no demonstration", Config{Listen: "127.0.0.1:0", Options: Options{Access: Access{InsecurePublic: true}}}, false},
	} {
		err := test.cfg.Check()
		if refused := err != nil && strings.Contains(err.Error(), "--demo"); refused != test.refused || !refused && err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}
