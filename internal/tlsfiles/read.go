package tlsfiles

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pawstream/pawstream/internal/secretfile"
)

// content is the content of the files of a [Set].
type content struct {
	certificate *tls.Certificate // nil: there is none
	authorities *x509.CertPool   // nil: there is no CA file
	valid       []term
}

// A term is a certificate with its file, for its validity.
type term struct {
	file string
	cert *x509.Certificate
}

func read(files Files) (*content, error) {
	var c content
	var err error
	if files.Cert != "" || files.Key != "" {
		if c.certificate, err = readPair(files.Cert, files.Key); err != nil {
			return nil, err
		}
		c.valid = append(c.valid, term{files.Cert, c.certificate.Leaf})
	}
	if files.CA != "" {
		var list []*x509.Certificate
		if c.authorities, list, err = readAuthorities(files.CA); err != nil {
			return nil, err
		}
		for _, authority := range list {
			c.valid = append(c.valid, term{files.CA, authority})
		}
	}
	return &c, nil
}

func readPair(certPath, keyPath string) (*tls.Certificate, error) {
	certText, err := os.ReadFile(certPath) //nolint:gosec // the operator names it
	if err != nil {
		return nil, fmt.Errorf("certificate file: %w", err)
	}
	chain, err := certificates(certText)
	if err != nil {
		return nil, fmt.Errorf("certificate file %s: %w", certPath, err)
	}
	if err := validNow(chain[0]); err != nil {
		return nil, fmt.Errorf("certificate file %s: %w", certPath, err)
	}
	keyText, err := secretfile.Read(keyPath)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	pair, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		return nil, fmt.Errorf("key file %s with certificate file %s: %w", keyPath, certPath, err)
	}
	return &pair, nil
}

// readAuthorities reads certificates, at least one of which must be valid now. It returns them as a pool, and
// as a list.
func readAuthorities(path string) (*x509.CertPool, []*x509.Certificate, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, nil, fmt.Errorf("CA file: %w", err)
	}
	list, err := certificates(text)
	if err != nil {
		return nil, nil, fmt.Errorf("CA file %s: %w", path, err)
	}
	pool := x509.NewCertPool()
	var outdated error
	valid := false
	for _, c := range list {
		pool.AddCert(c)
		if err := validNow(c); err != nil {
			outdated = err
		} else {
			valid = true
		}
	}
	if !valid {
		return nil, nil, fmt.Errorf("CA file %s: %w", path, outdated)
	}
	return pool, list, nil
}

// certificates returns the certificates of a PEM text, or an error if there are none. It ignores other blocks.
func certificates(text []byte) ([]*x509.Certificate, error) {
	var list []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, errors.New("it holds no certificate in PEM")
	}
	return list, nil
}

func validNow(c *x509.Certificate) error {
	switch now := time.Now(); {
	case now.Before(c.NotBefore):
		return fmt.Errorf("its certificate is not valid before %s", c.NotBefore.Format(time.RFC3339))
	case now.After(c.NotAfter):
		return fmt.Errorf("its certificate expired at %s", c.NotAfter.Format(time.RFC3339))
	}
	return nil
}
