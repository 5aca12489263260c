package faults

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pawstream/pawstream/e2e/faults/checker"
	"github.com/pawstream/pawstream/e2e/internal/cut"
)

// A kind is a kind of fault: an action, its target, its duration, and what the service does not promise meanwhile.
// Its name is a verb and a target.
type kind struct {
	name        string
	least, most time.Duration
	promise     checker.Promise
	inject      injection
	// possible returns why the fault is impossible here; nil: it never is.
	possible func(tp *topology) error
}

// An injection does something to one of the targets, chosen by pick. It returns the target's name, and a function
// that undoes the action.
type injection func(ctx context.Context, tp *topology, pick int) (target string, end func(context.Context) error, err error)

// past is longer than a silent replica counts as alive, plus the time until others look for its orphans.
const past = 4500 * time.Millisecond

// felt is how long after room returns a full log is felt: a refused append is retried for ten seconds, and then its
// completion fails.
const felt = 12 * time.Second

// noticed is how soon running services know that the log has changed.
const noticed = 3 * time.Second

// gone is what is not promised when the log is taken away.
var gone = checker.Promise{MayFail: true, Felt: noticed, MayForget: true}

// kinds is the vocabulary. It has no step of the clock: a time namespace only moves the monotonic clock of processes
// that start in it, and never the time of day.
var kinds = []kind{
	{name: "kill-edge", least: 200 * ms, most: 1000 * ms, inject: kill(anEdge)},
	{name: "kill-edges", least: 200 * ms, most: 1000 * ms, inject: kill(edges)},
	{name: "kill-completion", least: 200 * ms, most: 1000 * ms, inject: kill(aCompletion)},
	{name: "kill-completions", least: 200 * ms, most: 1000 * ms, inject: kill(completions)},
	{name: "kill-nats", least: 200 * ms, most: 1000 * ms, inject: kill(aNATS)},
	{name: "kill-all", least: 200 * ms, most: 1000 * ms, inject: kill(everything)},
	{name: "term-edge", inject: term(anEdge)},
	{name: "term-completion", inject: term(aCompletion)},
	{name: "term-nats", inject: term(aNATS)},
	{name: "pause-edge", least: 500 * ms, most: past, inject: suspend(anEdge)},
	{name: "pause-completion", least: past, most: past, inject: suspend(aCompletion)},
	{name: "pause-nats", least: 500 * ms, most: past, inject: suspend(aNATS)},
	{name: "cut-edge", inject: sever(toEdge)},
	{name: "cut-completion", inject: sever(toCompletion)},
	{name: "cut-nats", inject: sever(toNATS)},
	{name: "slow-edge", least: 500 * ms, most: 2500 * ms, inject: slow(toEdge)},
	{name: "slow-completion", least: 500 * ms, most: 2500 * ms, inject: slow(toCompletion)},
	{name: "slow-nats", least: 500 * ms, most: 2500 * ms, inject: slow(toNATS)},
	{name: "silence-edge", least: 500 * ms, most: past, inject: silence(toEdge)},
	{name: "silence-completion", least: 500 * ms, most: past, inject: silence(toCompletion)},
	{name: "silence-nats", least: 500 * ms, most: past, inject: silence(toNATS)},
	{name: "replace-edge", inject: replace(toEdge)},
	{name: "replace-completion", inject: replace(toCompletion)},
	{name: "replace-nats", inject: replace(toNATS)},
	{
		name: "fill-disk", least: 1000 * ms, most: 5000 * ms, promise: checker.Promise{MayFail: true, Felt: felt},
		inject: fill, possible: hasDisk,
	},
	{name: "fill-log", least: 1000 * ms, most: 5000 * ms, promise: checker.Promise{MayFail: true, Felt: felt}, inject: change(settings.bytes)},
	{name: "change-limit", inject: change(settings.limit)},
	{name: "change-discard", least: 1000 * ms, most: 7000 * ms, inject: change(settings.discard)},
	{name: "change-direct", inject: change(settings.direct)},
	{name: "change-window", least: 500 * ms, most: 2500 * ms, inject: change(settings.window)},
	{name: "wipe-nats", least: 200 * ms, most: 1000 * ms, promise: gone, inject: wipe, possible: isAlone},
	{name: "restore-nats", least: 500 * ms, most: 3000 * ms, promise: gone, inject: restore, possible: isAlone},
	{name: "remake-log", least: 200 * ms, most: 1000 * ms, promise: gone, inject: remake, possible: isAlone},
}

const ms = time.Millisecond

// named returns the kinds with these names. A verb stands for all that begin with it.
func named(names ...string) (all []kind, err error) {
	for _, name := range names {
		found := false
		for _, k := range kinds {
			verb, _, _ := strings.Cut(k.name, "-")
			if k.name != name && verb != name {
				continue
			}
			if found = true; !slices.ContainsFunc(all, k.is) {
				all = append(all, k)
			}
		}
		if !found {
			var known []string
			for _, k := range kinds {
				known = append(known, k.name)
			}
			return nil, fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	return all, nil
}

func (k kind) is(other kind) bool { return k.name == other.name }

// at returns the kind for another topology than the one that is passed to it.
func (k kind) at(other *topology) kind {
	inject := k.inject
	k.name = other.plan.Prefix + k.name
	k.inject = func(ctx context.Context, _ *topology, pick int) (string, func(context.Context) error, error) {
		return inject(ctx, other, pick)
	}
	return k
}

// targets are processes that a fault hits together.
type targets func(tp *topology, pick int) []*supervised

func edges(tp *topology, _ int) []*supervised       { return tp.edges }
func completions(tp *topology, _ int) []*supervised { return tp.completions }
func anEdge(tp *topology, pick int) []*supervised   { return one(tp.edges, pick) }
func aNATS(tp *topology, pick int) []*supervised    { return one(tp.nats, pick) }

func aCompletion(tp *topology, pick int) []*supervised { return one(tp.completions, pick) }

func everything(tp *topology, _ int) []*supervised {
	return slices.Concat(tp.nats, tp.completions, tp.edges)
}

func one[T any](all []T, pick int) []T {
	pick %= len(all)
	return all[pick : pick+1]
}

func names(all []*supervised) string {
	var names []string
	for _, s := range all {
		names = append(names, s.name)
	}
	return strings.Join(names, " and ")
}

// kill ends processes without warning, and starts them again.
func kill(which targets) injection {
	return func(_ context.Context, tp *topology, pick int) (string, func(context.Context) error, error) {
		all := which(tp, pick)
		for _, s := range all {
			s.kill()
		}
		return names(all), func(ctx context.Context) error { return tp.revive(ctx, all) }, nil
	}
}

// revive starts processes in the order of their dependencies.
func (tp *topology) revive(ctx context.Context, all []*supervised) error {
	for _, group := range [][]*supervised{tp.nats, tp.completions, tp.edges} {
		group = slices.DeleteFunc(slices.Clone(group), func(s *supervised) bool { return !slices.Contains(all, s) })
		if err := together(ctx, group); err != nil {
			return err
		}
	}
	return nil
}

// term ends processes like an operator, and starts them again.
func term(which targets) injection {
	return func(_ context.Context, tp *topology, pick int) (string, func(context.Context) error, error) {
		all := which(tp, pick)
		for _, s := range all {
			if err := s.stop(); err != nil && s.path != tp.path(natsProgram) {
				return names(all), nil, err
			}
		}
		return names(all), func(ctx context.Context) error { return tp.revive(ctx, all) }, nil
	}
}

// suspend stops processes, which others may consider dead, and resumes them.
func suspend(which targets) injection {
	return func(_ context.Context, tp *topology, pick int) (string, func(context.Context) error, error) {
		all := which(tp, pick)
		signal := func(signal syscall.Signal) (err error) {
			for _, s := range all {
				err = errors.Join(err, s.running().Send(signal))
			}
			return err
		}
		return names(all), func(context.Context) error { return signal(syscall.SIGCONT) }, signal(syscall.SIGSTOP)
	}
}

// ways are connections that a fault hits together.
type ways func(tp *topology, pick int) (string, []*cut.Proxy)

// toEdge is the way from clients to an edge.
func toEdge(tp *topology, pick int) (string, []*cut.Proxy) { return way("edge", tp.toEdges, pick) }

// toCompletion is the way from edges to a completion service.
func toCompletion(tp *topology, pick int) (string, []*cut.Proxy) {
	return way("completion service", tp.toCompletions, pick)
}

// toNATS is the way from one completion service, or from all, to each NATS server.
func toNATS(tp *topology, pick int) (string, []*cut.Proxy) {
	if pick %= len(tp.toNATS) + 1; pick < len(tp.toNATS) {
		return fmt.Sprintf("the way of completion service %d to NATS", pick), tp.toNATS[pick]
	}
	return "every way to NATS", slices.Concat(tp.toNATS...)
}

func way(what string, all []*cut.Proxy, pick int) (string, []*cut.Proxy) {
	pick %= len(all)
	return fmt.Sprintf("the way to %s %d", what, pick), all[pick : pick+1]
}

// network returns an injection that does something to each of the ways, and undoes it.
func network(which ways, do, undo func(*cut.Proxy)) injection {
	return func(_ context.Context, tp *topology, pick int) (string, func(context.Context) error, error) {
		name, all := which(tp, pick)
		for _, p := range all {
			do(p)
		}
		return name, func(context.Context) error {
			for _, p := range all {
				undo(p)
			}
			return nil
		}, nil
	}
}

func nothing(*cut.Proxy) {}

// sever closes connections.
func sever(which ways) injection { return network(which, (*cut.Proxy).CutAll, nothing) }

// replace makes connections lead nowhere, while new ones work, as if another host had taken over a dead one's
// address.
func replace(which ways) injection { return network(which, (*cut.Proxy).Swallow, nothing) }

// silence holds back all traffic, and finally delivers it.
func silence(which ways) injection {
	return network(which, (*cut.Proxy).Hold, (*cut.Proxy).Release)
}

// slow delays all traffic.
func slow(which ways) injection {
	return network(which, func(p *cut.Proxy) { p.Delay(150 * ms) }, func(p *cut.Proxy) { p.Delay(0) })
}
