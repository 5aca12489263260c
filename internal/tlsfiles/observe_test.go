package tlsfiles_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/internal/reload"
	"github.com/pawstream/pawstream/internal/telemetry/telemetrytest"
	"github.com/pawstream/pawstream/internal/tlsfiles"
	"github.com/pawstream/pawstream/internal/tlsfiles/tlstest"
)

// TestObserve checks the validity of certificates in metrics, before and after renewals.
func TestObserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const day = 24 * time.Hour
		start := time.Now()
		valid := func(days int) func(*x509.Certificate) {
			return func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = start.Add(-day), start.Add(time.Duration(days)*day)
			}
		}
		ours, next := tlstest.NewAuthority(t, "ours", valid(100)), tlstest.NewAuthority(t, "next", valid(300))
		again := tlstest.NewAuthority(t, "ours", valid(200))
		served, calls, nats := ours.Issue(t, "served", valid(10)), ours.Issue(t, "calls", valid(20)), ours.Issue(t, "nats", valid(30))
		served.CA = file(t, text(t, next.File)+text(t, again.File)+text(t, ours.File))
		calls.CA = ""

		r := telemetrytest.New(t)
		want := func(file, subject string, days int) {
			t.Helper()
			labels := fmt.Sprintf("{file=%q,subject=%q}", file, subject)
			r.WantMetrics(t,
				fmt.Sprintf("pawstream_certificate_not_before_timestamp_seconds%s %s", labels, metric(start.Add(-day))),
				fmt.Sprintf("pawstream_certificate_not_after_timestamp_seconds%s %s", labels, metric(start.Add(time.Duration(days)*day))))
		}
		ctx, stop := context.WithCancel(t.Context())
		var watching sync.WaitGroup
		for _, files := range []tlsfiles.Files{served, calls} {
			set := load(t, files)
			if err := set.Observe(r.Meters); err != nil {
				t.Fatal(err)
			}
			watching.Go(func() { set.Watch(ctx, r.Logger) })
		}
		if err := tlsfiles.ObserveFiles(r.Meters, tlsfiles.Files{Cert: nats.Cert, CA: nats.CA}); err != nil {
			t.Fatal(err)
		}
		want(served.Cert, "", 10)
		want(served.CA, "CN=next", 300)
		want(served.CA, "CN=ours", 200) // the later of the two
		want(calls.Cert, "", 20)
		want(nats.Cert, "", 30)
		want(nats.CA, "CN=ours", 100)
		r.Lint(t)

		tlstest.Replace(t, served, ours.Issue(t, "served", valid(90)))
		if err := os.Rename(ours.Issue(t, "nats", valid(80)).Cert, nats.Cert); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(nats.CA); err != nil {
			t.Fatal(err)
		}
		<-time.After(3 * reload.Interval)
		synctest.Wait()
		want(served.Cert, "", 90)
		want(nats.Cert, "", 80)
		if strings.Contains(r.Metrics(t), nats.CA) {
			t.Error("a file that is gone has metrics")
		}
		stop()
		watching.Wait()
	})
}

// metric returns a time in the form of a metric.
func metric(at time.Time) string { return fmt.Sprintf("%g", float64(at.Unix())) }
