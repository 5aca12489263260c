// Package logtest is the contract of a [chat.Log] as a test suite. Every log passes it, and the service may
// rely only on what it checks.
//
// The suite knows no implementation. An append may return before its event can be read, so the suite waits by
// following, not by time. Intended differences between logs, such as the retention, are left to their own
// tests.
package logtest

import (
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A rule is one sentence of the contract.
type rule struct {
	name  string
	check func(t *testing.T, log chat.Log)
}

// Run checks every rule, each against a log that open returns. open may return the same log each time:
// completions and principals of different rules are distinct.
func Run(t *testing.T, open func(t *testing.T) chat.Log) {
	for _, group := range []struct {
		name  string
		rules []rule
	}{
		{"create", createRules},
		{"follow", followRules},
		{"share", shareRules},
		{"progress", progressRules},
		{"seal", sealRules},
		{"delete", deleteRules},
		{"list", listRules},
		{"round trip", roundTripRules},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, r := range group.rules {
				t.Run(r.name, func(t *testing.T) { r.check(t, open(t)) })
			}
		})
	}
}
