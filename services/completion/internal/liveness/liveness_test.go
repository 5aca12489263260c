package liveness

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
)

// peers returns the peers of a replica "self", after it has heard itself and "other" beat for that long.
func peers(t *testing.T, beats time.Duration) *Peers {
	t.Helper()
	p := New(new(nats.Conn), "beat.", "self")
	both(p, beats)
	return p
}

// both lets two replicas beat for a time.
func both(p *Peers, beats time.Duration) {
	for range beats / Every {
		beat(p, "self")
		beat(p, "other")
		pass(Every)
	}
}

// alone lets only one of them beat.
func alone(p *Peers, name string, beats time.Duration) {
	for range beats / Every {
		beat(p, name)
		pass(Every)
	}
}

// pass lets time pass.
func pass(d time.Duration) { <-time.After(d) }

func beat(p *Peers, name string) { p.Hear(&nats.Msg{Subject: "beat." + name}) }

// state is the state of "other" and of a replica that was never heard.
type state struct{ alive, dead, strangerDead, hears bool }

func stateOf(p *Peers) state {
	return state{alive: p.Alive("other"), dead: p.Dead("other"), strangerDead: p.Dead("stranger"), hears: p.Hears()}
}

func TestSilenceIsDeathOnlyToWhoHearsItself(t *testing.T) {
	for name, test := range map[string]struct {
		happens func(p *Peers)
		want    state
	}{
		"both beat":             {func(*Peers) {}, state{alive: true, strangerDead: true, hears: true}},
		"one is silent for now": {func(p *Peers) { alone(p, "self", DeadAfter-2*Every) }, state{alive: true, strangerDead: true, hears: true}},
		"one has died":          {func(p *Peers) { alone(p, "self", DeadAfter) }, state{dead: true, strangerDead: true, hears: true}},
		"nobody is heard":       {func(*Peers) { pass(DeadAfter) }, state{}},
		"not even itself":       {func(p *Peers) { alone(p, "other", DeadAfter) }, state{alive: true}},
		"the server went on":    {func(p *Peers) { pass(DeadAfter); beat(p, "self") }, state{}},
		"and the other one too": {func(p *Peers) { pass(DeadAfter); both(p, Every) }, state{alive: true}},
		"for long enough":       {func(p *Peers) { pass(DeadAfter); both(p, DeadAfter) }, state{alive: true, strangerDead: true, hears: true}},
		"one did not go on":     {func(p *Peers) { pass(DeadAfter); alone(p, "self", DeadAfter) }, state{dead: true, strangerDead: true, hears: true}},
		"what was held up comes at once": {func(p *Peers) {
			pass(DeadAfter)
			for range 4 {
				beat(p, "self")
			}
		}, state{}},
		"a new connection":          {func(p *Peers) { p.Reconnected() }, state{alive: true}},
		"and silence on it":         {func(p *Peers) { p.Reconnected(); alone(p, "self", DeadAfter-2*Every) }, state{alive: true}},
		"which goes on":             {func(p *Peers) { p.Reconnected(); alone(p, "self", DeadAfter) }, state{dead: true, strangerDead: true, hears: true}},
		"one has said that it goes": {func(p *Peers) { p.Hear(&nats.Msg{Subject: "beat.other", Data: []byte(bye)}) }, state{dead: true, strangerDead: true, hears: true}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := peers(t, 2*DeadAfter)
				test.happens(p)
				if got := stateOf(p); got != test.want {
					t.Errorf("it knows %+v, want %+v", got, test.want)
				}
			})
		})
	}
}

func TestNobodyIsDeadBeforeItHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(new(nats.Conn), "beat.", "self")
		pass(2 * DeadAfter)
		if p.Dead("other") || p.Hears() {
			t.Error("it was never heard itself")
		}
		alone(p, "self", DeadAfter-Every)
		if p.Dead("other") {
			t.Error("the other one had no time to be heard")
		}
		alone(p, "self", Every)
		if !p.Dead("other") {
			t.Error("it would have been heard")
		}
	})
}

func TestLostIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := peers(t, DeadAfter)
		for _, step := range []struct {
			name    string
			happens func()
			want    bool
		}{
			{"all live", func() {}, false},
			{"nobody is heard", func() { pass(2 * DeadAfter) }, false},
			{"one has died", func() { alone(p, "self", DeadAfter) }, true},
			{"it is dead", func() {}, false},
			{"it is back", func() { both(p, Every) }, false},
			{"it says bye", func() { p.Hear(&nats.Msg{Subject: "beat.other", Data: []byte(bye)}) }, true},
			{"it is gone", func() {}, false},
		} {
			step.happens()
			if got := p.Lost(); got != step.want {
				t.Errorf("%s: %t, want %t", step.name, got, step.want)
			}
		}
	})
}

func TestAloneEverybodyElseIsDead(t *testing.T) {
	p := Alone()
	if !p.Dead("other") || p.Alive("other") || !p.Hears() || p.Lost() {
		t.Error("there is nobody else")
	}
	p.Beat(t.Context()) // returns
}
