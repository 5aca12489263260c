// Package secretfile reads files that hold secrets: keys, digests of keys, seals.
package secretfile

import (
	"fmt"
	"io"
	"os"
)

// others are the permission bits that let every user of the machine read or change a file.
const others = 0o006

// Read returns a file's content, unless every user of the machine may read or change it. The error names the
// file, and reveals nothing of its content.
func Read(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat() // of the open file, not of one that may have replaced it
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&others != 0 {
		return nil, fmt.Errorf("everybody can read or change %s: remove that permission with chmod o-rw", path)
	}
	return io.ReadAll(file)
}
