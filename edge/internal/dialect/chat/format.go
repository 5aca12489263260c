package chat

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/pawstream/pawstream/edge/internal/dialect/body"
	"github.com/pawstream/pawstream/edge/internal/failure"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
)

// responseFormat reads "response_format". An unknown member may be a requirement, such as a schema in a
// different place, so it is subject to the policy for unknown members.
func (x *decoding) responseFormat() *failure.Error {
	d, dst := x.d, &x.r.Params.ResponseFormat
	if d.Absent() {
		return nil
	}
	var kind string
	var more body.Besides
	var schema *completionv1.JsonSchemaFormat
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "type":
			return d.OneOf(&kind, "text", "json_object", "json_schema")
		case "json_schema":
			return x.schemaFormat(&schema, &more)
		}
		return x.strange(&more, name)
	})
	if err != nil {
		return err
	}
	x.more.Within("response_format", &more)
	*dst = &completionv1.ResponseFormat{}
	switch kind {
	case "":
		return d.Missing("type")
	case "json_schema":
		(*dst).Format = &completionv1.ResponseFormat_JsonSchema{JsonSchema: orEmpty(schema)}
		return nil
	case "json_object":
		(*dst).Format = &completionv1.ResponseFormat_JsonObject{JsonObject: &completionv1.JsonObjectFormat{}}
	case "text":
		(*dst).Format = &completionv1.ResponseFormat_Text{Text: &completionv1.TextFormat{}}
	}
	if schema != nil {
		return d.Misplaced("json_schema")
	}
	return nil
}

func (x *decoding) schemaFormat(dst **completionv1.JsonSchemaFormat, more *body.Besides) *failure.Error {
	d := x.d
	if d.Absent() {
		return nil
	}
	f := &completionv1.JsonSchemaFormat{}
	*dst = f
	var inner body.Besides
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "name":
			return d.Text(&f.Name)
		case "description":
			return d.Text(&f.Description)
		case "schema":
			return d.Schema(&f.Schema)
		case "strict":
			return body.Optional(d, &f.Strict, d.Boolean)
		}
		return x.strange(&inner, name)
	})
	more.Within("json_schema", &inner)
	return err
}

// prediction reads "prediction", whose content is a string or an array of text parts. The contract has one text
// for it.
func (x *decoding) prediction() *failure.Error {
	d := x.d
	if d.Absent() {
		return nil
	}
	var kind string
	var content *string
	err := d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "type":
			return d.OneOf(&kind, "content")
		case "content":
			return decodePredicted(d, &content)
		}
		return x.strange(&body.Besides{}, name)
	})
	switch {
	case err != nil:
		return err
	case kind == "":
		return d.Missing("type")
	case content == nil:
		return d.Missing("content")
	}
	x.r.Params.Prediction = content
	return nil
}

func decodePredicted(d *body.Decoder, dst **string) *failure.Error {
	if d.Kind() == jsontext.KindString {
		return body.Optional(d, dst, d.Text)
	}
	if d.Absent() {
		return nil
	}
	if d.Kind() != jsontext.KindBeginArray {
		return d.OtherType("a string or an array of text parts")
	}
	var text strings.Builder
	err := d.Array(func() *failure.Error {
		p, err := decodePart(d)
		if err != nil {
			return err
		}
		if _, ok := p.GetPart().(*completionv1.ContentPart_Text); !ok {
			return failure.Field(failure.CodeInvalidValue, d.Path()+".type", "must be 'text'")
		}
		text.WriteString(p.GetText())
		return nil
	})
	joined := text.String()
	*dst = &joined
	return err
}

// streamOptions reads "stream_options". "include_events" and "include_ids" are our own. It ignores options of
// other servers, such as "continuous_usage_stats": they ask for additional chunks that clients do not depend
// on.
func (x *decoding) streamOptions() *failure.Error {
	d := x.d
	if d.Absent() {
		return nil
	}
	o := &completionv1.StreamOptions{}
	x.r.Params.StreamOptions = o
	return d.Object(func(name []byte) *failure.Error {
		switch string(name) {
		case "include_usage":
			return d.Boolean(&o.IncludeUsage)
		case "include_obfuscation":
			return d.Boolean(&o.IncludeObfuscation)
		case "include_events":
			return d.Boolean(&o.IncludeEvents)
		case "include_ids":
			return body.Optional(d, &x.r.IDs, d.Boolean)
		}
		return d.Skip()
	})
}
