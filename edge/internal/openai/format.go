package openai

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// decodeResponseFormat reads "response_format".
func decodeResponseFormat(d *decoder, dst **completionv1.ResponseFormat) *Error {
	if d.absent() {
		return nil
	}
	var kind string
	var schema *completionv1.JsonSchemaFormat
	err := d.object(func(name []byte) *Error {
		switch string(name) {
		case "type":
			return d.oneOf(&kind, "text", "json_object", "json_schema")
		case "json_schema":
			return decodeSchemaFormat(d, &schema)
		}
		return d.unknown()
	})
	if err != nil {
		return err
	}
	*dst = &completionv1.ResponseFormat{}
	switch kind {
	case "":
		return d.missing("type")
	case "json_schema":
		(*dst).Format = &completionv1.ResponseFormat_JsonSchema{JsonSchema: orEmpty(schema)}
		return nil
	case "json_object":
		(*dst).Format = &completionv1.ResponseFormat_JsonObject{JsonObject: &completionv1.JsonObjectFormat{}}
	case "text":
		(*dst).Format = &completionv1.ResponseFormat_Text{Text: &completionv1.TextFormat{}}
	}
	if schema != nil {
		return d.misplaced("json_schema")
	}
	return nil
}

func decodeSchemaFormat(d *decoder, dst **completionv1.JsonSchemaFormat) *Error {
	if d.absent() {
		return nil
	}
	f := &completionv1.JsonSchemaFormat{}
	*dst = f
	return d.object(func(name []byte) *Error {
		switch string(name) {
		case "name":
			return d.string(&f.Name)
		case "description":
			return d.string(&f.Description)
		case "schema":
			return decodeSchema(d, &f.Schema)
		case "strict":
			return optional(d, &f.Strict, d.boolean)
		}
		return d.unknown()
	})
}

// decodePrediction reads "prediction", whose content is a string or an array of text
// parts. The contract has it as one text.
func decodePrediction(d *decoder, dst **string) *Error {
	if d.absent() {
		return nil
	}
	var kind string
	var content *string
	err := d.object(func(name []byte) *Error {
		switch string(name) {
		case "type":
			return d.oneOf(&kind, "content")
		case "content":
			return decodePredicted(d, &content)
		}
		return d.unknown()
	})
	switch {
	case err != nil:
		return err
	case kind == "":
		return d.missing("type")
	case content == nil:
		return d.missing("content")
	}
	*dst = content
	return nil
}

func decodePredicted(d *decoder, dst **string) *Error {
	if d.text.PeekKind() == jsontext.KindString {
		return optional(d, dst, d.string)
	}
	if d.absent() {
		return nil
	}
	if d.text.PeekKind() != jsontext.KindBeginArray {
		return d.otherType("a string or an array of text parts")
	}
	var text strings.Builder
	err := d.array(func() *Error {
		p, err := decodePart(d)
		if err != nil {
			return err
		}
		if _, ok := p.GetPart().(*completionv1.ContentPart_Text); !ok {
			return fault("invalid_value", d.path()+".type", "must be 'text'")
		}
		text.WriteString(p.GetText())
		return nil
	})
	joined := text.String()
	*dst = &joined
	return err
}

// decodeStreamOptions reads "stream_options". "include_events" is our own.
func decodeStreamOptions(d *decoder, dst **completionv1.StreamOptions) *Error {
	if d.absent() {
		return nil
	}
	o := &completionv1.StreamOptions{}
	*dst = o
	return d.object(func(name []byte) *Error {
		switch string(name) {
		case "include_usage":
			return d.boolean(&o.IncludeUsage)
		case "include_obfuscation":
			return d.boolean(&o.IncludeObfuscation)
		case "include_events":
			return d.boolean(&o.IncludeEvents)
		}
		return d.unknown()
	})
}
