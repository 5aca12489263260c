package server

import (
	"github.com/pawstream/pawstream/services/completion/internal/modelfile"
	"github.com/pawstream/pawstream/services/completion/internal/openaibackend"
	"github.com/pawstream/pawstream/services/completion/internal/route"
)

// A protocol is a protocol of model servers.
type protocol struct {
	apis []modelfile.API // see modelfile.Protocols
	// backend returns the backend for a target. It calls unknown for each unknown finish reason.
	backend func(t *modelfile.Target, unknown func()) route.Backend
}

// protocols returns all protocols, by the names of engines in a models file.
func protocols() map[string]protocol {
	return map[string]protocol{
		modelfile.EngineOpenAI: {[]modelfile.API{
			{Name: string(openaibackend.APIChat), Continuations: names(openaibackend.Continuations())},
			{
				Name: string(openaibackend.APIResponses), Continuations: []string{string(openaibackend.ContinueNone)},
				Lacks: []string{"audio", "logit_bias", "prediction"},
			},
		}, openAI},
	}
}

func openAI(t *modelfile.Target, unknown func()) route.Backend {
	return openaibackend.New(openaibackend.Config{
		BaseURL: t.BaseURL, Model: t.Model, Key: t.Key, Headers: t.Headers, Connect: t.Timeouts.Connect,
		Continuation: openaibackend.Continuation(t.Continuation), Unknown: func(string) { unknown() }, Strict: t.Strict,
		API: openaibackend.API(t.API),
	})
}

func names[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
