// Package modelfile reads the models file: the public models, and the targets of each. It is strict: unknown
// fields, and settings that cannot work, are errors that name the file, the line and the field.
//
// It knows the description of a target, but not the protocols of servers.
package modelfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
	"golang.org/x/net/http/httpguts"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// The engines that every program knows. Others are protocols of servers.
const (
	EngineAdvisor = "advisor"
	EngineOpenAI  = "openai"
)

// Protocols are the engines that call servers, each with its APIs. The first API is the default.
type Protocols map[string][]API

// An API is one of the APIs by which an engine calls a server.
type API struct {
	Name          string
	Continuations []string // the kinds of continuation that it supports
	Lacks         []string // capabilities that no server has with this API
}

// api returns the API of a target, or nil if there is none with that name.
func (p Protocols) api(t *Target) *API {
	all := p[t.Engine]
	for i := range all {
		if t.API == "" || t.API == all[i].Name {
			return &all[i]
		}
	}
	return nil
}

// engines lists the advisor and the protocols, for messages.
func (p Protocols) engines() string {
	names := slices.Sorted(maps.Keys(p))
	return strings.Join(append([]string{EngineAdvisor}, names[:len(names)-1]...), ", ") + " or " + names[len(names)-1]
}

// A File is the content of a models file.
type File struct {
	Models []Model `yaml:"models"`

	path string
	tree *ast.File // nil: not from a file
}

// A Model is a public model and its targets, in order of preference.
type Model struct {
	Name    string   `yaml:"name"`
	Targets []Target `yaml:"targets"`
	// ContextWindow is in tokens; 0: unknown.
	ContextWindow int `yaml:"context_window"`
}

// A Target is one source of answers. Use, which excludes all other fields, stands for all targets of another
// model of the file.
type Target struct {
	Use           string            `yaml:"use"`
	Engine        string            `yaml:"engine"`
	BaseURL       string            `yaml:"base_url"`
	Model         string            `yaml:"model"`
	KeyFile       string            `yaml:"key_file"` // relative to the models file; Load makes it include the directory of that file
	Headers       map[string]string `yaml:"headers"`
	Timeouts      Timeouts          `yaml:"timeouts"`
	MaxConcurrent int               `yaml:"max_concurrent"`
	MaxQueue      *int              `yaml:"max_queue"`
	Price         Price             `yaml:"price"`
	Capabilities  []string          `yaml:"capabilities"` // nil: unknown
	Grounding     bool              `yaml:"grounding"`
	Manner        `yaml:",inline"`

	// Key is the content of KeyFile. It is never printed.
	Key string `yaml:"-"`
}

// A Manner says how to call a target's server.
type Manner struct {
	API          string `yaml:"api"` // "": the engine's first
	Continuation string `yaml:"continuation"`
	// Strict says that the server refuses unknown members in a request.
	Strict bool `yaml:"strict"`

	lacks []string // capabilities, by its API
}

// Timeouts bound how long a target may take; zero: no bound of its own.
type Timeouts struct {
	Connect    time.Duration `yaml:"connect"`
	FirstEvent time.Duration `yaml:"first_event"`
	Idle       time.Duration `yaml:"idle"`
	Total      time.Duration `yaml:"total"`
}

// A Price is the price of a million tokens, in US dollars.
type Price struct {
	Input  float64 `yaml:"input"`
	Output float64 `yaml:"output"`
}

// Load reads the models file at path and the key files that it names. reserved are names that the file must not
// use; protocols are the supported ones, at least one.
func Load(path string, reserved []string, protocols Protocols) (*File, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, fmt.Errorf("models file: %w", err)
	}
	f := &File{path: path}
	if f.tree, err = parser.ParseBytes(text, 0); err != nil {
		return nil, f.syntax(err)
	}
	if len(f.tree.Docs) > 1 {
		return nil, fmt.Errorf("%s:%d: the file holds more than one document", path, f.tree.Docs[1].GetToken().Position.Line)
	}
	if err := f.checkDurations(); err != nil {
		return nil, err
	}
	var read File // decoding an empty text into f would clear the path
	if err := yaml.UnmarshalWithOptions(text, &read, yaml.Strict()); err != nil {
		return nil, f.syntax(err)
	}
	f.Models = read.Models
	return f, f.check(reserved, protocols)
}

// Single returns the file that is equivalent to the short-form flags.
func Single(baseURL, model, keyFile string) (*File, error) {
	f := &File{Models: []Model{{Name: model, Targets: []Target{{
		Engine: EngineOpenAI, BaseURL: baseURL, Model: model, KeyFile: keyFile,
	}}}}}
	return f, f.check(nil, Protocols{EngineOpenAI: {{}}})
}

// Join adds the models of another file. It returns an error if a name exists already.
func (f *File) Join(other *File) error {
	for i := range other.Models {
		if f.index(other.Models[i].Name) >= 0 {
			return fmt.Errorf("model %q is given twice: by the models file and by --upstream-model", other.Models[i].Name)
		}
	}
	f.Models = append(f.Models, other.Models...)
	return nil
}

// KeyFiles returns the paths of all key files, each once.
func (f *File) KeyFiles() []string {
	var paths []string
	for i := range f.Models {
		for j := range f.Models[i].Targets {
			if path := f.Models[i].Targets[j].KeyFile; path != "" && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// Targets returns a model's targets, with each use replaced by the used targets.
func (f *File) Targets(m *Model) []Target {
	var targets []Target
	for i := range m.Targets {
		if use := m.Targets[i].Use; use != "" {
			targets = append(targets, f.Targets(&f.Models[f.index(use)])...)
			continue
		}
		targets = append(targets, m.Targets[i])
	}
	return targets
}

func (f *File) index(name string) int {
	return slices.IndexFunc(f.Models, func(m Model) bool { return m.Name == name })
}

// names returns the names of the file's models.
func (f *File) names() []string {
	var names []string
	for i := range f.Models {
		names = append(names, f.Models[i].Name)
	}
	return names
}

func (f *File) beside(path string) string {
	if f.path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(f.path), path)
}

// syntax returns a parser's error without the surrounding text, which may contain secrets.
func (f *File) syntax(err error) error {
	var (
		other *yaml.TypeError
		large *yaml.OverflowError
		shape *yaml.UnexpectedNodeTypeError
		field *yaml.UnknownFieldError
	)
	switch {
	case errors.As(err, &other):
		return f.fault(f.fieldOf(other.Token), "must be %s", kindOf(other.DstType))
	case errors.As(err, &large):
		return f.fault(f.fieldOf(large.Token), "is out of range")
	case errors.As(err, &shape):
		return f.fault(f.fieldOf(shape.Token), "must be a %s", strings.ToLower(shape.Expected.YAMLName()))
	case errors.As(err, &field):
		return fmt.Errorf("%s:%d: %s; there are %s", f.path, field.Token.Position.Line, field.Message, strings.Join(fieldsBeside(f.fieldOf(field.Token)), ", "))
	}
	if e, ok := err.(yaml.Error); ok { //nolint:errorlint // never wrapped
		return fmt.Errorf("%s:%d: %s", f.path, e.GetToken().Position.Line, e.GetMessage())
	}
	return fmt.Errorf("%s: %w", f.path, err)
}

// fieldsBeside returns the names of all fields of the object that contains a field.
func fieldsBeside(path string) []string {
	parents := strings.Split(path, ".")
	t := reflect.TypeFor[File]()
	for _, parent := range parents[:len(parents)-1] {
		name, _, _ := strings.Cut(parent, "[")
		for _, field := range reflect.VisibleFields(t) {
			if fieldName(field) != name {
				continue
			}
			if t = field.Type; t.Kind() == reflect.Slice {
				t = t.Elem()
			}
			break
		}
	}
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		if name := fieldName(field); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	return names
}

func fieldName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	return name
}

// kindOf describes the values of a field, for messages.
func kindOf(t reflect.Type) string {
	if t == reflect.TypeFor[time.Duration]() {
		return aDuration
	}
	switch t.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list"
	default:
		return "a mapping"
	}
}

const aDuration = "a time such as 30s"

// visit is an ast.Visitor that calls a function for each node.
type visit func(ast.Node)

// Visit implements ast.Visitor.
func (v visit) Visit(n ast.Node) ast.Visitor {
	v(n)
	return v
}

// each calls v for each node of the file.
func (f *File) each(v visit) {
	for _, doc := range f.tree.Docs {
		if doc.Body != nil {
			ast.Walk(v, doc.Body)
		}
	}
}

// fieldOf returns the path of the field that a token is part of.
func (f *File) fieldOf(at *token.Token) (field string) {
	f.each(func(n ast.Node) {
		if own := n.GetToken(); own != nil && own.Position.Offset == at.Position.Offset {
			field = fieldPath(n)
		}
	})
	return cmp.Or(field, "the file")
}

func fieldPath(n ast.Node) string {
	return strings.TrimPrefix(strings.TrimPrefix(n.GetPath(), "$"), ".")
}

// checkDurations checks the timeouts, because the decoder's errors about them lack the line.
func (f *File) checkDurations() (err error) {
	f.each(func(n ast.Node) {
		member, ok := n.(*ast.MappingValueNode)
		if !ok || err != nil {
			return
		}
		at := fieldPath(member.Value)
		text, ok := member.Value.(*ast.StringNode)
		if !ok || !strings.Contains(at, ".timeouts.") {
			return
		}
		if _, wrong := time.ParseDuration(text.Value); wrong != nil {
			err = f.fault(at, "must be %s", aDuration)
		}
	})
	return err
}

// fault returns an error about a field, by its path.
func (f *File) fault(field, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	if f.tree == nil {
		return fmt.Errorf("%s %s", field, text)
	}
	for at := field; ; { // an absent field has the line of its parent
		if path, err := yaml.PathString("$." + at); err == nil {
			if node, err := path.FilterFile(f.tree); err == nil && node != nil {
				return fmt.Errorf("%s:%d: %s %s", f.path, node.GetToken().Position.Line, field, text)
			}
		}
		i := strings.LastIndexAny(at, ".[")
		if i < 0 {
			return fmt.Errorf("%s:1: %s %s", f.path, field, text)
		}
		at = at[:i]
	}
}

func (f *File) check(reserved []string, protocols Protocols) error {
	if len(f.Models) == 0 {
		return f.fault("models", "has no model")
	}
	for i := range f.Models {
		m := &f.Models[i]
		at := fmt.Sprintf("models[%d]", i)
		switch {
		case m.Name == "":
			return f.fault(at+".name", "is missing")
		case len(m.Name) > maxName || strings.ContainsFunc(m.Name, func(r rune) bool { return r <= ' ' || r == 0x7f }):
			return f.fault(at+".name", "may have at most %d bytes and no spaces", maxName)
		case f.index(m.Name) < i:
			return f.fault(at+".name", "%q is the name of models[%d] too", m.Name, f.index(m.Name))
		case slices.Contains(reserved, m.Name):
			return f.fault(at+".name", "%q is a model of the embedded advisor", m.Name)
		case len(m.Targets) == 0:
			return f.fault(at+".targets", "has no target")
		case m.ContextWindow < 0:
			return f.fault(at+".context_window", "is negative")
		}
		for j := range m.Targets {
			if err := f.checkTarget(&m.Targets[j], fmt.Sprintf("%s.targets[%d]", at, j), reserved, protocols); err != nil {
				return err
			}
		}
	}
	for i := range f.Models {
		if err := f.checkCycle(i, nil); err != nil {
			return err
		}
	}
	return nil
}

const (
	maxName   = 256
	maxWindow = 1 << 30
)

func (f *File) checkTarget(t *Target, at string, reserved []string, protocols Protocols) error {
	_, known := protocols[t.Engine]
	switch {
	case t.Use != "" && !reflect.DeepEqual(*t, Target{Use: t.Use}):
		return f.fault(at+".use", "stands alone")
	case t.Use != "" && f.index(t.Use) < 0:
		return f.fault(at+".use", "names no model of this file: %q; there are %s", t.Use, strings.Join(f.names(), ", "))
	case t.Use != "":
		return nil
	case t.Engine == "":
		return f.fault(at+".engine", "is missing: %s", protocols.engines())
	case t.Engine == EngineAdvisor && !slices.Contains(reserved, t.Model):
		return f.fault(at+".model", "must be one of %s", strings.Join(reserved, ", "))
	case t.Engine == EngineAdvisor && !reflect.DeepEqual(*t, Target{Engine: t.Engine, Model: t.Model}):
		return f.fault(at, "is of the advisor, which takes a model and nothing else")
	case t.Engine == EngineAdvisor:
		return nil
	case !known:
		return f.fault(at+".engine", "must be %s", protocols.engines())
	case t.Model == "":
		return f.fault(at+".model", "is missing")
	}
	if err := f.checkNumbers(t, at); err != nil {
		return err
	}
	if err := f.checkAPI(t, at, protocols); err != nil {
		return err
	}
	return f.checkServer(t, at)
}

// checkAPI checks the settings of a target that depend on its API.
func (f *File) checkAPI(t *Target, at string, protocols Protocols) error {
	by := protocols.api(t)
	if by == nil {
		var names []string
		for _, known := range protocols[t.Engine] {
			names = append(names, known.Name)
		}
		return f.fault(at+".api", "must be one of %s", strings.Join(names, ", "))
	}
	if t.Continuation != "" && !slices.Contains(by.Continuations, t.Continuation) {
		return f.fault(at+".continuation", "must be one of %s", strings.Join(by.Continuations, ", "))
	}
	if _, unknown := t.Able(); unknown >= 0 {
		return f.fault(fmt.Sprintf("%s.capabilities[%d]", at, unknown), "must be one of %s", strings.Join(capabilityNames(), ", "))
	}
	for i, name := range t.Capabilities {
		if slices.Contains(by.Lacks, name) {
			return f.fault(fmt.Sprintf("%s.capabilities[%d]", at, i), "is what no server has by the API %s", by.Name)
		}
	}
	t.lacks = by.Lacks
	return nil
}

func (f *File) checkNumbers(t *Target, at string) error {
	for _, v := range []struct {
		name string
		bad  bool
	}{
		{"timeouts.connect", t.Timeouts.Connect < 0},
		{"timeouts.first_event", t.Timeouts.FirstEvent < 0},
		{"timeouts.idle", t.Timeouts.Idle < 0},
		{"timeouts.total", t.Timeouts.Total < 0},
		{"max_concurrent", t.MaxConcurrent < 0 || t.MaxConcurrent > maxWindow},
		{"max_queue", t.MaxQueue != nil && (*t.MaxQueue < 0 || *t.MaxQueue > maxQueue)},
		{"price.input", !(t.Price.Input >= 0)},
		{"price.output", !(t.Price.Output >= 0)},
	} {
		if v.bad {
			return f.fault(at+"."+v.name, "is out of range")
		}
	}
	return nil
}

// maxQueue bounds a queue, because each step notifies every request in it.
const maxQueue = 10_000

// checkServer checks the address and headers of a server, and reads its key.
func (f *File) checkServer(t *Target, at string) error {
	u, err := url.Parse(t.BaseURL)
	switch {
	case t.BaseURL == "":
		return f.fault(at+".base_url", "is missing")
	case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return f.fault(at+".base_url", "must begin with http:// or https:// and name a host")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return f.fault(at+".base_url", "may have no user, query or fragment: a key belongs in key_file")
	}
	for name, value := range t.Headers {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return f.fault(at+".headers", "has one that HTTP does not allow")
		}
	}
	if t.KeyFile == "" {
		return nil
	}
	t.KeyFile = f.beside(t.KeyFile)
	key, err := os.ReadFile(t.KeyFile)
	var because *fs.PathError
	if errors.As(err, &because) { // without the path, which may be the key itself by mistake
		err = because.Err
	}
	if err != nil {
		return f.fault(at+".key_file", "cannot be read: %v", err)
	}
	t.Key = strings.TrimSpace(string(key))
	if t.Key == "" || !httpguts.ValidHeaderFieldValue(t.Key) {
		return f.fault(at+".key_file", "must hold a key in one line")
	}
	return nil
}

func (f *File) checkCycle(i int, above []string) error {
	m := &f.Models[i]
	above = append(above, m.Name)
	for j := range m.Targets {
		use := m.Targets[j].Use
		if use == "" {
			continue
		}
		if slices.Contains(above, use) {
			return f.fault(fmt.Sprintf("models[%d].targets[%d].use", i, j), "makes a cycle: %s", strings.Join(append(above, use), " -> "))
		}
		if err := f.checkCycle(f.index(use), above); err != nil {
			return err
		}
	}
	return nil
}

// Able returns the capabilities of the target. If the file does not list any, it returns all that the API has:
// the server may refuse a request itself. unknown is the index of an unknown capability, or -1.
func (t *Target) Able() (able chat.Capabilities, unknown int) {
	if t.Capabilities == nil {
		for _, name := range capabilityNames() {
			if !slices.Contains(t.lacks, name) {
				*capability(&able, name) = chat.Used
			}
		}
		able.OtherTools = chat.Used
		return able, -1
	}
	for i, name := range t.Capabilities {
		field := capability(&able, name)
		if field == nil {
			return able, i
		}
		*field = chat.Used
	}
	return able, -1
}

// HasTools reports whether the target is known to call tools.
func (t *Target) HasTools() bool { return slices.Contains(t.Capabilities, "tools") }

func capability(c *chat.Capabilities, name string) *chat.Support {
	switch name {
	case "tools":
		return &c.Tools
	case "logprobs":
		return &c.Logprobs
	case "json":
		return &c.JSONOutput
	case "images":
		return &c.Images
	case "audio":
		return &c.Audio
	case "files":
		return &c.Files
	case "reasoning":
		return &c.Reasoning
	case "logit_bias":
		return &c.LogitBias
	case "prediction":
		return &c.Prediction
	}
	return nil
}

func capabilityNames() []string {
	return []string{"tools", "logprobs", "json", "images", "audio", "files", "reasoning", "logit_bias", "prediction"}
}
