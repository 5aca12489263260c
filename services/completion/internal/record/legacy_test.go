package record_test

import (
	"encoding/hex"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	logv1 "github.com/pawstream/pawstream/gen/petstore/completion/log/v1"
	completionv1 "github.com/pawstream/pawstream/gen/petstore/completion/v1"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/record"
	"github.com/pawstream/pawstream/services/completion/internal/wire"
)

// TestTheHashIsThatOfOlderVersions compares with hashes that a version without digests computed (40d60f9).
func TestTheHashIsThatOfOlderVersions(t *testing.T) {
	for _, test := range []struct{ params, hash string }{
		{`{"model": "m", "messages": [{"role": "ROLE_USER", "text": "Hi"}]}`, "93d2f3cddb8e866dc4d74894284f206ad89097b4750c75f54cf5e6278045188e"},
		{
			`{"model": "m", "messages": [{"role": "ROLE_USER", "text": "Hi", "more": "{}"}], "functionCalls": true, "streamOptions": {"includeEvents": true}}`,
			"93d2f3cddb8e866dc4d74894284f206ad89097b4750c75f54cf5e6278045188e", // older versions do not know the rest
		},
		{`{
			"model": "m", "maxCompletionTokens": 5, "maxTokens": 6, "n": 2, "stop": ["a", "b"], "seed": "7",
			"temperature": 0.5, "topP": 0.25, "frequencyPenalty": 1, "presencePenalty": -1, "logitBias": {"42": -100},
			"logprobs": true, "topLogprobs": 3, "parallelToolCalls": false, "toolChoice": {"functionName": "f"},
			"tools": [{"function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": true}}],
			"responseFormat": {"jsonSchema": {"name": "s", "description": "d", "schema": {"type": "object"}, "strict": false}},
			"modalities": ["MODALITY_TEXT"], "reasoningEffort": "REASONING_EFFORT_LOW", "verbosity": "VERBOSITY_HIGH",
			"prediction": "p", "serviceTier": "auto", "store": true, "metadata": {"k": "v"},
			"onDisconnect": "ON_DISCONNECT_CANCEL", "user": "u", "safetyIdentifier": "s", "promptCacheKey": "c",
			"streamOptions": {"includeUsage": true, "includeObfuscation": true, "includeEvents": true},
			"messages": [
				{"role": "ROLE_SYSTEM", "text": "be kind"},
				{"role": "ROLE_USER", "name": "Ann", "parts": {"parts": [
					{"text": "t"}, {"imageUrl": {"url": "https://x/y", "detail": "low"}},
					{"inputAudio": {"data": "AA==", "format": "wav"}}, {"file": {"fileId": "i", "fileData": "d", "filename": "n"}}]}},
				{"role": "ROLE_ASSISTANT", "refusal": "no", "reasoning": "hm", "parts": {"parts": [{"refusal": "r"}]},
					"toolCalls": [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}]},
				{"role": "ROLE_TOOL", "toolCallId": "c1", "text": ""}
			]
		}`, "d20cbb7e62d8287cf4ee670123f87937a70f36ab3d5b1fab497e5e8cbe6f12c4"},
	} {
		stored := storedMeta(t, test.params)
		if got := hex.EncodeToString(stored.GetRequestHash()); got != test.hash {
			t.Errorf("hash of %s\n%s, want %s", test.params, got, test.hash)
		}
	}
}

// TestADigestIsReadOfAnyVersion reads metas in the form of every version that stored them.
func TestADigestIsReadOfAnyVersion(t *testing.T) {
	const params = `{"model": "m", "messages": [{"role": "ROLE_USER", "text": "Hi"}]}`
	now := storedMeta(t, params)
	digest := [32]byte(now.GetDigest())
	request := wire.RequestFromProto(now.GetParams())
	request.Digest = digest
	newer := *request
	newer.Digest, newer.FunctionCalls = [32]byte{1}, true // a version without digests does not know these
	for name, change := range map[string]func(*logv1.Meta){
		"this one":                func(*logv1.Meta) {},
		"without digests":         func(m *logv1.Meta) { m.DigestVersion, m.Digest = 0, nil },
		"version 1":               func(m *logv1.Meta) { m.DigestVersion, m.RequestHash, m.Digest = 1, m.GetDigest(), nil },
		"one to come":             func(m *logv1.Meta) { m.DigestVersion, m.Digest = 99, make([]byte, 64) },
		"this one, without a sum": func(m *logv1.Meta) { m.Digest = nil },
	} {
		meta := proto.CloneOf(now)
		change(meta)
		data, err := proto.Marshal(&logv1.Record{Content: &logv1.Record_Meta{Meta: meta}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := record.Decode(data)
		if err != nil || r.Meta.RequestHash != digest {
			t.Fatalf("%s: %v, %+v", name, err, r)
		}
		r.Meta.Model = request.Model
		if !r.Meta.AsksFor(request) || r.Meta.AsksFor(&newer) != (name == "without digests") {
			t.Errorf("%s: it does not tell requests apart", name)
		}
	}
}

// storedMeta returns the stored form of the meta of a completion with an idempotency key.
func storedMeta(t *testing.T, text string) *logv1.Meta {
	t.Helper()
	params := &completionv1.CompletionParams{}
	if err := protojson.Unmarshal([]byte(text), params); err != nil {
		t.Fatal(err)
	}
	digest, err := wire.Digest(params)
	if err != nil {
		t.Fatal(err)
	}
	data, err := record.Encode(&record.Record{Meta: &chat.Meta{
		ID: "a", Request: wire.RequestFromProto(params), IdempotencyKey: "key", RequestHash: digest,
	}})
	if err != nil {
		t.Fatal(err)
	}
	var stored logv1.Record
	if err := proto.Unmarshal(data, &stored); err != nil {
		t.Fatal(err)
	}
	return stored.GetMeta()
}
