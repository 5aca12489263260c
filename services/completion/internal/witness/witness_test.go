package witness_test

import (
	"path/filepath"
	"testing"

	"github.com/pawstream/pawstream/services/completion/internal/witness"
)

func BenchmarkWitness(b *testing.B) {
	w, err := witness.Open(filepath.Join(b.TempDir(), "witness"), nil, "events.")
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	data := make([]byte, 100)
	sequence := uint64(0)
	for b.Loop() {
		sequence++
		w.Saw(0, sequence, "events.x", data)
	}
}
