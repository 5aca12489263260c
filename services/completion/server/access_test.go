package server

import "testing"

// TestOpenToOthers is about which addresses need callers' certificates.
func TestOpenToOthers(t *testing.T) {
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
			{"TLS", Access{TLSCert: "c", TLSKey: "k"}, open},
			{"mutual TLS", Access{TLSCert: "c", TLSKey: "k", TLSClientCA: "a"}, false},
			{"plaintext, meant", Access{InsecurePublic: true}, false},
		} {
			if err := test.access.check(listen, "grpc-"); (err != nil) != test.fails {
				t.Errorf("%s on %s: error %v", test.name, listen, err)
			}
		}
	}
}
