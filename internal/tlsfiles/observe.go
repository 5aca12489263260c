package tlsfiles

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pawstream/pawstream/internal/telemetry"
)

// Observe adds metrics of the validity of each certificate in force. A process may observe several sets.
func (s *Set) Observe(meters metric.MeterProvider) error {
	return observe(meters, func() []term { return s.files.Get().valid })
}

// ObserveFiles is [Set.Observe] for files that another library reads whenever it connects: it reads the files
// at each collection. An unreadable file has no metrics.
func ObserveFiles(meters metric.MeterProvider, files Files) error {
	if files.Cert == "" && files.CA == "" {
		return nil
	}
	return observe(meters, func() []term {
		var valid []term
		if list := stored(files.Cert); len(list) > 0 {
			valid = append(valid, term{files.Cert, list[0]})
		}
		for _, authority := range stored(files.CA) {
			valid = append(valid, term{files.CA, authority})
		}
		return valid
	})
}

// stored returns the certificates of a file, or nil if it has none or cannot be read.
func stored(path string) []*x509.Certificate {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil
	}
	list, err := certificates(text)
	if err != nil {
		return nil
	}
	return list
}

func observe(meters metric.MeterProvider, valid func() []term) error {
	instruments := telemetry.NewInstruments(meters)
	notBefore := instruments.Gauge("pawstream.certificate.not_before.timestamp", "s", "When the validity of a certificate begins, in Unix time.")
	notAfter := instruments.Gauge("pawstream.certificate.not_after.timestamp", "s", "When a certificate expires, in Unix time.")
	if err := instruments.Err(); err != nil {
		return fmt.Errorf("metrics of certificates: %w", err)
	}
	_, err := instruments.Meter().RegisterCallback(func(_ context.Context, o metric.Observer) error {
		for name, cert := range latest(valid()) {
			as := metric.WithAttributes(attribute.String("file", name.file), attribute.String("subject", name.subject))
			o.ObserveInt64(notBefore, cert.NotBefore.Unix(), as)
			o.ObserveInt64(notAfter, cert.NotAfter.Unix(), as)
		}
		return nil
	}, notBefore, notAfter)
	if err != nil {
		return fmt.Errorf("metrics of certificates: %w", err)
	}
	return nil
}

// A name identifies a certificate in metrics.
type name struct{ file, subject string }

// latest returns the certificate with the latest end for each name, so that a renewed authority counts as
// renewed.
func latest(valid []term) map[name]*x509.Certificate {
	found := make(map[name]*x509.Certificate, len(valid))
	for _, v := range valid {
		key := name{v.file, v.cert.Subject.String()}
		if other := found[key]; other == nil || other.NotAfter.Before(v.cert.NotAfter) {
			found[key] = v.cert
		}
	}
	return found
}
