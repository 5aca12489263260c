package openai

import completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"

// The types of content parts.
const (
	partText    = "text"
	partRefusal = "refusal"
	partImage   = "image_url"
	partAudio   = "input_audio"
	partFile    = "file"
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
}

// decodePart reads an element of an array "content".
func decodePart(d *decoder) (*completionv1.ContentPart, *Error) {
	var p partMembers
	err := d.object(func(name []byte) *Error {
		switch string(name) {
		case "type":
			return d.oneOf(&p.kind, partText, partRefusal, partImage, partAudio, partFile)
		case partText:
			return optional(d, &p.text, d.string)
		case partRefusal:
			return optional(d, &p.refusal, d.string)
		case partImage:
			return decodeImage(d, &p.image)
		case partAudio:
			return decodeAudio(d, &p.audio)
		case partFile:
			return decodeFile(d, &p.file)
		}
		return d.unknown()
	})
	if err != nil {
		return nil, err
	}
	return p.part(d)
}

// part returns the part, which has the one member that its type names. Without it, an
// image and its like are left to the service to refuse; an empty text would be one.
func (p *partMembers) part(d *decoder) (*completionv1.ContentPart, *Error) {
	if err := p.check(d); err != nil {
		return nil, err
	}
	out := &completionv1.ContentPart{}
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

func (p *partMembers) check(d *decoder) *Error {
	if p.kind == "" {
		return d.missing("type")
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
			return d.misplaced(member.kind)
		case !member.given && member.kind == p.kind && member.required:
			return d.missing(member.kind)
		}
	}
	return nil
}

// misplaced refuses a member, of an object read to its end, that belongs to another
// type than the object is of.
func (d *decoder) misplaced(member string) *Error {
	if path := d.path(); path != "" {
		member = path + "." + member
	}
	return fault("unknown_parameter", member, "does not belong to this type")
}

func orEmpty[T any](v *T) *T {
	if v == nil {
		return new(T)
	}
	return v
}

func decodeImage(d *decoder, dst **completionv1.ImageUrl) *Error {
	if d.absent() {
		return nil
	}
	*dst = &completionv1.ImageUrl{}
	return d.object(func(name []byte) *Error {
		switch string(name) {
		case "url":
			return d.string(&(*dst).Url)
		case "detail":
			return d.string(&(*dst).Detail)
		}
		return d.unknown()
	})
}

func decodeAudio(d *decoder, dst **completionv1.InputAudio) *Error {
	if d.absent() {
		return nil
	}
	*dst = &completionv1.InputAudio{}
	return d.object(func(name []byte) *Error {
		switch string(name) {
		case "data":
			return d.string(&(*dst).Data)
		case "format":
			return d.string(&(*dst).Format)
		}
		return d.unknown()
	})
}

func decodeFile(d *decoder, dst **completionv1.InputFile) *Error {
	if d.absent() {
		return nil
	}
	*dst = &completionv1.InputFile{}
	return d.object(func(name []byte) *Error {
		switch string(name) {
		case "file_id":
			return d.string(&(*dst).FileId)
		case "file_data":
			return d.string(&(*dst).FileData)
		case "filename":
			return d.string(&(*dst).Filename)
		}
		return d.unknown()
	})
}
