package jetlog

import (
	"fmt"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

// store writes n stored completions of a principal, among others' and with events between.
func store(tb testing.TB, l *Log, principal string, n int) (ids []string) {
	tb.Helper()
	ids = make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%d", principal, i)
		for _, m := range []*chat.Meta{meta(ids[i]), meta("other-" + ids[i])} {
			m.Request.Store = true
			m.Principal = principal
			if m.ID != ids[i] {
				m.Principal = "other"
			}
			w, err := l.Create(tb.Context(), m)
			if err != nil {
				tb.Fatal(err)
			}
			for range 3 {
				if err := w.Append(tb.Context(), chat.Text(0, "word ")); err != nil {
					tb.Fatal(err)
				}
			}
			if err := w.Seal(tb.Context(), chat.Event{Kind: chat.KindDone, Usage: &chat.Usage{}}); err != nil {
				tb.Fatal(err)
			}
			w.Settle(func() {})
		}
	}
	return ids
}

// serviceOf returns the service whose log is l.
func serviceOf(l *Log) *service.Service {
	return service.New(service.Config{Log: l})
}

// What a page of a listing costs follows from the page, not from what is stored.
func TestListReadsThePageOnly(t *testing.T) {
	t.Parallel()
	l := open(t, Config{})
	var ids []string
	most := map[string]uint64{}
	for _, stored := range []int{50, 1000} {
		ids = append(ids, store(t, l, fmt.Sprint("of", stored), stored)...)
		last := ids[len(ids)-1]
		middle := ids[len(ids)-stored/2]
		for name, page := range map[string]chat.Page{
			"the first":             {Limit: 1},
			"the newest":            {Limit: 1, Descending: true},
			"in the middle":         {Limit: 1, After: middle},
			"in the middle, newest": {Limit: 1, After: middle, Descending: true},
			"behind the last":       {Limit: 1, After: last},
			"twenty, newest first":  {Limit: 20, Descending: true},
		} {
			before := l.conn.Stats().InMsgs
			got, _, err := serviceOf(l).List(t.Context(), fmt.Sprint("of", stored), chat.Filter{}, page)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			took := l.conn.Stats().InMsgs - before
			if most[name] == 0 {
				most[name] = 2*took + 20 // it may take more steps to find the place
			}
			if took > most[name] {
				t.Errorf("%s of %d: %d, from %d messages, want at most %d", name, stored, len(got), took, most[name])
			}
		}
	}
}

// BenchmarkList reads pages of a principal that has so many stored completions.
//
//	go test -run '^$' -bench List -benchtime 100x ./services/completion/internal/jetlog
func BenchmarkList(b *testing.B) {
	for _, stored := range []int{40, 4000} {
		l, err := Open(b.Context(), Config{DataDir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		store(b, l, "principal", stored)
		s := serviceOf(l)
		for _, page := range []chat.Page{{Limit: 1}, {Limit: 1, Descending: true}, {Limit: 20}, {Limit: 20, Descending: true}} {
			b.Run(fmt.Sprintf("%d of %d, descending %t", page.Limit, stored, page.Descending), func(b *testing.B) {
				used := cpuTime(b)
				for b.Loop() {
					if got, _, err := s.List(b.Context(), "principal", chat.Filter{}, page); err != nil || len(got) != page.Limit {
						b.Fatal(len(got), err)
					}
				}
				b.ReportMetric(float64((cpuTime(b)-used).Microseconds())/float64(b.N), "cpu-us/op")
			})
		}
		l.Close()
	}
}
