package faults

import (
	"testing"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
)

// TestWhatIsHalfDeleted loses the log in the middle of a deletion. The completion counts as expired, with all of its
// records, unless its end was never seen.
func TestWhatIsHalfDeleted(t *testing.T) {
	whole := []checker.Record{
		{Position: 3, Meta: &checker.Meta{ID: "one"}},
		{Position: 5, First: 0, Steps: []checker.Step{{Kind: "text"}}},
		{Position: 8, First: 1, Steps: []checker.Step{{Kind: "done"}}},
	}
	until := time.Now()
	for name, test := range map[string]struct {
		seen, held []checker.Record
		expired    int
	}{
		"deleted":            {whole, nil, 1},
		"half deleted":       {whole, whole[1:], 1},
		"whole":              {whole, whole, 0},
		"gone before an end": {whole[:2], whole[1:2], 0},
		"of another log":     {whole, []checker.Record{{Position: 7}}, 0},
	} {
		log := map[string][]checker.Record{}
		if test.held != nil {
			log["one"] = test.held
		}
		h := &checker.History{Lost: []checker.Era{{Log: log, Until: until}}}
		tail := &tail{eras: []map[string]*sighting{{"one": {records: test.seen}}}}
		tail.complete(h)
		if len(h.Expired) != test.expired {
			t.Errorf("%s: expired are %v", name, h.Expired)
		}
		if got := len(log["one"]); test.expired > 0 && got != len(whole) || test.expired == 0 && got != len(test.held) {
			t.Errorf("%s: the log has %d records", name, got)
		}
	}
}
