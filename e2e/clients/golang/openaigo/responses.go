package main

import (
	"context"
	"errors"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/responses"

	"github.com/pawstream/pawstream/e2e/clients/golang/gallery"
)

const responseTools = `[{"type":"function","name":"find_pet","description":"Finds a pet.","strict":false,` +
	`"parameters":{"type":"object","properties":{"name":{"type":"string"}}}}]`

func respond(asked gallery.Asked) (got gallery.Answer, err error) {
	ctx, service := context.Background(), client(asked).Responses
	params := responses.ResponseNewParams{Model: asked.Model, Input: responses.ResponseNewParamsInputUnion{OfString: openai.String("Which pet?")}}
	if asked.Tools {
		params.Tools = parsed[[]responses.ToolUnionParam](responseTools)
	}
	if asked.Object {
		params.Text.Format = responses.ResponseFormatTextConfigParamOfJSONSchema("pet", parsed[map[string]any](gallery.PetSchema))
	}
	if asked.Whole || asked.Object || asked.Loop {
		r, err := service.New(ctx, params)
		if err == nil && asked.Loop {
			params.PreviousResponseID, params.Input = openai.String(r.ID), responses.ResponseNewParamsInputUnion{OfInputItemList: results(r)}
			r, err = service.New(ctx, params)
		}
		if err != nil {
			return got, err
		}
		return gallery.Answer{Text: r.OutputText(), Object: r.OutputText()}, nil
	}
	r := reading{Answer: &got, leave: asked.Leave}
	err = r.read(service.NewStreaming(ctx, params))
	if asked.Resume {
		got.Resumed = "`GetStreaming` with `StartingAfter`"
		for before := int64(-1); err != nil && r.last > before; {
			before = r.last // it must advance each time
			err = r.read(service.GetStreaming(ctx, r.id, responses.ResponseGetParams{StartingAfter: openai.Int(r.last)}))
		}
	}
	return got, err
}

// A reading is the state of one response, over all its streams.
type reading struct {
	*gallery.Answer
	leave bool
	id    string
	last  int64 // number of the last event
}

func (r *reading) read(stream *ssestream.Stream[responses.ResponseStreamEventUnion]) error {
	defer stream.Close()
	for stream.Next() {
		e := stream.Current()
		r.last = e.SequenceNumber
		switch e.Type {
		case "response.created":
			r.id = e.Response.ID
		case "response.output_text.delta":
			if r.Text += e.Delta; r.leave {
				return gallery.ErrLeft
			}
		case "response.completed":
			r.Finish, r.Usage, r.Calls = "stop", e.Response.Usage.TotalTokens, calls(&e.Response)
			if len(r.Calls) > 0 {
				r.Finish = "tool_calls"
			}
		}
	}
	if stream.Err() == nil && r.Finish == "" {
		return errors.New("it ended without an end")
	}
	return stream.Err()
}

func calls(r *responses.Response) (all []gallery.Call) {
	for _, item := range r.Output {
		if item.Type == "function_call" {
			all = append(all, gallery.Call{Name: item.Name, Arguments: item.AsFunctionCall().Arguments})
		}
	}
	return all
}

// results answers the calls of a response.
func results(r *responses.Response) (all responses.ResponseInputParam) {
	for _, item := range r.Output {
		if item.Type == "function_call" {
			call := item.AsFunctionCall()
			output := responses.ResponseInputItemParamOfFunctionCallOutput(gallery.FindPet(call.Arguments))
			output.OfFunctionCallOutput.CallID = openai.String(call.CallID)
			all = append(all, output)
		}
	}
	return all
}
