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
		if nothingLike[segment] {
			return failure.UnknownURLOfPart()
		}
	}
	if meant := otherNames[last]; meant != "" {
		return failure.UnknownURLNear(meant)
	}
	if asked[0] == "demo" {
		return failure.UnknownURLOfDemo()
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

// nothingLike are the parts of these APIs that have no counterpart here.
var nothingLike = map[string]bool{ //nolint:gochecknoglobals // a table
	"files": true, "uploads": true, "vector_stores": true, "containers": true, "skills": true, "images": true,
	"audio": true, "videos": true, "realtime": true, "live": true, "agents": true, "sessions": true,
	"chatkit": true, "environments": true, "memory_stores": true, "dreams": true, "decisions": true,
	"batches": true, "embeddings": true, "moderations": true, "fine_tuning": true, "evals": true,
	"deployments": true, "deployment_runs": true, "organization": true, "organizations": true, "projects": true,
	"safety": true, "compliance": true, "content_provenance_checks": true, "tunnels": true,
	"user_profiles": true, "vaults": true, "webhook_endpoints": true, "webhook_event_types": true,
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
