package responses

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// The types of parts of the input.
const (
	partInput     = "input_text"
	partOutput    = "output_text"
	partText      = "text" // of chat completions: some clients mix them up
	partRefusal   = "refusal"
	partImage     = "input_image"
	partFile      = "input_file"
	partAudio     = "input_audio"
	partReasoning = "reasoning_text"
	partSummary   = "summary_text"
)

// An inputPart is a part of an item before it is interpreted.
type inputPart struct {
	kind    string
	thought bool // it belongs to reasoning
	given   bool // it has a "text" or "refusal"
	text    string
	image   completionv1.ImageUrl
	file    completionv1.InputFile
	audio   completionv1.InputAudio
	more    body.Besides
}

// decodePart reads an element of "content", "output" or "summary".
func decodePart(d *body.Decoder) (*inputPart, *failure.Error) {
	p := &inputPart{}
	if err := d.Object(func(name []byte) *failure.Error { return p.member(d, string(name)) }); err != nil {
		return nil, err
	}
	switch p.kind {
	case "":
		return nil, d.Missing("type")
	case partReasoning, partSummary:
		p.thought = true
	case partRefusal:
		if !p.given {
			return nil, d.Missing("refusal")
		}
	case partInput, partOutput, partText:
		if !p.given {
			return nil, d.Missing("text")
		}
	case partImage:
		if p.image.GetUrl() == "" && p.file.GetFileId() != "" {
			return nil, failure.Field(failure.CodeUnsupportedParameter, d.Path()+".file_id", "is not supported: there are no uploads; send 'image_url'")
		}
	}
	return p, nil
}

func (p *inputPart) member(d *body.Decoder, name string) *failure.Error {
	switch name {
	case "type":
		return d.OneOf(&p.kind, partInput, partImage, partFile, partAudio, partOutput, partRefusal, partText, partReasoning, partSummary)
	case "text", "refusal":
		p.given = true
		return d.Text(&p.text)
	case "image_url":
		return p.imageURL(d)
	case "detail":
		return d.Text(&p.image.Detail)
	case "file_id":
		return d.Text(&p.file.FileId)
	case "file_data":
		return d.Text(&p.file.FileData)
	case "filename":
		return d.Text(&p.file.Filename)
	case "file_url":
		return unsupported(d, "is not supported; send 'file_data'")
	case "input_audio":
		return d.Object(func(name []byte) *failure.Error {
			switch string(name) {
			case "data":
				return d.Text(&p.audio.Data)
			case "format":
				return d.Text(&p.audio.Format)
			}
			return d.Skip()
		})
	case "annotations", "logprobs", "parsed":
		return d.Skip() // members of an answer that a client sends back
	}
	return p.more.Keep(d, []byte(name))
}

// imageURL reads the URL of an image, which chat completions wrap in an object.
func (p *inputPart) imageURL(d *body.Decoder) *failure.Error {
	if d.Kind() != jsontext.KindBeginObject {
		return d.Text(&p.image.Url)
	}
	return d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "url":
			return d.Text(&p.image.Url)
		case "detail":
			return d.Text(&p.image.Detail)
		}
		return d.Skip()
	})
}

// part returns the part in the contract's form.
func (p *inputPart) part() *completionv1.ContentPart {
	out := &completionv1.ContentPart{More: p.more.Object()}
	switch p.kind {
	case partRefusal:
		out.Part = &completionv1.ContentPart_Refusal{Refusal: p.text}
	case partImage:
		out.Part = &completionv1.ContentPart_ImageUrl{ImageUrl: &p.image}
	case partFile:
		out.Part = &completionv1.ContentPart_File{File: &p.file}
	case partAudio:
		out.Part = &completionv1.ContentPart_InputAudio{InputAudio: &p.audio}
	default:
		out.Part = &completionv1.ContentPart_Text{Text: p.text}
	}
	return out
}
