package server

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pawstream/pawstream/internal/reload"
	"github.com/pawstream/pawstream/services/completion/internal/advisor"
	"github.com/pawstream/pawstream/services/completion/internal/catalogue"
	"github.com/pawstream/pawstream/services/completion/internal/chat"
	"github.com/pawstream/pawstream/services/completion/internal/ground"
	"github.com/pawstream/pawstream/services/completion/internal/metrics"
	"github.com/pawstream/pawstream/services/completion/internal/modelfile"
	"github.com/pawstream/pawstream/services/completion/internal/route"
	"github.com/pawstream/pawstream/services/completion/internal/tokencount"
)

// ModelOptions are the settings of models other than the advisor's.
type ModelOptions struct {
	Models          string `help:"YAML file with the public models and their servers. The file is reloaded when it changes." placeholder:"FILE" group:"models"`
	UpstreamURL     string `name:"upstream-url" help:"Base URL of an OpenAI-compatible server, such as http://127.0.0.1:11434/v1. Short for a models file with one model." placeholder:"URL" group:"models"`
	UpstreamModel   string `help:"Model to request from --upstream-url. This is also its public name." placeholder:"NAME" group:"models"`
	UpstreamKeyFile string `help:"File with the API key for --upstream-url." placeholder:"FILE" group:"models"`
}

// defaultQueue is the queue of a target without max_queue.
const defaultQueue = 100

// fingerprintVersion changes whenever requests to equal targets change.
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

// read returns the models of the models file and of the short-form flags, or nil if neither is set.
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
	known := make(modelfile.Protocols)
	for engine, p := range protocols() {
		known[engine] = p.apis
	}
	return modelfile.Load(path, reserved, known)
}

// A modelSet makes models from the configuration, and again whenever that changes. An unchanged target keeps
// its connections, its queue and its health.
type modelSet struct {
	options    ModelOptions
	firstEvent time.Duration
	own        []chat.Model // the advisor's models, and those of tests
	store      *catalogue.Catalogue
	counter    tokencount.Counter
	counts     *metrics.Upstreams

	current *reload.Value[[]chat.Model]
	targets []madeTarget
}

// A madeTarget is a target with its configuration.
type madeTarget struct {
	name   string
	from   modelfile.Target
	target *route.Target
}

func newModelSet(o *Options, own []chat.Model, store *catalogue.Catalogue, counts *metrics.Upstreams) (*modelSet, error) {
	counter, err := tokencount.New()
	if err != nil {
		return nil, err
	}
	s := &modelSet{options: o.ModelOptions, firstEvent: o.FirstEventTimeout, own: own, store: store, counter: counter, counts: counts}
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

// make reads the configuration, and returns its models and key files. Only one goroutine at a time may call it.
func (s *modelSet) make() ([]chat.Model, []string, error) {
	models := slices.Clone(s.own)
	file, err := s.options.read(s.reserved())
	if err != nil {
		return nil, nil, err
	}
	var keys []string
	if file != nil {
		keys = file.KeyFiles()
		made := &making{before: s.targets}
		for i := range file.Models {
			models = append(models, s.model(file, &file.Models[i], made))
		}
		s.targets = made.targets
		s.counts.Offer(made.offered)
	}
	slices.SortFunc(models, func(a, b chat.Model) int { return strings.Compare(a.ID, b.ID) })
	return models, keys, nil
}

func (s *modelSet) model(file *modelfile.File, m *modelfile.Model, made *making) chat.Model {
	targets := file.Targets(m)
	to := route.Config{Model: m.Name, Counter: s.counter, FirstEvent: s.firstEvent}
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
				can = can.Strict() // the advisor must not ignore what the server would do
			}
			able = able.Or(can)
			name := modelfile.EngineAdvisor + "/" + own.ID
			to.Targets = append(to.Targets, route.NewTarget(route.TargetConfig{
				Name: name, Meter: s.counts.Meter(name), Engine: own.Engine, Model: own.ID, Capabilities: can,
			}))
			made.offer(name, m.Name, nil)
			continue
		}
		can, _ := t.Able()
		able = able.Or(can)
		target := s.target(t, &can, made)
		to.Targets = append(to.Targets, target.target)
		made.offer(target.name, m.Name, target.target.State)
	}
	return chat.Model{
		ID: m.Name, OwnedBy: "upstream", Created: s.since(), Capabilities: able, ContextWindow: m.ContextWindow,
		Fingerprint: chat.Fingerprint(sum.Sum(nil)), Engine: route.New(to),
	}
}

// target returns the target for t: the existing one if t is unchanged.
func (s *modelSet) target(t *modelfile.Target, can *chat.Capabilities, made *making) madeTarget {
	if one, ok := made.same(t); ok {
		return one
	}
	room := defaultQueue
	if t.MaxQueue != nil {
		room = *t.MaxQueue
	}
	name := made.name(t)
	backend := route.Timed(protocols()[t.Engine].backend(t, func() { s.counts.UnknownFinish(name) }), route.Timeouts{First: t.Timeouts.FirstEvent, Idle: t.Timeouts.Idle, Total: t.Timeouts.Total})
	if t.Grounding {
		backend = ground.New(backend, s.store, t.HasTools()) // offer our tool only to servers that are known to accept tools
	}
	one := madeTarget{name, *t, route.NewTarget(route.TargetConfig{
		Name: name, Meter: s.counts.Meter(name), Backend: backend, Model: t.Model, Capabilities: *can, Price: route.Price(t.Price),
		MaxConcurrent: t.MaxConcurrent, MaxQueue: room,
	})}
	made.targets = append(made.targets, one)
	return one
}

// since returns the creation time of the models: when their file was written, so that all replicas report the
// same.
func (s *modelSet) since() time.Time {
	if info, err := os.Stat(s.options.Models); err == nil {
		return info.ModTime().Truncate(time.Second)
	}
	return s.own[0].Created
}

// CheckConfig is the command that checks a models file without serving. It implements config.Command.
type CheckConfig struct {
	File string `arg:"" help:"Models file."`
}

// Run lists the models of the file, or returns an error with file, line and field.
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
