package chat

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// The types of content parts.
const (
	partText    = "text"
	partRefusal = "refusal"
	partImage   = "image_url"
	partAudio   = "input_audio"
	partFile    = "file"

	// The types of parts in which other APIs have a model think.
	partThinking = "thinking"
	partRedacted = "redacted_thinking"
	partThought  = "reasoning"

	// atPart is the path of parts in [official].
	atPart = "messages.content"
)

// partMembers are the members of a part as they come: in any order, the type perhaps
// last.
type partMembers struct {
	kind    string
	text    *string
	refusal *string
	image   *completionv1.ImageUrl
	audio   *completionv1.InputAudio
	file    *completionv1.InputFile
	thought string
	more    body.Besides
}

// decode reads an element of an array "content".
func (p *partMembers) decode(d *body.Decoder) *failure.Error {
	return d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "type":
			return p.decodeKind(d)
		case partThinking, partThought:
			return p.decodeThought(d)
		case partText:
			return body.Optional(d, &p.text, d.Text)
		case partRefusal:
			return body.Optional(d, &p.refusal, d.Text)
		case partImage:
			return decodeImage(d, &p.image, &p.more)
		case partAudio:
			return decodeAudio(d, &p.audio, &p.more)
		case partFile:
			return decodeFile(d, &p.file, &p.more)
		}
		return other(&p.more, d, atPart, name)
	})
}

// decodePart reads a part in which nobody thinks.
func decodePart(d *body.Decoder) (*completionv1.ContentPart, *failure.Error) {
	var p partMembers
	if err := p.decode(d); err != nil {
		return nil, err
	}
	if p.isThought() {
		return nil, failure.Field(failure.CodeInvalidValue, d.Path()+".type", "must be one of '"+strings.Join(partKinds(), "', '")+"'")
	}
	return p.part(d)
}

// partKinds returns the types of parts that OpenAI has.
func partKinds() []string { return []string{partText, partRefusal, partImage, partAudio, partFile} }

func (p *partMembers) decodeKind(d *body.Decoder) *failure.Error {
	kinds := partKinds()
	err := d.OneOf(&p.kind, append(kinds, partThinking, partRedacted, partThought)...)
	if err != nil && err.Code == failure.CodeInvalidValue {
		return d.NotOneOf(kinds...)
	}
	return err
}

// decodeThought reads what was thought: a text, or a list of parts of text. What is redacted is dropped.
func (p *partMembers) decodeThought(d *body.Decoder) *failure.Error {
	switch d.Kind() {
	case jsontext.KindBeginArray:
	case jsontext.KindBeginObject:
		return d.Skip()
	default:
		return d.Text(&p.thought)
	}
	return d.Array(func() *failure.Error {
		return d.Object(func(name []byte) *failure.Error {
			if string(name) != partText {
				return d.Skip()
			}
			var piece string
			err := d.Text(&piece)
			p.thought += piece
			return err
		})
	})
}

// isThought reports whether the part is of reasoning, and takes its text for that.
func (p *partMembers) isThought() bool {
	switch p.kind {
	case partThinking, partRedacted, partThought:
		if p.text != nil {
			p.thought += *p.text
		}
		return true
	}
	return false
}

// part returns the part, which has the one member that its type names. Without it, an
// image and its like are left to the service to refuse; an empty text would be one.
func (p *partMembers) part(d *body.Decoder) (*completionv1.ContentPart, *failure.Error) {
	if err := p.check(d); err != nil {
		return nil, err
	}
	out := &completionv1.ContentPart{More: p.more.Object()}
	switch p.kind {
	case partText:
		out.Part = &completionv1.ContentPart_Text{Text: *p.text}
	case partRefusal:
		out.Part = &completionv1.ContentPart_Refusal{Refusal: *p.refusal}
	case partImage:
		out.Part = &completionv1.ContentPart_ImageUrl{ImageUrl: orEmpty(p.image)}
	case partAudio:
		out.Part = &completionv1.ContentPart_InputAudio{InputAudio: orEmpty(p.audio)}
	case partFile:
		out.Part = &completionv1.ContentPart_File{File: orEmpty(p.file)}
	}
	return out, nil
}

func (p *partMembers) check(d *body.Decoder) *failure.Error {
	if p.kind == "" {
		return d.Missing("type")
	}
	for _, member := range [...]struct {
		kind     string
		given    bool
		required bool
	}{
		{partText, p.text != nil, true},
		{partRefusal, p.refusal != nil, true},
		{partImage, p.image != nil, false},
		{partAudio, p.audio != nil, false},
		{partFile, p.file != nil, false},
	} {
		switch {
		case member.given && member.kind != p.kind:
			return d.Misplaced(member.kind)
		case !member.given && member.kind == p.kind && member.required:
			return d.Missing(member.kind)
		}
	}
	return nil
}

func orEmpty[T any](v *T) *T {
	if v == nil {
		return new(T)
	}
	return v
}

func decodeImage(d *body.Decoder, dst **completionv1.ImageUrl, more *body.Besides) *failure.Error {
	if d.Absent() {
		return nil
	}
	*dst = &completionv1.ImageUrl{}
	if d.Kind() == jsontext.KindString { // as Mistral's clients have it
		return d.Text(&(*dst).Url)
	}
	var inner body.Besides
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "url":
			return d.Text(&(*dst).Url)
		case "detail":
			return d.Text(&(*dst).Detail)
		}
		return other(&inner, d, atPart+"."+partImage, name)
	})
	more.Within(partImage, &inner)
	return err
}

func decodeAudio(d *body.Decoder, dst **completionv1.InputAudio, more *body.Besides) *failure.Error {
	if d.Absent() {
		return nil
	}
	*dst = &completionv1.InputAudio{}
	var inner body.Besides
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "data":
			return d.Text(&(*dst).Data)
		case "format":
			return d.Text(&(*dst).Format)
		}
		return other(&inner, d, atPart+"."+partAudio, name)
	})
	more.Within(partAudio, &inner)
	return err
}

func decodeFile(d *body.Decoder, dst **completionv1.InputFile, more *body.Besides) *failure.Error {
	if d.Absent() {
		return nil
	}
	*dst = &completionv1.InputFile{}
	var inner body.Besides
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "file_id":
			return d.Text(&(*dst).FileId)
		case "file_data":
			return d.Text(&(*dst).FileData)
		case "filename":
			return d.Text(&(*dst).Filename)
		}
		return other(&inner, d, atPart+"."+partFile, name)
	})
	more.Within(partFile, &inner)
	return err
}
