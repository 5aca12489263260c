package server

import (
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/pawstream/pawstream/services/completion/internal/metrics"
	"github.com/pawstream/pawstream/services/completion/internal/modelfile"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// A making is the targets of one load of the models file.
type making struct {
	before, targets []madeTarget // the targets of the previous load, and of this one
	offered         []metrics.Offered
}

// same returns the target of this or the previous load with the same configuration.
func (m *making) same(t *modelfile.Target) (one madeTarget, ok bool) {
	is := func(made madeTarget) bool { return reflect.DeepEqual(made.from, *t) }
	if i := slices.IndexFunc(m.targets, is); i >= 0 {
		return m.targets[i], true
	}
	if i := slices.IndexFunc(m.before, is); i >= 0 {
		m.targets = append(m.targets, m.before[i])
		return m.before[i], true
	}
	return madeTarget{}, false
}

// name returns the name of a new target in metrics, traces and the log: its model and its server, with the
// server's path if that is unusual. A number makes the name unique.
func (m *making) name(t *modelfile.Target) string {
	name := t.Model
	if u, err := url.Parse(t.BaseURL); err == nil {
		name += "@" + u.Host + strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), "/v1")
	}
	taken := func(name string) bool {
		is := func(made madeTarget) bool { return made.name == name }
		return slices.ContainsFunc(m.targets, is) || slices.ContainsFunc(m.before, is)
	}
	free := name
	for n := 2; taken(free); n++ {
		free = fmt.Sprintf("%s#%d", name, n)
	}
	return free
}

// offer records that a target answers for a model.
func (m *making) offer(target, model string, state func() route.State) {
	i := slices.IndexFunc(m.offered, func(o metrics.Offered) bool { return o.Target == target })
	if i < 0 {
		i = len(m.offered)
		m.offered = append(m.offered, metrics.Offered{Target: target, State: state})
	}
	m.offered[i].Models = append(m.offered[i].Models, model)
}
