package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/pawstream/pawstream/internal/reload"
	"github.com/pawstream/pawstream/internal/secretfile"
)

// Keys is the [Authenticator] for a file of API keys. It holds only their SHA-256
// digests: keys are so random that none can be found from its digest.
type Keys struct {
	file *reload.Value[[]key]
}

// A key is an entry of the file.
type key struct {
	digest [sha256.Size]byte
	caller Caller
}

// entry is a key as written in the file.
type entry struct {
	Name              string   `yaml:"name"`
	SHA256            string   `yaml:"sha256"`
	Principal         string   `yaml:"principal"`
	Scopes            []Scope  `yaml:"scopes"`
	Models            []string `yaml:"models"`
	RequestsPerMinute int      `yaml:"requests_per_minute"`
	Streams           int      `yaml:"streams"`
}

// LoadKeys reads a file of keys: a YAML list with an entry for each key. Each entry must have name
// and sha256 (64 hexadecimal digits). The principal is the name unless the entry
// has a principal; several keys may share one. The file must not be readable by
// every user of the machine.
func LoadKeys(path string) (*Keys, error) {
	file, err := reload.Load(func() ([]key, error) { return readKeys(path) }, path)
	if err != nil {
		return nil, err
	}
	return &Keys{file: file}, nil
}

// Watch reads the file again when it changes, until ctx ends; see [reload.Value.Watch].
func (k *Keys) Watch(ctx context.Context, logger *slog.Logger) { k.file.Watch(ctx, logger) }

// Authenticate implements [Authenticator]. It takes the same time for every wrong key:
// it compares the digest with every known one, each in constant time.
func (k *Keys) Authenticate(h http.Header) (*Caller, error) {
	secret, err := bearer(h)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(secret))
	var found *Caller
	keys := k.file.Get()
	for i := range keys {
		if subtle.ConstantTimeCompare(digest[:], keys[i].digest[:]) == 1 {
			found = &keys[i].caller
		}
	}
	if found == nil {
		return nil, ErrInvalid
	}
	return found, nil
}

// Knows reports whether a principal still has a key. Tickets and passes of a principal without
// keys are invalid.
func (k *Keys) Knows(principal string) bool {
	return slices.ContainsFunc(k.file.Get(), func(k key) bool { return k.caller.Principal == principal })
}

func readKeys(path string) ([]key, error) {
	text, err := secretfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	keys, err := parseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return keys, nil
}

// parseKeys returns the keys in the text of a file. Its errors name what is wrong, but contain no digest.
func parseKeys(text []byte) ([]key, error) {
	var entries []entry
	var written any // as written: an empty field is not absent
	for _, into := range []any{&entries, &written} {
		if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil && !errors.Is(err, io.EOF) {
			return nil, errors.New(notRead(text, err))
		}
	}
	list, ok := written.([]any)
	if !ok {
		return nil, errors.New("it holds no keys; to refuse every caller, write []")
	}
	keys := make([]key, len(entries))
	names := make(map[string]bool, len(entries))
	digests := make(map[[sha256.Size]byte]string, len(entries))
	for i, e := range entries {
		k, err := e.key()
		if err == nil {
			err = e.checkWritten(list[i])
		}
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		if names[e.Name] {
			return nil, fmt.Errorf("entry %d: two keys have the name %q", i+1, e.Name)
		}
		if other, ok := digests[k.digest]; ok {
			return nil, fmt.Errorf("entry %d: %q is the same key as %q", i+1, e.Name, other)
		}
		names[e.Name], digests[k.digest] = true, e.Name
		keys[i] = k
	}
	return keys, nil
}

// notRead says in one line, without an excerpt, why a text is not a list of entries.
func notRead(text []byte, err error) string {
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line == "---" || strings.HasPrefix(line, "#") {
			continue
		}
		if !strings.HasPrefix(line, "-") && !strings.HasPrefix(line, "[") {
			return "it must be a list, of lines like '- {name: …, sha256: …}'"
		}
		break
	}
	told := yaml.FormatError(err, false, false)
	if _, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		told += "; there are name, sha256, principal, scopes, models, requests_per_minute and streams"
	}
	return told
}

func (e *entry) key() (key, error) {
	if e.Name == "" {
		return key{}, errors.New("it has no name")
	}
	k := key{caller: Caller{
		Principal: e.Principal, Scopes: All[Scope](), Models: All[string](),
		RequestsPerMinute: e.RequestsPerMinute, Streams: e.Streams,
	}}
	if e.Scopes != nil {
		k.caller.Scopes = Only(e.Scopes...)
	}
	if e.Models != nil {
		k.caller.Models = Only(e.Models...)
	}
	if e.Principal == "" {
		k.caller.Principal = e.Name
	}
	if err := checkPrincipal(k.caller.Principal); err != nil {
		return key{}, fmt.Errorf("%q: %w", e.Name, err)
	}
	digest, err := hex.DecodeString(e.SHA256)
	if err != nil || copy(k.digest[:], digest) != sha256.Size || len(digest) != sha256.Size {
		return key{}, fmt.Errorf("%q: sha256 must have 64 hexadecimal digits", e.Name)
	}
	for _, scope := range e.Scopes {
		if !scope.known() {
			return key{}, fmt.Errorf("%q: there is no scope %q; there are %s, %s, %s and %s", e.Name, string(scope), ScopeCreate, ScopeRead, ScopeManage, ScopeModels)
		}
	}
	if slices.Contains(e.Models, "") {
		return key{}, fmt.Errorf("%q: models has one without a name", e.Name)
	}
	if e.RequestsPerMinute < 0 || e.Streams < 0 {
		return key{}, fmt.Errorf("%q: a limit must not be negative", e.Name)
	}
	return k, nil
}

// checkWritten refuses a field without a value. If it counted as absent, it would grant everything that its
// author meant to limit.
func (e *entry) checkWritten(entry any) error {
	fields, _ := entry.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		empty := false
		switch value := fields[name].(type) {
		case nil:
			empty = true
		case string:
			empty = value == ""
		case []any:
			empty = len(value) == 0
		case uint64:
			empty = value == 0
		}
		if empty {
			return fmt.Errorf("%q: %s has no value: set one that is neither empty nor 0, or leave it out", e.Name, name)
		}
	}
	return nil
}

// maxPrincipal bounds a principal, in bytes.
const maxPrincipal = 128

// checkPrincipal refuses a principal that gRPC metadata cannot carry.
func checkPrincipal(p string) error {
	unprintable := func(r rune) bool { return r < ' ' || r > '~' }
	switch {
	case p == "" || len(p) > maxPrincipal:
		return fmt.Errorf("a principal must have 1 to %d characters", maxPrincipal)
	case strings.ContainsFunc(p, unprintable) || strings.TrimSpace(p) != p:
		return errors.New("a principal must be printable ASCII without space around it")
	}
	return nil
}

// keyPrefix lets secret scanners recognise our keys.
const keyPrefix = "paw_"

// NewKey makes a key, and its line for the file of keys.
func NewKey(name string) (secret, line string, err error) {
	secret = keyPrefix + rand.Text() + rand.Text()
	digest := sha256.Sum256([]byte(secret))
	e := entry{Name: name, SHA256: hex.EncodeToString(digest[:])}
	if _, err := e.key(); err != nil {
		return "", "", err
	}
	quoted, err := yaml.Marshal(name)
	if err != nil {
		return "", "", err
	}
	return secret, fmt.Sprintf("- {name: %s, sha256: %s}", strings.TrimSpace(string(quoted)), e.SHA256), nil
}
