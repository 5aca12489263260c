package service_test

import (
	"math"
	"strings"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/service"
)

func TestWhatIsWithinTheRulesIsAccepted(t *testing.T) {
	text := []chat.Part{{Kind: chat.PartText}}
	for name, change := range map[string]func(*chat.Request){
		"a plain question": func(*chat.Request) {},
		"every role": messages(
			chat.Message{Role: chat.RoleSystem, Parts: text},
			chat.Message{Role: chat.RoleDeveloper, Parts: text},
			chat.Message{Role: chat.RoleUser, Parts: text, Name: strings.Repeat("ä", 64)},
			chat.Message{Role: chat.RoleAssistant, Parts: text, Reasoning: "why"},
			chat.Message{Role: chat.RoleAssistant, ToolCalls: []chat.ToolCall{{ID: "call", Name: "f"}}},
			chat.Message{Role: chat.RoleTool, ToolCallID: "call", Parts: text},
			chat.Message{Role: chat.RoleAssistant, Refusal: "no"},
			chat.Message{Role: chat.RoleAssistant, Parts: []chat.Part{{Kind: chat.PartRefusal, Text: "no"}}},
		),
		"every kind of part": messages(chat.Message{Role: chat.RoleUser, Parts: []chat.Part{
			{Kind: chat.PartText},
			{Kind: chat.PartImage, ImageURL: "u"},
			{Kind: chat.PartImage, ImageURL: "u", ImageDetail: "high"},
			{Kind: chat.PartAudio, AudioData: "AA", AudioFormat: "mp3"},
			{Kind: chat.PartFile, FileID: "f"},
			{Kind: chat.PartFile, FileData: "AA"},
		}}),
		"a tool and a model that show images": messages(
			chat.Message{Role: chat.RoleAssistant, Parts: []chat.Part{{Kind: chat.PartImage, ImageURL: "u"}}, ToolCalls: []chat.ToolCall{{ID: "call", Name: "f"}}},
			chat.Message{Role: chat.RoleTool, ToolCallID: "call", Parts: []chat.Part{{Kind: chat.PartText}, {Kind: chat.PartImage, ImageURL: "u"}}},
		),
		"no log probabilities at all": func(r *chat.Request) { r.TopLogprobs = new(0) },
		"the least of every number": func(r *chat.Request) {
			r.MaxCompletionTokens, r.MaxTokens, r.N, r.Logprobs, r.TopLogprobs = new(1), new(1), new(1), true, new(0)
			r.Temperature, r.TopP, r.FrequencyPenalty, r.PresencePenalty = new(0.0), new(0.0), new(-2.0), new(-2.0)
			r.LogitBias = map[int]float64{0: -100}
		},
		"the most of every number": func(r *chat.Request) {
			r.MaxCompletionTokens, r.N, r.Logprobs, r.TopLogprobs = new(math.MaxInt32), new(128), true, new(20)
			r.Temperature, r.TopP, r.FrequencyPenalty, r.PresencePenalty = new(2.0), new(1.0), new(2.0), new(2.0)
			r.LogitBias = map[int]float64{0: 100}
		},
		"four stops": func(r *chat.Request) { r.Stop = []string{"a", "b", "\n", " "} },
		"tools and the choice of one": func(r *chat.Request) {
			r.Tools = []chat.Tool{{Name: "f"}, {Name: strings.Repeat("Az09_-", 10)}}
			r.ToolChoice, r.ParallelToolCalls = &chat.ToolChoice{Function: "f"}, new(false)
		},
		"a required call": func(r *chat.Request) {
			r.Tools, r.ToolChoice = []chat.Tool{{Name: "f"}}, &chat.ToolChoice{Mode: chat.ToolChoiceRequired}
		},
		"text":              format(chat.ResponseFormat{Kind: chat.FormatText}),
		"a JSON object":     format(chat.ResponseFormat{Kind: chat.FormatJSONObject}),
		"a schema":          format(chat.ResponseFormat{Kind: chat.FormatJSONSchema, Name: "pet"}),
		"the text modality": func(r *chat.Request) { r.Modalities = []chat.Modality{chat.ModalityText} },
		"the longest names": func(r *chat.Request) {
			r.User, r.SafetyIdentifier = strings.Repeat("ä", 512), strings.Repeat("ä", 512)
		},
		"sixteen pairs":       metadata(pairs(16)),
		"the longest pair":    metadata(map[string]string{strings.Repeat("ä", 64): strings.Repeat("ä", 512)}),
		"effort, and so on":   func(r *chat.Request) { r.ReasoningEffort, r.Verbosity, r.ServiceTier = "xhigh", "low", "auto" },
		"a policy and a seed": func(r *chat.Request) { r.OnDisconnect, r.Seed = chat.OnDisconnectContinue, new(int64(-1)) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := ask(change).Validate(); err != nil {
				t.Errorf("it was refused: %v", err)
			}
		})
	}
}

// askAll returns changes that make a request need one capability each, by the field that asks for it.
func askAll() map[string]func(*chat.Request) {
	text := []chat.Part{{Kind: chat.PartText}}
	return map[string]func(*chat.Request){
		"tools":                       tool("f"),
		"logprobs":                    func(r *chat.Request) { r.Logprobs = true },
		"logit_bias":                  func(r *chat.Request) { r.LogitBias = map[int]float64{1: 1} },
		"response_format":             format(chat.ResponseFormat{Kind: chat.FormatJSONObject}),
		"reasoning_effort":            func(r *chat.Request) { r.ReasoningEffort = "low" },
		"prediction":                  func(r *chat.Request) { r.Prediction = new("") },
		"messages[0].role":            messages(chat.Message{Role: chat.RoleTool, ToolCallID: "call", Parts: text}),
		"messages[1].tool_calls":      messages(user("a"), chat.Message{Role: chat.RoleAssistant, ToolCalls: []chat.ToolCall{{ID: "call", Name: "f"}}}),
		"messages[0].content[0].type": part(chat.RoleUser, chat.Part{Kind: chat.PartImage, ImageURL: "u"}),
		"messages[1].content[0].type": messages(user("a"), chat.Message{Role: chat.RoleUser, Parts: []chat.Part{{Kind: chat.PartAudio, AudioData: "AA", AudioFormat: "wav"}}}),
		"messages[0].content[1].type": messages(chat.Message{Role: chat.RoleUser, Parts: []chat.Part{text[0], {Kind: chat.PartFile, FileID: "f"}}}),
	}
}

func TestWhatAModelCannotDoIsRefused(t *testing.T) {
	s := newService(t, nil, service.Config{Models: []chat.Model{
		{ID: "able", Capabilities: everything, Engine: says("yes")},
		{ID: "model", Engine: says("no")},
	}})
	for param, change := range askAll() {
		t.Run(param, func(t *testing.T) {
			_, err := s.Create(t.Context(), anna, "", ask(change))
			if shown := wantCode(t, "Create", err, chat.CodeUnsupportedParameter); shown.Param != param {
				t.Errorf("the error is about %q, want %q", shown.Param, param)
			}
			able := func(r *chat.Request) { r.Model = "able" }
			if _, err := s.Create(t.Context(), anna, "", ask(change, able)); err != nil {
				t.Errorf("a model that can do it refuses: %v", err)
			}
		})
	}
}

// TestWhatAModelIgnoresIsAccepted checks that the service accepts ignored features if a client offers or
// mentions them, and refuses them if the client demands them.
func TestWhatAModelIgnoresIsAccepted(t *testing.T) {
	capabilities := func(s chat.Support) chat.Capabilities {
		return chat.Capabilities{
			Tools: s, Logprobs: s, JSONOutput: s, Images: s, Audio: s, Files: s, Reasoning: s, LogitBias: s, Prediction: s,
		}
	}
	check := func(c chat.Capabilities, change func(*chat.Request)) string {
		if err := c.Check(ask(change)); err != nil {
			return err.Param
		}
		return ""
	}
	choose := func(c chat.ToolChoice) func(*chat.Request) {
		return func(r *chat.Request) {
			tool("f")(r)
			r.ToolChoice, r.ParallelToolCalls = &c, new(true)
		}
	}
	for param, change := range askAll() {
		if got := check(capabilities(chat.Ignored), change); got != "" {
			t.Errorf("%s: %q is refused", param, got)
		}
		if got := check(capabilities(chat.Ignored).Strict(), change); got != param {
			t.Errorf("%s: %q is refused by one that ignores nothing", param, got)
		}
	}
	for _, test := range []struct {
		choice chat.ToolChoice
		param  string // at fault if tools are ignored
	}{
		{chat.ToolChoice{Mode: chat.ToolChoiceNone}, ""},
		{chat.ToolChoice{Mode: chat.ToolChoiceAuto}, ""},
		{chat.ToolChoice{Mode: chat.ToolChoiceRequired}, "tool_choice"},
		{chat.ToolChoice{Function: "f"}, "tool_choice"},
	} {
		for tools, want := range map[chat.Support]string{chat.Refused: "tools", chat.Ignored: test.param, chat.Used: ""} {
			if got := check(chat.Capabilities{Tools: tools}, choose(test.choice)); got != want {
				t.Errorf("%+v with tools %d: %q is refused, want %q", test.choice, tools, got, want)
			}
		}
	}
}

func TestCapabilitiesTogether(t *testing.T) {
	a := chat.Capabilities{Tools: chat.Used, Images: chat.Ignored, Files: chat.Ignored}
	b := chat.Capabilities{Tools: chat.Ignored, Images: chat.Used, Audio: chat.Ignored}
	if got, want := a.Or(b), (chat.Capabilities{Tools: chat.Used, Images: chat.Used, Files: chat.Ignored, Audio: chat.Ignored}); got != want {
		t.Errorf("Or: %+v, want %+v", got, want)
	}
	if got, want := a.Strict(), (chat.Capabilities{Tools: chat.Used}); got != want || a.Files != chat.Ignored {
		t.Errorf("Strict: %+v, want %+v", got, want)
	}
}

func TestWhatNoModelDoesIsRefused(t *testing.T) {
	s := newService(t, says("yes"), service.Config{})
	for param, change := range map[string]func(*chat.Request){
		"modalities": func(r *chat.Request) { r.Modalities = []chat.Modality{chat.ModalityText, chat.ModalityAudio} },
	} {
		_, err := s.Create(t.Context(), anna, "", ask(change))
		if shown := wantCode(t, "Create", err, chat.CodeUnsupportedParameter); shown.Param != param {
			t.Errorf("the error is about %q, want %q", shown.Param, param)
		}
	}
	plain := func(r *chat.Request) {
		r.ResponseFormat, r.ServiceTier = &chat.ResponseFormat{Kind: chat.FormatText}, "priority"
	}
	if _, err := s.Create(t.Context(), anna, "", ask(plain)); err != nil {
		t.Errorf("what every model does is refused: %v", err)
	}
}
