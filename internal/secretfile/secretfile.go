// Package secretfile reads files that hold secrets: keys, digests of keys, seals.
package secretfile

import (
	"fmt"
	"io"
	"os"
)

// others are the rights that everybody on the machine has to read or change a file.
const others = 0o006

// Read returns what a file holds, unless everybody on the machine may read or change it.
// The error names the file, and nothing of what it holds.
func Read(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat() // of the file that is open, not of another one that takes its place
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&others != 0 {
		return nil, fmt.Errorf("everybody may read or change %s: take the right away, chmod o-rw", path)
	}
	return io.ReadAll(file)
}
