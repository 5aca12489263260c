package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pawstream/pawstream/internal/reload"
	"github.com/pawstream/pawstream/services/completion/internal/advisor"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/modelfile"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
	"github.com/pawstream/pawstream/services/completion/internal/upstream"
)

// ModelOptions are the settings of the models besides the advisor's.
type ModelOptions struct {
	Models          string `help:"Models file (YAML): public models and the servers that answer as them; read again when it changes." placeholder:"FILE"`
	UpstreamURL     string `name:"upstream-url" help:"Base URL of an OpenAI-compatible server, such as http://127.0.0.1:11434/v1; a models file of one model in short." placeholder:"URL"`
	UpstreamModel   string `help:"Model of --upstream-url, and its public name." placeholder:"NAME"`
	UpstreamKeyFile string `help:"File with the key of --upstream-url." placeholder:"FILE"`
}

// defaultQueue is how many wait for a target whose max_queue is not given.
const defaultQueue = 100

// fingerprintVersion changes whenever equal targets are asked in another way.
const fingerprintVersion = "upstream-1"

func (o *ModelOptions) check() error {
	switch {
	case (o.UpstreamURL == "") != (o.UpstreamModel == ""):
		return errors.New("--upstream-url and --upstream-model need each other")
	case o.UpstreamKeyFile != "" && o.UpstreamURL == "":
		return errors.New("--upstream-key-file needs --upstream-url")
	}
	return nil
}

// read returns what the models file and the short form hold; nil where neither is given.
func (o *ModelOptions) read(reserved []string) (*modelfile.File, error) {
	var file *modelfile.File
	var err error
	if o.Models != "" {
		if file, err = readModels(o.Models, reserved); err != nil {
			return nil, err
		}
	}
	if o.UpstreamURL == "" {
		return file, nil
	}
	if slices.Contains(reserved, o.UpstreamModel) {
		return nil, fmt.Errorf("--upstream-model %q is a model of the embedded advisor: give it another name in a --models file", o.UpstreamModel)
	}
	single, err := modelfile.Single(o.UpstreamURL, o.UpstreamModel, o.UpstreamKeyFile)
	if err != nil {
		return nil, fmt.Errorf("--upstream-url, --upstream-model and --upstream-key-file: %w", err)
	}
	if file == nil {
		return single, nil
	}
	return file, file.Join(single)
}

func readModels(path string, reserved []string) (*modelfile.File, error) {
	var kinds []string
	for _, kind := range upstream.Continuations() {
		kinds = append(kinds, string(kind))
	}
	return modelfile.Load(path, reserved, kinds)
}

// A modelSet makes models of what is configured, again whenever that changes. A target
// that stays as it was keeps its connections, its queue and what is known of its health.
type modelSet struct {
	options    ModelOptions
	firstEvent time.Duration
	own        []chat.Model // the advisor's, and those of tests
	store      *catalogue.Catalogue
	counter    tokencount.Counter

	current *reload.Value[[]chat.Model]
	targets []madeTarget
}

type madeTarget struct {
	from   modelfile.Target
	target *upstream.Target
}

func newModelSet(o *Options, own []chat.Model, store *catalogue.Catalogue) (*modelSet, error) {
	counter, err := tokencount.New()
	if err != nil {
		return nil, err
	}
	s := &modelSet{options: o.ModelOptions, firstEvent: o.FirstEventTimeout, own: own, store: store, counter: counter}
	var watched []string
	if o.Models != "" {
		watched = append(watched, o.Models)
	}
	s.current, err = reload.LoadNamed(s.make, watched...)
	return s, err
}

func (s *modelSet) reserved() []string {
	var names []string
	for i := range s.own {
		names = append(append(names, s.own[i].ID), s.own[i].Aliases...)
	}
	return names
}

// make reads what is configured, and names the key files that this takes. It is called by
// one goroutine at a time.
func (s *modelSet) make() ([]chat.Model, []string, error) {
	models := slices.Clone(s.own)
	file, err := s.options.read(s.reserved())
	if err != nil {
		return nil, nil, err
	}
	var keys []string
	if file != nil {
		keys = file.KeyFiles()
		var made []madeTarget
		for i := range file.Models {
			models = append(models, s.model(file, &file.Models[i], &made))
		}
		s.targets = made
	}
	slices.SortFunc(models, func(a, b chat.Model) int { return strings.Compare(a.ID, b.ID) })
	return models, keys, nil
}

func (s *modelSet) model(file *modelfile.File, m *modelfile.Model, made *[]madeTarget) chat.Model {
	targets := file.Targets(m)
	route := upstream.RouteConfig{Counter: s.counter, FirstEvent: s.firstEvent}
	sum := sha256.New()
	fmt.Fprintln(sum, fingerprintVersion)
	var able chat.Capabilities
	served := slices.ContainsFunc(targets, func(t modelfile.Target) bool { return t.Engine != modelfile.EngineAdvisor })
	for i := range targets {
		t := &targets[i]
		fmt.Fprintf(sum, "%q %q %q %t\n", t.Engine, t.BaseURL, t.Model, t.Grounding)
		if t.Engine == modelfile.EngineAdvisor {
			own := s.own[slices.IndexFunc(s.own, func(m chat.Model) bool { return m.Named(t.Model) })]
			can := own.Capabilities
			if served {
				can = can.Strict() // what a server is asked for is not to be ignored in its stead
			}
			able = able.Or(can)
			route.Places = append(route.Places, upstream.Place{Engine: own.Engine, Name: own.ID, Capabilities: can})
			continue
		}
		can, _ := t.Able()
		able = able.Or(can)
		route.Places = append(route.Places, upstream.Place{
			Target: s.target(t, &can, made), Capabilities: can, Price: upstream.Price(t.Price),
		})
	}
	return chat.Model{
		ID: m.Name, OwnedBy: "upstream", Created: s.since(), Capabilities: able, ContextWindow: m.ContextWindow,
		Fingerprint: "fp_" + hex.EncodeToString(sum.Sum(nil)[:5]), Engine: upstream.NewRoute(route),
	}
}

// target returns the target that t describes: the one that there is, where it is the same.
func (s *modelSet) target(t *modelfile.Target, can *chat.Capabilities, made *[]madeTarget) *upstream.Target {
	for _, list := range [][]madeTarget{*made, s.targets} {
		if i := slices.IndexFunc(list, func(m madeTarget) bool { return reflect.DeepEqual(m.from, *t) }); i >= 0 {
			*made = append(*made, list[i])
			return list[i].target
		}
	}
	room := defaultQueue
	if t.MaxQueue != nil {
		room = *t.MaxQueue
	}
	target := upstream.NewTarget(upstream.TargetConfig{
		BaseURL: t.BaseURL, Model: t.Model, Key: t.Key, Headers: t.Headers,
		Timeouts: upstream.Timeouts{
			Connect: t.Timeouts.Connect, First: t.Timeouts.FirstEvent, Idle: t.Timeouts.Idle, Total: t.Timeouts.Total,
		},
		MaxConcurrent: t.MaxConcurrent, MaxQueue: room, Continuation: upstream.Continuation(t.Continuation),
		Grounding: t.Grounding, Tools: can.Tools == chat.Used, Catalogue: s.store, Counter: s.counter,
	})
	*made = append(*made, madeTarget{*t, target})
	return target
}

// since returns when the models came to be: when their file was written, so that all
// replicas tell the same.
func (s *modelSet) since() time.Time {
	if info, err := os.Stat(s.options.Models); err == nil {
		return info.ModTime().Truncate(time.Second)
	}
	return s.own[0].Created
}

// CheckConfig is the command that reads a models file without serving. It implements
// config.Command.
type CheckConfig struct {
	File string `arg:"" help:"Models file."`
}

// Run tells the models of the file, or what is wrong with it: with file, line and field.
func (c *CheckConfig) Run(_ context.Context, stdout io.Writer) error {
	file, err := readModels(c.File, []string{advisor.ModelAdvisor, advisor.AliasAdvisor, advisor.ModelTurbo, advisor.AliasTurbo})
	if err != nil {
		return err
	}
	for i := range file.Models {
		var to []string
		for _, t := range file.Targets(&file.Models[i]) {
			to = append(to, strings.TrimSpace(t.Engine+" "+t.Model+" "+t.BaseURL))
		}
		name, err := json.Marshal(file.Models[i].Name)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(stdout, "%s: %s\n", name, strings.Join(to, ", then ")); err != nil {
			return err
		}
	}
	return nil
}
