package checker

import "slices"

// dense is I1: sequence numbers have no gaps and no repeats, in the log, in each connection, and in what a client
// joins.
func dense(f *findings) {
	for _, v := range f.versions {
		next := int64(0)
		for _, r := range v.records {
			if r.Meta == nil && r.First != next {
				f.add(v.String(), "record %d begins with event %d, not %d", r.Position, r.First, next)
			}
			next = r.First + int64(len(r.Steps))
		}
	}
	f.connections(func(s *Stream, c *Connection) {
		next := int64(-1)
		for i := range c.Events {
			id, sequence, ok := c.Events[i].place()
			switch {
			case !ok:
				continue
			case id != s.completion():
				f.add(label(s, c), "event %s is of another completion than %s", c.Events[i].ID, s.completion())
			case next >= 0 && sequence != next:
				f.add(label(s, c), "event %d in the place of %d", sequence, next)
			}
			next = sequence + 1
		}
	})
	for i := range f.Streams {
		s := &f.Streams[i]
		highest := int64(-1)
		for j := range s.Connections {
			for k := range s.Connections[j].Events {
				if _, sequence, ok := s.Connections[j].Events[k].place(); ok {
					highest = max(highest, sequence)
				}
			}
		}
		if n := int64(len(s.joined())); n != highest+1 {
			f.add(s.Name, "event %d was never received, but %d was", n, highest)
		}
	}
}

// fenced is I2: epochs never decrease, and each begins with a claim. What follows a claim is the claimant's, whose
// engine continued from that very place.
func fenced(f *findings) {
	for _, v := range f.versions {
		id, epoch, writer := v.String(), uint64(0), ""
		for i, r := range v.records {
			switch {
			case i == 0 && (r.Meta == nil || r.Epoch != 0):
				f.add(id, "the first record is no meta of epoch 0")
			case r.Meta != nil && i > 0:
				f.add(id, "record %d is one more meta", r.Position)
			case r.Claim && r.Epoch != epoch+1:
				f.add(id, "record %d claims epoch %d after %d", r.Position, r.Epoch, epoch)
			case !r.Claim && r.Epoch != epoch:
				f.add(id, "record %d is of epoch %d in epoch %d", r.Position, r.Epoch, epoch)
			case len(r.Steps) > 0 && r.Steps[0].made() && r.Writer != writer:
				f.add(id, "record %d of epoch %d is by %s, but the epoch is %s's", r.Position, r.Epoch, r.Writer, writer)
			}
			if r.Claim || i == 0 {
				epoch, writer = r.Epoch, r.Writer
			}
		}
		f.spliced(v)
	}
}

// spliced compares the steps of each epoch with the attempt that produced them.
func (f *findings) spliced(v *version) {
	attempts := f.byTag[v.meta.Tag]
	if len(attempts) == 0 {
		return // an engine without a journal
	}
	var run []Step
	begun := int64(0)
	compare := func() {
		if len(run) == 0 {
			return
		}
		ok := slices.ContainsFunc(attempts, func(a *Attempt) bool {
			return int64(a.Resumed) == begun && len(a.Steps) >= len(run) && slices.Equal(a.Steps[:len(run)], run)
		})
		if !ok {
			f.add(v.String(), "no attempt that went on from event %d produced the %d events that follow it", begun, len(run))
		}
	}
	for _, r := range v.records {
		if r.Claim {
			compare()
			run, begun = nil, r.First
		}
		for _, s := range r.Steps {
			if s.made() {
				run = append(run, s)
			}
		}
	}
	compare()
}

// oneTerminal is I6: there is at most one terminal record, and nothing after it. A client's terminal event is the
// log's, and the last of its connection.
func oneTerminal(f *findings) {
	for _, v := range f.versions {
		for i, s := range v.steps {
			if s.Terminal() && i < len(v.steps)-1 {
				f.add(v.String(), "terminal event %d is followed by %d more", i, len(v.steps)-1-i)
				break
			}
		}
		if _, _, ended := v.terminal(); ended && v.records[len(v.records)-1].Claim {
			f.add(v.String(), "claimed after its terminal event")
		}
	}
	f.connections(func(s *Stream, c *Connection) {
		for i := range c.Events {
			step, err := c.Events[i].step()
			if err != nil || !step.Terminal() {
				continue
			}
			if i < len(c.Events)-1 {
				f.add(label(s, c), "%d events follow the terminal one", len(c.Events)-1-i)
			}
			id, sequence, ok := c.Events[i].place()
			if !ok {
				if step.Kind == KindDone {
					f.add(label(s, c), "[DONE] has no id")
				}
				continue // an error of the edge itself
			}
			if _, held := f.holder(id, sequence, step); !held || !f.endsAt(id, sequence) {
				f.add(label(s, c), "%s is event %d, but the log does not end with it", step.Kind, sequence)
			}
		}
	})
}
