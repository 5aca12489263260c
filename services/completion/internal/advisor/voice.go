package advisor

import (
	"hash/fnv"
	"strconv"

	"github.com/pawstream/pawstream/services/completion/internal/chat"
)

// A length is how long an answer should be.
type length uint8

const (
	brief length = iota
	short
	normal
	long
)

// by returns the value for a length.
func (l length) by(brief, short, normal, long int) int {
	return [...]int{brief, short, normal, long}[l]
}

// A voice is how an answer is put: at what length, and with which of several equal
// phrases. Equal requests and choices have equal voices.
type voice struct {
	length length
	salt   string // "" for the first choice without a seed: the plain phrases
	seed   string
	choice int
}

func voiceOf(req *chat.Request, choice int) voice {
	v := voice{length: normal}
	if req.Model == ModelTurbo {
		v.length = short
	}
	switch req.Verbosity {
	case chat.VerbosityLow:
		v.length--
	case chat.VerbosityHigh:
		v.length++
	case chat.VerbosityDefault, chat.VerbosityMedium:
	}
	if req.Seed != nil {
		v.seed = strconv.FormatInt(*req.Seed, 10)
	}
	v.salt, v.choice = v.seed, choice
	if choice > 0 {
		v.salt += "#" + strconv.Itoa(choice)
	}
	return v
}

// pick chooses one of equal phrases. key tells the places apart at which it is asked.
// The choices of one request take turns, so that those next to each other differ.
func (v voice) pick(key string, options ...string) string {
	return options[(draw(v.seed, key)%uint64(len(options))+uint64(v.choice))%uint64(len(options))] //nolint:gosec // a choice is not negative
}

// draw returns a number that depends on the voice and key only.
func (v voice) draw(key string) uint64 { return draw(v.salt, key) }

func draw(salt, key string) uint64 {
	if salt == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(salt + "\x00" + key)) // a hash never fails
	return h.Sum64() >> 7
}
