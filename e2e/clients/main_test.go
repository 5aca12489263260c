// Package clients runs a gallery of other people's client packages, unchanged, against Pawstream, in versions that
// are in use. The npm packages are in node, agents, codex, frameworks and runtimes, locked by package-lock.json.
// golang is a separate module with a go.mod for each version of go-openai. languages has clients for what other
// languages bring along.
//
// docs/clients.md has the table of what works in each; 'make clients' writes it.
package clients

import (
	"os"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
