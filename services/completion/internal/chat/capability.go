package chat

import (
	"fmt"
	"slices"
)

// Check refuses what the model cannot do. Nothing that was asked for is ignored.
func (c *Capabilities) Check(r *Request) *Error {
	for _, feature := range []struct {
		asked, able bool
		param       string
	}{
		{len(r.Tools) > 0, c.Tools, "tools"},
		{r.Logprobs, c.Logprobs, "logprobs"},
		{len(r.LogitBias) > 0, c.LogitBias, "logit_bias"},
		{r.ResponseFormat != nil && r.ResponseFormat.Kind != FormatText, c.JSONOutput, "response_format"},
		{r.ReasoningEffort != "", c.Reasoning, "reasoning_effort"},
		{r.Prediction != nil, c.Prediction, "prediction"},
		{slices.Contains(r.Modalities, ModalityAudio), false, "modalities"},
		{oneOf(r.ServiceTier, "flex", "priority"), false, "service_tier"},
	} {
		if feature.asked && !feature.able {
			return unsupported(feature.param)
		}
	}
	for i := range r.Messages {
		if err := c.checkMessage(&r.Messages[i], fmt.Sprintf("messages[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Capabilities) checkMessage(m *Message, path string) *Error {
	if !c.Tools {
		switch {
		case m.Role == RoleTool:
			return unsupported(path + ".role")
		case len(m.ToolCalls) > 0:
			return unsupported(path + ".tool_calls")
		}
	}
	for i, p := range m.Parts {
		able := true
		switch p.Kind {
		case PartImage:
			able = c.Images
		case PartAudio:
			able = c.Audio
		case PartFile:
			able = c.Files
		case PartText, PartRefusal:
		}
		if !able {
			return unsupported(fmt.Sprintf("%s.content[%d].type", path, i))
		}
	}
	return nil
}

func unsupported(param string) *Error {
	return &Error{
		Code:    CodeUnsupportedParameter,
		Param:   param,
		Message: "The model does not support what '" + param + "' asks for.",
	}
}
