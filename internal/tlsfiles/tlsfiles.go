// Package tlsfiles secures connections with TLS and certificates from PEM files. It rereads the files when they
// change; the new content applies to new connections. The minimum is TLS 1.3.
//
// It knows neither HTTP nor gRPC.
package tlsfiles

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"sync"
	"time"

	"github.com/pawstream/pawstream/internal/reload"
)

// Files are the PEM files of one side of connections. Cert and Key need each other.
type Files struct {
	Cert string // our certificate, followed by intermediate certificates
	Key  string // the key of Cert; must not be world-readable
	CA   string // the authorities that may issue the other side's certificate
}

// A Set is the last valid content of the files. It is safe for concurrent use.
type Set struct {
	files *reload.Value[*content]
}

// Load reads the files. It is an error if a certificate is not valid now or does not belong
// to its key; the error names the file.
func Load(files Files) (*Set, error) {
	var paths []string
	for _, path := range []string{files.Cert, files.Key, files.CA} {
		if path != "" {
			paths = append(paths, path)
		}
	}
	value, err := reload.Load(func() (*content, error) { return read(files) }, paths...)
	if err != nil {
		return nil, err
	}
	return &Set{files: value}, nil
}

// Watch reloads all files when one changes, until ctx ends; see [reload.Value.Watch]. Meanwhile it warns, once
// a day, of each certificate that is about to expire: if less than [Notice] is left, or less than a third of
// its lifetime if that is shorter.
func (s *Set) Watch(ctx context.Context, logger *slog.Logger) {
	var warning sync.WaitGroup
	warning.Go(func() { s.warn(ctx, logger) })
	s.files.Watch(ctx, logger)
	warning.Wait()
}

// Notice is how long before the end of a long-lived certificate the warnings begin.
const Notice = 14 * 24 * time.Hour

const (
	warnLook  = time.Minute    // the time between two checks
	warnAgain = 24 * time.Hour // the time between two warnings about one certificate
)

// warn logs the warnings of [Set.Watch] until ctx ends.
func (s *Set) warn(ctx context.Context, logger *slog.Logger) {
	look := time.NewTicker(warnLook)
	defer look.Stop()
	warned := make(map[*x509.Certificate]time.Time)
	for {
		now := time.Now()
		for _, v := range s.files.Get().valid {
			if !v.endsSoon(now) || now.Sub(warned[v.cert]) < warnAgain {
				continue
			}
			warned[v.cert] = now
			logger.WarnContext(ctx, "a certificate expires soon, or has expired",
				slog.String("file", v.file), slog.String("subject", v.cert.Subject.String()), slog.Any("names", v.cert.DNSNames),
				slog.Time("expires", v.cert.NotAfter))
		}
		for cert, at := range warned { // it may have been replaced
			if now.Sub(at) > warnAgain {
				delete(warned, cert)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// endsSoon reports whether a certificate needs renewal.
func (v *term) endsSoon(now time.Time) bool {
	notice := min(Notice, v.cert.NotAfter.Sub(v.cert.NotBefore)/3)
	return v.cert.NotAfter.Sub(now) < notice
}

// Server returns the configuration of a server with the set's certificate and the given protocols, in order of
// preference (RFC 7301). With a CA file, clients must have a certificate from an authority in it.
func (s *Set) Server(protocols ...string) *tls.Config {
	config := s.server(protocols)
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return s.server(protocols), nil }
	return config
}

// server returns the configuration of one connection.
func (s *Set) server(protocols []string) *tls.Config {
	now := s.files.Get()
	config := &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: protocols}
	if now.certificate != nil {
		config.Certificates = []tls.Certificate{*now.certificate}
	}
	if now.authorities != nil {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, now.authorities
		config.SessionTicketsDisabled = true // otherwise a client whose authority was removed could still resume
	}
	return config
}

// Client returns the configuration of the next connection to a server: call it for each one. Without a CA file
// the server's certificate must be from an authority that the system knows.
func (s *Set) Client() *tls.Config {
	now := s.files.Get()
	config := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: now.authorities}
	// Send it even if the server names other authorities: its error then says what is wrong.
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if now.certificate == nil {
			return &tls.Certificate{}, nil
		}
		return now.certificate, nil
	}
	return config
}
