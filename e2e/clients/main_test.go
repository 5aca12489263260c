// Package clients runs other people's client packages against Pawstream, unchanged, in the versions
// that are in use: a gallery. The packages of npm are in node, agents, codex, frameworks and runtimes, as their
// package-lock.json has them; golang is a module of its own, with a go.mod for each version of go-openai; languages
// has readers by what other languages bring along.
//
// docs/clients.md has the table of what works in which; 'make clients' writes it.
package clients

import (
	"os"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
