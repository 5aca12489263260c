package chat

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/dialect/openai"
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

	// The types of reasoning parts in other APIs.
	partThinking = "thinking"
	partRedacted = "redacted_thinking"
	partThought  = "reasoning"

	// The types of parts that the Responses API has in place of these.
	partInputText  = "input_text"
	partOutputText = "output_text"
	partInputImage = "input_image"
	partInputFile  = "input_file"

	// atPart is the path of parts in [official].
	atPart = "messages.content"
)

// partMembers are the members of a part before they are interpreted. They come in any order, so the type may
// come last.
type partMembers struct {
	kind    string // the type in chat completions
	sent    string // the type that the client sent
	text    *string
	refusal *string
	image   *completionv1.ImageUrl
	audio   *completionv1.InputAudio
	file    *completionv1.InputFile
	beside  map[string][]byte // members of only some types of parts
	more    body.Besides
}

// decode reads an element of an array "content".
func (p *partMembers) decode(d *body.Decoder) *failure.Error {
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "type":
			return p.decodeKind(d)
		case partThinking, partThought, "detail", "file_id", "file_data", "filename", "file_url", "annotations", "logprobs":
			return p.keep(d, string(name))
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
	if err != nil {
		return err
	}
	return p.translate(d)
}

// keep reads a member that only some types of parts have.
func (p *partMembers) keep(d *body.Decoder, name string) *failure.Error {
	if d.Absent() {
		return nil
	}
	value, err := d.Raw()
	if p.beside == nil {
		p.beside = make(map[string][]byte)
	}
	p.beside[name] = value
	return err
}

// take removes a text from the kept members and returns it, or "" if it is not a text.
func (p *partMembers) take(name string) string {
	text, ok := textOf(p.beside[name])
	if ok {
		delete(p.beside, name)
	}
	return text
}

// textOf returns the text of a JSON string; ok is false for any other value, or none.
func textOf(value jsontext.Value) (text string, ok bool) {
	if value.Kind() != jsontext.KindString {
		return "", false
	}
	plain, err := jsontext.AppendUnquote(nil, value)
	return string(plain), err == nil
}

// translate turns a part of the Responses API into one of chat completions. Members that do not belong to the type are
// kept as additional ones.
func (p *partMembers) translate(d *body.Decoder) *failure.Error {
	switch p.sent {
	case partOutputText: // members of an answer that a client sends back
		delete(p.beside, "annotations")
		delete(p.beside, "logprobs")
	case partInputImage:
		if p.image == nil && p.take("file_id") != "" {
			return failure.Field(failure.CodeUnsupportedParameter, d.Path()+".file_id", "is not supported: there are no uploads; send 'image_url'")
		}
		if detail := p.take("detail"); detail != "" && p.image != nil && p.image.GetDetail() == "" {
			p.image.Detail = detail
		}
	case partInputFile:
		if p.take("file_url") != "" {
			return failure.Field(failure.CodeUnsupportedParameter, d.Path()+".file_url", "is not supported; send 'file_data'")
		}
		p.file = &completionv1.InputFile{FileId: p.take("file_id"), FileData: p.take("file_data"), Filename: p.take("filename")}
	}
	if !p.isThought() {
		for name, value := range p.beside {
			p.more.Add(name, value)
		}
	}
	return nil
}

// decodePart reads a part that is not reasoning.
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
	err := d.OneOf(&p.sent, append(kinds, partThinking, partRedacted, partThought, partInputText, partOutputText, partInputImage, partInputFile)...)
	if err != nil && err.Code == failure.CodeInvalidValue {
		return d.NotOneOf(kinds...)
	}
	switch p.kind = p.sent; p.sent {
	case partInputText, partOutputText:
		p.kind = partText
	case partInputImage:
		p.kind = partImage
	case partInputFile:
		p.kind = partFile
	}
	return err
}

// isThought reports whether the part is reasoning.
func (p *partMembers) isThought() bool {
	return p.kind == partThinking || p.kind == partRedacted || p.kind == partThought
}

// thought returns the text of a reasoning part, and the part as the client sent it. more reports whether the part has more than its text.
func (p *partMembers) thought() (text string, block []byte, more bool) {
	more = p.kind == partRedacted || p.more.Object() != ""
	whole := p.more
	whole.Add("type", openai.AppendString(nil, p.sent))
	if p.text != nil {
		whole.Add(partText, openai.AppendString(nil, *p.text))
	}
	for _, name := range []string{partThinking, partThought} {
		said, ok := thoughtOf(p.beside[name])
		text += said
		more = more || !ok
	}
	for name, value := range p.beside {
		whole.Add(name, value)
	}
	if p.text != nil {
		text += *p.text
	}
	return text, []byte(whole.Object()), more
}

// thoughtOf returns a thought, which is a text or a list of text parts. ok is false if it has more than that.
func thoughtOf(value jsontext.Value) (thought string, ok bool) {
	if len(value) == 0 {
		return "", true
	}
	if text, isText := textOf(value); isText {
		return text, true
	}
	var list []jsontext.Value
	if value.Kind() != jsontext.KindBeginArray || json.Unmarshal(value, &list) != nil {
		return "", false
	}
	ok = true
	for _, v := range list {
		var part map[string]jsontext.Value
		if v.Kind() != jsontext.KindBeginObject || json.Unmarshal(v, &part) != nil {
			ok = false
			continue
		}
		text, isText := textOf(part[partText])
		thought += text
		delete(part, "type")
		ok = ok && isText && len(part) == 1
	}
	return thought, ok
}

// part returns the part in the contract's form. It refuses a missing text, because it would look like an empty
// one. The service refuses a missing image, recording or file.
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
