package checker

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	logv1 "github.com/pawstream/pawstream/gen/petstore/completion/log/v1"
)

// DecodeRecord decodes a message of the log.
func DecodeRecord(data []byte, position uint64, stored time.Time) (Record, error) {
	p := &logv1.Record{}
	if err := proto.Unmarshal(data, p); err != nil {
		return Record{}, err
	}
	r := Record{Position: position, Stored: stored, Writer: p.GetWriter(), Epoch: p.GetEpoch()}
	switch content := p.GetContent().(type) {
	case *logv1.Record_Meta:
		m := content.Meta
		r.Meta = &Meta{
			ID: m.GetId(), Principal: m.GetPrincipal(), Model: m.GetModel(),
			Key: m.GetIdempotencyKey(), Tag: m.GetParams().GetUser(), Store: m.GetParams().GetStore(),
		}
	case *logv1.Record_Claim:
		r.Claim, r.First = true, int64(content.Claim.GetNextSequence())
	case *logv1.Record_Events:
		r.First = int64(content.Events.GetFirstSequence())
		for _, e := range content.Events.GetEvents() {
			switch event := e.GetEvent().(type) {
			case *logv1.Event_Text:
				r.Steps = append(r.Steps, Step{Kind: KindText, Text: event.Text})
			case *logv1.Event_Other:
				r.Steps = append(r.Steps, stepOf(event.Other))
			}
		}
	default:
		return Record{}, fmt.Errorf("record %d has no content", position)
	}
	return r, nil
}

// ReadJournal returns the attempts in a journal of the random engine. The last line may be incomplete if its process
// was killed.
func ReadJournal(r io.Reader) ([]Attempt, error) {
	byID := make(map[string]int)
	var all []Attempt
	for lines := bufio.NewReader(r); ; {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		var l struct {
			Attempt, Tag, Step, Text string
			Kind                     Kind
			At                       time.Time
			Resumed                  int
		}
		if err := json.Unmarshal(bytes.TrimSpace(text), &l); err != nil {
			return nil, fmt.Errorf("journal: %w in %q", err, text)
		}
		i, known := byID[l.Attempt]
		if !known {
			i = len(all)
			byID[l.Attempt] = i
			all = append(all, Attempt{ID: l.Attempt, Tag: l.Tag, Begun: l.At, Resumed: l.Resumed})
		}
		a := &all[i]
		a.Last = l.At
		switch l.Step {
		case "event":
			a.Steps = append(a.Steps, Step{Kind: l.Kind, Text: l.Text})
		case "end":
			a.Ended = true
		}
	}
}
