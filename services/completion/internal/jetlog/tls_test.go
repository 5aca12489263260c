package jetlog

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/pawstream/pawstream/internal/natsconn"
	"github.com/pawstream/pawstream/internal/tlsfiles"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// An authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{cert: &x509.Certificate{
		Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}}
	var certPEM []byte
	certPEM, a.key = a.sign(t, a.cert)
	a.file = writeFile(t, "ca.pem", certPEM)
	return a
}

// sign returns a certificate in PEM, and its key. The authority's own certificate signs itself.
func (a *authority) sign(t *testing.T, c *x509.Certificate) ([]byte, *ecdsa.PrivateKey) {
	t.Helper()
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := a.key
	if c == a.cert {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.cert, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), key
}

// issue returns the files of a certificate for the loopback address and of its key.
func (a *authority) issue(t *testing.T, name string) (certFile, keyFile string) {
	t.Helper()
	certPEM, key := a.sign(t, &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, name+".pem", certPEM), writeFile(t, name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// startTLS starts a server that requires a client certificate and a password.
func startTLS(t *testing.T, ca *authority) (host string) {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(ca.issue(t, "server"))
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	if data, err := os.ReadFile(ca.file); err != nil || !clients.AppendCertsFromPEM(data) {
		t.Fatal("no authority: ", err)
	}
	return serveNATS(t, &server.Options{
		Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), Username: "ann", Password: "s3cret/right", TLSTimeout: 5,
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert},
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients,
		},
	}).Addr().String()
}

func TestLogOverTLS(t *testing.T) {
	ca := newAuthority(t)
	host := startTLS(t, ca)
	certFile, keyFile := ca.issue(t, "client")
	good := Config{NATS: natsconn.Server{
		URL: "tls://ann:s3cret%2Fright@" + host, CA: ca.file, Pair: tlsfiles.Pair{Cert: certFile, Key: keyFile},
	}}
	for _, url := range []string{good.NATS.URL, strings.Replace(good.NATS.URL, "tls://", "nats://", 1)} {
		cfg := good
		cfg.NATS.URL = url
		l := open(t, cfg)
		id := url[:4]
		w, err := l.Create(within(t), meta(id))
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, w, "a")
		if err := w.Seal(within(t), chat.Event{Kind: chat.KindDone}); err != nil {
			t.Fatal(err)
		}
		if got, _ := text(t, l, id); got != "a" {
			t.Errorf("got %q", got)
		}
	}
	strangerCert, strangerKey := newAuthority(t).issue(t, "stranger")
	plain := startNATS(t)
	for _, test := range []struct {
		name, want string
		change     func(*Config)
	}{
		{"unknown authority", "certificate signed by unknown authority", func(c *Config) { c.NATS.CA = "" }},
		{"another authority", "certificate signed by unknown authority", func(c *Config) { c.NATS.CA = newAuthority(t).file }},
		{"no client certificate", "tls", func(c *Config) { c.NATS.Cert, c.NATS.Key = "", "" }},
		{"a stranger's certificate", "tls", func(c *Config) { c.NATS.Cert, c.NATS.Key = strangerCert, strangerKey }},
		{"a wrong password", "Authorization Violation", func(c *Config) { c.NATS.URL = "tls://ann:s3cret@" + host }},
		{"no key", "need each other", func(c *Config) { c.NATS.Key = "" }},
		{"no CA file", "no such file", func(c *Config) { c.NATS.CA = "/nowhere/ca.pem" }},
		{"an empty CA file", "failed to parse root certificate", func(c *Config) { c.NATS.CA = writeFile(t, "empty.pem", []byte("?")) }},
		{"no certificate file", "no such file", func(c *Config) { c.NATS.Cert = "/nowhere/client.pem" }},
		{"a server without TLS", "secure connection not available", func(c *Config) { c.NATS.URL = plain }},
	} {
		t.Run(test.name, func(t *testing.T) {
			cfg := good
			test.change(&cfg)
			wantRefused(t, cfg, test.want)
		})
	}
}
