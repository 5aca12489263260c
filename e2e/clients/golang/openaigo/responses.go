package main

import (
	"context"
	"errors"

	"github.com/openai/openai-go/v3"
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
	stream := service.NewStreaming(ctx, params)
	defer stream.Close()
	for stream.Next() {
		switch e := stream.Current(); e.Type {
		case "response.output_text.delta":
			if got.Text += e.Delta; asked.Leave {
				return got, gallery.ErrLeft
			}
		case "response.completed":
			got.Finish, got.Usage, got.Calls = "stop", e.Response.Usage.TotalTokens, calls(&e.Response)
			if len(got.Calls) > 0 {
				got.Finish = "tool_calls"
			}
		}
	}
	if stream.Err() == nil && got.Finish == "" {
		return got, errors.New("it ended without an end")
	}
	return got, stream.Err()
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
