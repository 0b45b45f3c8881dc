//go:build !unix

package capture

import (
	"errors"
	"os"
)

// redirection replaces the variable only: output of C code is not caught here.
type redirection struct {
	file        **os.File
	original    *os.File
	read, write *os.File
}

func redirect(file **os.File) (*redirection, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	r := &redirection{file: file, original: *file, read: read, write: write}
	*file = write
	return r, nil
}

func (r *redirection) undo() error {
	*r.file = r.original
	return errors.Join(r.write.Close(), r.read.Close())
}
