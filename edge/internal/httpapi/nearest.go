package httpapi

import (
	"strings"

	"github.com/pawstream/pawstream/edge/internal/failure"
	"github.com/pawstream/pawstream/internal/openaiapi"
)

// unknownURL returns the error for an unknown path. It names the route that was probably intended or, if the
// path belongs to another API and has no counterpart here, the available routes.
func unknownURL(paths []string, path string) *failure.Error {
	asked := strings.Split(strings.ToLower(strings.Trim(path, "/")), "/")
	if meant := alike(paths, asked); meant != "" {
		return failure.UnknownURLNear(meant)
	}
	last := asked[len(asked)-1]
	if _, action, isAction := strings.Cut(last, ":"); isAction { // as Google's APIs have it
		last = action
	}
	if otherNames[last] == countPath {
		return failure.UnknownURLNear(countPath)
	}
	for _, segment := range asked {
		if route := otherParts[segment]; route != "" {
			return failure.UnknownURLNear(route)
		}
		if route := nothingLike[segment]; route != "" {
			return failure.UnknownURLNearest(route)
		}
	}
	if meant := otherNames[last]; meant != "" {
		return failure.UnknownURLNear(meant)
	}
	for _, segment := range asked {
		switch segment {
		case "v1", "v2", "v1beta", "api", "openai", "anthropic":
			return failure.UnknownURLOfAPI()
		}
	}
	return failure.UnknownURL()
}

// alike returns the path whose end is most like the segments of an unknown path; empty: none. What clients
// usually get wrong is the base URL: they leave /v1 out, or use another service's prefix.
func alike(paths, asked []string) (meant string) {
	most := 0
	for _, candidate := range paths {
		segments, n := strings.Split(candidate, "/"), 0
		for n < min(len(asked), len(segments)-1) && asked[len(asked)-1-n] == segments[len(segments)-1-n] {
			n++
		}
		if n > most {
			most, meant = n, candidate
		}
	}
	return meant
}

// otherParts are the parts of OpenAI's and Anthropic's APIs for which we have a route, with everything below
// them.
var otherParts = map[string]string{ //nolint:gochecknoglobals // a table
	"responses": responsesPath, "conversations": responsesPath, "threads": responsesPath, "assistants": responsesPath,
	"messages": chatPath,
}

// nothingLike are the parts of these APIs that have no counterpart here, with the nearest route for each: the
// one that accepts similar input, or that lists what is available.
var nothingLike = map[string]string{ //nolint:gochecknoglobals // a table
	// What the input of a response may hold, or what a response is in their place.
	"files": responsesPath, "uploads": responsesPath, "vector_stores": responsesPath, "containers": responsesPath, "skills": responsesPath,
	"images": responsesPath, "audio": responsesPath, "videos": responsesPath, "realtime": responsesPath, "live": responsesPath,
	"agents": responsesPath, "sessions": responsesPath, "chatkit": responsesPath, "environments": responsesPath, "memory_stores": responsesPath,
	"dreams": responsesPath, "decisions": responsesPath, "batches": responsesPath,
	// What is done with texts or models.
	"embeddings": modelsPath, "moderations": modelsPath, "fine_tuning": modelsPath, "evals": modelsPath, "deployments": modelsPath,
	"deployment_runs": modelsPath,
	// What an account has.
	"organization": modelsPath, "organizations": modelsPath, "projects": modelsPath, "safety": modelsPath, "compliance": modelsPath,
	"content_provenance_checks": modelsPath, "tunnels": modelsPath, "user_profiles": modelsPath, "vaults": modelsPath,
	"webhook_endpoints": modelsPath, "webhook_event_types": modelsPath,
}

// otherNames are the names that other APIs, and OpenAI's older ones, use for what our routes do, by the ends of
// their paths: Anthropic's, Ollama's, Cohere's, Gemini's, llama.cpp's and vLLM's.
var otherNames = map[string]string{ //nolint:gochecknoglobals // a table
	"messages": chatPath, "complete": chatPath, "completion": chatPath, "chat": chatPath, "generate": chatPath,
	"generatecontent": chatPath, "streamgeneratecontent": chatPath,
	"tags": modelsPath, "show": modelsPath, "ps": modelsPath, "engines": modelsPath,
	"count_tokens": countPath, "counttokens": countPath, "tokenize": countPath,
}

const (
	chatPath      = openaiapi.ChatCompletions
	responsesPath = openaiapi.Responses
	modelsPath    = "/v1/models"
	countPath     = "/v1/responses/input_tokens"
)
