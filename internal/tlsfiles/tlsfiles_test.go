package tlsfiles_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/test/bufconn"

	"github.com/pawstream/pawstream/internal/reload"
	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
	"github.com/pawstream/pawstream/internal/tlsfiles"
	"github.com/pawstream/pawstream/internal/tlsfiles/tlstest"
)

func expired(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }
func future(c *x509.Certificate)  { c.NotBefore = time.Now().Add(time.Minute) }

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestLoadRefuses checks that the error, which an operator reads as one line, names the file.
func TestLoadRefuses(t *testing.T) {
	authority := tlstest.NewAuthority(t, "ours")
	good, other := authority.Issue(t, "good"), authority.Issue(t, "other")
	open := authority.Issue(t, "open")
	if err := os.Chmod(open.Key, 0o644); err != nil {
		t.Fatal(err)
	}
	old, early := authority.Issue(t, "old", expired), authority.Issue(t, "early", future)
	oldAuthority := tlstest.NewAuthority(t, "old", expired)
	absent := filepath.Join(t.TempDir(), "absent.pem")
	junk := file(t, "junk")
	broken := file(t, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")

	for _, tt := range []struct {
		name  string
		files tlsfiles.Files
		want  string // in the error
		file  string // in the error
	}{
		{"certificate is not there", tlsfiles.Files{Cert: absent, Key: good.Key}, "no such file", absent},
		{"key is not there", tlsfiles.Files{Cert: good.Cert, Key: absent}, "no such file", absent},
		{"CA is not there", tlsfiles.Files{Cert: good.Cert, Key: good.Key, CA: absent}, "no such file", absent},
		{"a directory", tlsfiles.Files{Cert: t.TempDir(), Key: good.Key}, "is a directory", ""},
		{"key of another certificate", tlsfiles.Files{Cert: good.Cert, Key: other.Key}, "does not match", other.Key},
		{"certificate in place of the key", tlsfiles.Files{Cert: good.Cert, Key: good.Cert}, "PEM", good.Cert},
		{"key in place of the certificate", tlsfiles.Files{Cert: good.Key, Key: good.Key}, "no certificate", good.Key},
		{"no PEM", tlsfiles.Files{Cert: junk, Key: good.Key}, "no certificate", junk},
		{"malformed", tlsfiles.Files{Cert: broken, Key: good.Key}, "x509", broken},
		{"expired", tlsfiles.Files{Cert: old.Cert, Key: old.Key}, "expired", old.Cert},
		{"not valid yet", tlsfiles.Files{Cert: early.Cert, Key: early.Key}, "not valid before", early.Cert},
		{"everybody may read the key", tlsfiles.Files{Cert: open.Cert, Key: open.Key}, "chmod o-r", open.Key},
		{"CA without a certificate", tlsfiles.Files{CA: junk}, "no certificate", junk},
		{"CA that is malformed", tlsfiles.Files{CA: file(t, text(t, authority.File)+text(t, broken))}, "x509", ""},
		{"CA that is expired", tlsfiles.Files{CA: oldAuthority.File}, "expired", oldAuthority.File},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tlsfiles.Load(tt.files)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.file) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q and %q in one line", err, tt.want, tt.file)
			}
		})
	}
	for name, files := range map[string]tlsfiles.Files{
		"all":       good,
		"no CA":     {Cert: good.Cert, Key: good.Key},
		"CA only":   {CA: good.CA},
		"no files":  {},
		"old roots": {CA: file(t, "# ours\n"+text(t, oldAuthority.File)+text(t, authority.File))},
	} {
		if _, err := tlsfiles.Load(files); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func load(t *testing.T, files tlsfiles.Files) *tlsfiles.Set {
	t.Helper()
	set, err := tlsfiles.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// connect connects a client to a server. It returns what each saw of the other.
func connect(t *testing.T, server, client *tls.Config) (ofServer, ofClient tls.ConnectionState, err error) {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	defer listener.Close()
	client = client.Clone()
	if client.ServerName == "" {
		client.ServerName = "127.0.0.1"
	}
	served := make(chan error, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			served <- err
			return
		}
		defer conn.Close()
		ours := tls.Server(conn, server)
		_, err = ours.Write([]byte("x")) // what TLS 1.3 refuses, it refuses after the client's handshake
		ofClient = ours.ConnectionState()
		served <- err
	}()
	conn, err := listener.Dial()
	if err != nil {
		t.Fatal(err)
	}
	theirs := tls.Client(conn, client)
	_, err = theirs.Read(make([]byte, 1))
	conn.Close()
	err = errors.Join(<-served, err)
	return theirs.ConnectionState(), ofClient, err
}

// TestWhoTrustsWhom connects sets with each other.
func TestWhoTrustsWhom(t *testing.T) {
	ours, theirs := tlstest.NewAuthority(t, "ours"), tlstest.NewAuthority(t, "theirs")
	mutual := ours.Issue(t, "service")
	plain := mutual
	plain.CA = ""
	edge, foreign := ours.Issue(t, "edge"), theirs.Issue(t, "edge")
	foreign.CA = ours.File
	nobody := tlsfiles.Files{CA: ours.File}
	notForClients := ours.Issue(t, "edge", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
	inTime := ours.Issue(t, "edge", func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "by its subject"} })

	for _, tt := range []struct {
		name           string
		server, client tlsfiles.Files
		serverName     string
		want           string // in the error; "": they connect
	}{
		{"each knows the other", mutual, edge, "", ""},
		{"a certificate with a subject", mutual, inTime, "", ""},
		{"by name", mutual, edge, "service", ""},
		{"another name", mutual, edge, "elsewhere", "bad certificate"},
		{"server asks for no certificate", plain, nobody, "", ""},
		{"server asks for no certificate, client has one", plain, edge, "", ""},
		{"client has none", mutual, nobody, "", "didn't provide a certificate"},
		{"client's authority is another", mutual, foreign, "", "unknown authority"},
		{"server's authority is another", mutual, theirs.Issue(t, "edge"), "", "bad certificate"},
		{"certificate is not for clients", mutual, notForClients, "", "incompatible key usage"},
		{"system's authorities", plain, tlsfiles.Files{}, "", "bad certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := load(t, tt.client).Client()
			client.ServerName, client.NextProtos = tt.serverName, []string{"b"}
			seen, _, err := connect(t, load(t, tt.server).Server("a", "b"), client)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil || seen.Version != tls.VersionTLS13 || seen.NegotiatedProtocol != "b" {
				t.Errorf("version %x, protocol %q, error %v", seen.Version, seen.NegotiatedProtocol, err)
			}
		})
	}
	t.Run("TLS 1.2", func(t *testing.T) {
		old := load(t, edge).Client()
		old.MinVersion, old.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		if _, _, err := connect(t, load(t, mutual).Server("a"), old); err == nil {
			t.Error("it is spoken")
		}
	})
}

// TestReload replaces certificates, keys and authorities under sets in use.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, next := tlstest.NewAuthority(t, "ours"), tlstest.NewAuthority(t, "next")
		serverFiles, clientFiles := ours.Issue(t, "first"), ours.Issue(t, "client")
		serverFiles.CA, clientFiles.CA = file(t, text(t, ours.File)), file(t, text(t, ours.File))
		server, client := load(t, serverFiles), load(t, clientFiles)
		config := server.Server("a") // as a server keeps it all its life
		var log lines
		ctx, stop := context.WithCancel(t.Context())
		var watchers sync.WaitGroup
		for _, set := range []*tlsfiles.Set{server, client} {
			watchers.Go(func() { set.Watch(ctx, slog.New(slog.NewTextHandler(&log, nil))) })
		}
		write := func(path, text string) {
			next := path + ".next"
			if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(next, path); err != nil {
				t.Fatal(err)
			}
		}
		both := text(t, ours.File) + text(t, next.File)
		second := ours.Issue(t, "second")
		for _, step := range []struct {
			name           string
			act            func()
			server, client string // names that are seen; "": they do not connect
			warnings       int
		}{
			{"at first", func() {}, "first", "client", 0},
			{"key alone", func() { write(serverFiles.Key, text(t, second.Key)) }, "first", "client", 1},
			{"certificate too", func() { write(serverFiles.Cert, text(t, second.Cert)) }, "second", "client", 1},
			{"expired", func() { tlstest.Replace(t, serverFiles, ours.Issue(t, "old", expired)) }, "second", "client", 2},
			{"key for everybody", func() {
				open := ours.Issue(t, "open")
				if err := os.Chmod(open.Key, 0o604); err != nil {
					t.Fatal(err)
				}
				tlstest.Replace(t, serverFiles, open)
			}, "second", "client", 3},
			{"in order again", func() { tlstest.Replace(t, serverFiles, ours.Issue(t, "third")) }, "third", "client", 3},
			{"client's authority changes", func() { tlstest.Replace(t, clientFiles, next.Issue(t, "renewed")) }, "", "", 3},
			{"server takes both", func() { write(serverFiles.CA, both) }, "third", "renewed", 3},
			{"server's authority changes", func() { tlstest.Replace(t, serverFiles, next.Issue(t, "fourth")) }, "", "", 3},
			{"client takes both", func() { write(clientFiles.CA, both) }, "fourth", "renewed", 3},
			{"the old authority is gone", func() { write(serverFiles.CA, text(t, next.File)) }, "fourth", "renewed", 3},
			{"who had the old one too", func() { tlstest.Replace(t, clientFiles, ours.Issue(t, "client")) }, "", "", 3},
		} {
			step.act()
			<-time.After(3 * reload.Interval)
			synctest.Wait()
			ofServer, ofClient, err := connect(t, config, client.Client())
			if got, want := (err == nil), step.server != ""; got != want {
				t.Errorf("%s: error %v", step.name, err)
			} else if err == nil && (leaf(ofServer) != step.server || leaf(ofClient) != step.client) {
				t.Errorf("%s: server %q, client %q", step.name, leaf(ofServer), leaf(ofClient))
			}
			if got := log.count("level=WARN"); got != step.warnings {
				t.Errorf("%s: %d warnings, want %d", step.name, got, step.warnings)
			}
		}
		stop()
		watchers.Wait()
	})
}

func leaf(s tls.ConnectionState) string { return s.PeerCertificates[0].DNSNames[0] }

// TestNoSessionOutlivesItsAuthority checks that sessions resume only without client certificates.
func TestNoSessionOutlivesItsAuthority(t *testing.T) {
	authority := tlstest.NewAuthority(t, "ours")
	files := authority.Issue(t, "service")
	for name, mutual := range map[string]bool{"mutual": true, "server only": false} {
		t.Run(name, func(t *testing.T) {
			files := files
			if !mutual {
				files.CA = ""
			}
			server := load(t, files).Server("a")
			client := load(t, authority.Issue(t, "client")).Client()
			client.ClientSessionCache = tls.NewLRUClientSessionCache(1)
			if _, _, err := connect(t, server, client); err != nil {
				t.Fatal(err)
			}
			again, _, err := connect(t, server, client)
			if err != nil || again.DidResume == mutual {
				t.Errorf("resumed: %v, error %v", again.DidResume, err)
			}
		})
	}
}

// lines keeps what is written to it.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), part)
}

// TestWarnsOfExpiry lets certificates approach their end, and replaces them.
func TestWarnsOfExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		valid := func(since, left time.Duration) func(*x509.Certificate) {
			return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(-since), time.Now().Add(left) }
		}
		authority := tlstest.NewAuthority(t, "ours", valid(day, 365*day))
		files := authority.Issue(t, "mine", valid(90*day, tlsfiles.Notice+10*time.Minute))
		set, err := tlsfiles.Load(files)
		if err != nil {
			t.Fatal(err)
		}
		r := telemetrytest.New(t)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			set.Watch(ctx, r.Logger)
		}()
		said := func(wait time.Duration, want int) {
			t.Helper()
			<-time.After(wait)
			synctest.Wait()
			got := r.Logged(t, "a certificate expires soon, or has expired")
			if len(got) != want {
				t.Fatalf("%d warnings, want %d", len(got), want)
			}
			for _, line := range got {
				if line["file"] != files.Cert || line["level"] != "WARN" {
					t.Errorf("%v", line)
				}
			}
		}
		said(9*time.Minute, 0)
		said(3*time.Minute, 1)
		said(23*time.Hour, 1)
		said(2*time.Hour, 2)
		tlstest.Replace(t, files, authority.Issue(t, "mine", valid(0, 3*time.Hour)))
		said(119*time.Minute, 2)
		said(3*time.Minute, 3) // a third of its life is left
		stop()
		<-done
	})
}
