// Package models tests what happens to an answer when a model server is slow, gone, full or wrong.
package models

import (
	"os"
	"testing"

	"github.com/pawstream/pawstream/e2e/internal/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }
