package pacer_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pawstream/pawstream/edge/internal/pacer"
)

// gaps are values of --flush-gap, from the minimum to the maximum.
var gaps = []time.Duration{
	0, time.Microsecond, time.Millisecond, 3 * time.Millisecond, 8 * time.Millisecond, 10 * time.Millisecond,
	16 * time.Millisecond, 17 * time.Millisecond, 33333 * time.Microsecond, 100 * time.Millisecond, time.Second,
}

func TestBeatsOfAnyGap(t *testing.T) {
	for _, gap := range gaps {
		p := pacer.New(gap)
		reads, writes := p.ReadBeat(), p.WriteBeat()
		if reads <= 0 || reads > 2*time.Millisecond || reads > p.Gap()/8 {
			t.Errorf("gap %v: reads wait %v", gap, reads)
		}
		if writes <= 0 || writes%reads != 0 || writes > p.Gap()/8 {
			t.Errorf("gap %v: beats of %v for writes and %v for reads", gap, writes, reads)
		}
	}
	if p := pacer.New(16 * time.Millisecond); p.ReadBeat() != 2*time.Millisecond || p.WriteBeat() != 2*time.Millisecond {
		t.Errorf("the default's beats are %v and %v", p.ReadBeat(), p.WriteBeat())
	}
	var zero pacer.Pacer
	if zero.Gap() != pacer.New(0).Gap() || zero.ReadBeat() != pacer.New(0).ReadBeat() {
		t.Error("the zero pacer is not New(0)")
	}
}

// TestLateWritesMeetReads delays the writes of many streams while a connection is busy. Whenever a stream wakes
// the process, the connection may be read too.
func TestLateWritesMeetReads(t *testing.T) {
	for _, gap := range gaps {
		t.Run(gap.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := pacer.New(gap)
				isBeat := func(at time.Time) bool { return at.UnixNano()%int64(p.ReadBeat()) == 0 }
				var streams sync.WaitGroup
				for range 50 {
					streams.Go(func() {
						<-time.After(rand.N(3 * p.Gap()))
						writes := p.Writes(time.Now())
						for range 20 {
							<-time.After(rand.N(2 * p.Gap()))
							since := writes.Silence(time.Now())
							if due := writes.Due(time.Now()); due != (since >= p.Gap()) {
								t.Errorf("%v after a write an event is due: %v", since, due)
							}
							if !writes.Due(time.Now()) {
								<-time.After(writes.Late(time.Now()))
								if late := writes.Silence(time.Now()); late <= p.Gap() || late > p.Gap()*3/2 {
									t.Errorf("a late write comes %v after the one before", late)
								}
								if !isBeat(time.Now()) {
									t.Errorf("a late write at %d is on no beat of the reads", time.Now().UnixNano())
								}
							}
							writes.Wrote(time.Now())
						}
					})
				}
				streams.Wait()

				reads, waited := p.Reads(), 0
				for range 1000 {
					<-time.After(rand.N(p.ReadBeat() / 8))
					wait := reads.Wait(time.Now(), true)
					if wait > p.ReadBeat() {
						t.Errorf("a read waits for %v", wait)
					}
					if wait > 0 {
						waited++
						<-time.After(wait)
						if !isBeat(time.Now()) {
							t.Errorf("a read at %d is on no beat", time.Now().UnixNano())
						}
					}
					reads.Read(1000, false)
				}
				if waited < 900 {
					t.Errorf("a busy connection waited %d times of 1000", waited)
				}
			})
		})
	}
}

func TestAStreamAloneIsReadAtOnce(t *testing.T) {
	p := pacer.New(0)
	reads := p.Reads()
	for range 100 {
		if wait := reads.Wait(time.Now(), false); wait != 0 {
			t.Fatalf("it waits for %v", wait)
		}
		reads.Read(1000, false)
	}
}
