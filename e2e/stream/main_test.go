// Package stream tests that every client gets an answer token by token, whole, and in the form that its API
// describes.
package stream

import (
	"os"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
