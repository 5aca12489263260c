// Package tlstest issues certificates for tests, as files.
package tlstest

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pawstream/pawstream/internal/tlsfiles"
)

// An Authority issues certificates.
type Authority struct {
	// File is the path of its own certificate.
	File string
	cert *x509.Certificate
	key  crypto.Signer
}

// lifetime is how long a certificate is valid before and after its creation.
const lifetime = time.Hour

// NewAuthority makes an authority with that common name; change may alter its certificate.
func NewAuthority(t testing.TB, name string, change ...func(*x509.Certificate)) *Authority {
	t.Helper()
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-lifetime), NotAfter: time.Now().Add(lifetime),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	for _, c := range change {
		c(template)
	}
	public, key := newKey(t)
	a := &Authority{key: key, File: filepath.Join(t.TempDir(), "ca.pem")}
	a.cert = sign(t, template, template, public, key)
	write(t, a.File, "CERTIFICATE", a.cert.Raw)
	return a
}

// Issue returns the files of a new certificate for loopback addresses and the DNS name name, unless change
// alters it. The CA file is the authority's.
func (a *Authority) Issue(t testing.TB, name string, change ...func(*x509.Certificate)) tlsfiles.Files {
	t.Helper()
	template := &x509.Certificate{
		NotBefore: time.Now().Add(-lifetime), NotAfter: time.Now().Add(lifetime),
		DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, c := range change {
		c(template)
	}
	public, key := newKey(t)
	cert := sign(t, template, a.cert, public, a.key)
	dir := t.TempDir()
	files := tlsfiles.Files{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), CA: a.File}
	write(t, files.Cert, "CERTIFICATE", cert.Raw)
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, files.Key, "PRIVATE KEY", text)
	return files
}

// Replace replaces the certificate and the key of files by those of other, each atomically, as a renewal tool
// does.
func Replace(t testing.TB, files, other tlsfiles.Files) {
	t.Helper()
	for from, to := range map[string]string{other.Cert: files.Cert, other.Key: files.Key} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
}

func newKey(t testing.TB) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return public, key
}

func sign(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func write(t testing.TB, path, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
