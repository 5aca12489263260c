package chat

import (
	"fmt"
	"slices"
)

// Check refuses a request for something that the model can neither do nor declares to ignore.
func (c *Capabilities) Check(r *Request) *Error {
	for _, feature := range []struct {
		asked bool
		able  Support
		param string
	}{
		{len(r.Tools) > 0, c.Tools, "tools"},
		{r.Logprobs, c.Logprobs, "logprobs"},
		{len(r.LogitBias) > 0, c.LogitBias, "logit_bias"},
		{r.ResponseFormat != nil && r.ResponseFormat.Kind != FormatText, c.JSONOutput, "response_format"},
		{r.ReasoningEffort != "", c.Reasoning, "reasoning_effort"},
		{r.Prediction != nil, c.Prediction, "prediction"},
		{slices.Contains(r.Modalities, ModalityAudio), Refused, "modalities"},
	} {
		if feature.asked && feature.able == Refused {
			return Unsupported(feature.param)
		}
	}
	if c.Tools == Ignored && r.ToolChoice.demands() {
		return Unsupported("tool_choice")
	}
	for i := range r.Tools {
		if r.Tools[i].Foreign && c.OtherTools == Refused {
			return Unsupported(fmt.Sprintf("tools[%d].type", i))
		}
	}
	for i := range r.Messages {
		if err := c.checkMessage(&r.Messages[i], fmt.Sprintf("messages[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

// demands reports whether c requires the model to make a call.
func (c *ToolChoice) demands() bool {
	return c != nil && (c.Mode == ToolChoiceRequired || c.Function != "")
}

// features returns pointers to the fields, in their order.
func (c *Capabilities) features() []*Support {
	return []*Support{
		&c.Tools, &c.OtherTools, &c.Logprobs, &c.JSONOutput, &c.Images, &c.Audio, &c.Files, &c.Reasoning, &c.LogitBias, &c.Prediction,
	}
}

// Or returns, for each feature, the greater support of the two.
func (c Capabilities) Or(other Capabilities) Capabilities {
	more := other.features()
	for i, field := range c.features() {
		*field = max(*field, *more[i])
	}
	return c
}

// Strict returns c with Refused in place of Ignored.
func (c Capabilities) Strict() Capabilities {
	for _, field := range c.features() {
		if *field == Ignored {
			*field = Refused
		}
	}
	return c
}

func (c *Capabilities) checkMessage(m *Message, path string) *Error {
	if c.Tools == Refused {
		switch {
		case m.Role == RoleTool:
			return Unsupported(path + ".role")
		case len(m.ToolCalls) > 0:
			return Unsupported(path + ".tool_calls")
		}
	}
	for i, p := range m.Parts {
		able := Used
		switch p.Kind {
		case PartImage:
			able = c.Images
		case PartAudio:
			able = c.Audio
		case PartFile:
			able = c.Files
		case PartText, PartRefusal:
		}
		if able == Refused {
			return Unsupported(fmt.Sprintf("%s.content[%d].type", path, i))
		}
	}
	return nil
}

// Unsupported returns the error for a field that asks for what the model cannot do.
func Unsupported(param string) *Error {
	return &Error{
		Code:    CodeUnsupportedParameter,
		Param:   param,
		Message: "The model does not support what '" + param + "' asks for. Please leave it out, or ask another model.",
	}
}
