package server

import (
	"testing"

	"github.com/pawstream/pawstream/internal/tlsfiles"
)

// TestOpenToOthers checks which addresses need callers' certificates.
func TestOpenToOthers(t *testing.T) {
	pair := tlsfiles.Pair{Cert: "c", Key: "k"}
	for listen, open := range map[string]bool{
		"127.0.0.1:50051": false, "127.9.9.9:0": false, "[::1]:50051": false, "localhost:50051": false,
		"0.0.0.0:50051": true, "[::]:50051": true, ":50051": true, "192.0.2.1:50051": true, "completion.internal:50051": true,
	} {
		for _, test := range []struct {
			name   string
			access Access
			fails  bool
		}{
			{"plaintext", Access{}, open},
			{"TLS", Access{TLS: tlsfiles.Serving{Pair: pair}}, open},
			{"mutual TLS", Access{TLS: tlsfiles.Serving{Pair: pair, ClientCA: "a"}}, false},
			{"plaintext, meant", Access{InsecurePublic: true}, false},
		} {
			if err := test.access.check(listen, "grpc-"); (err != nil) != test.fails {
				t.Errorf("%s on %s: error %v", test.name, listen, err)
			}
		}
	}
}
