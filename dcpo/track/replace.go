package track

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// replaceWith puts what write makes in the place of a file at once: whoever reads it finds the old text or the new.
func replaceWith(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = errors.Join(write(f), f.Chmod(0o644), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// replaceFile is replaceWith for a content that is at hand.
func replaceFile(path string, content []byte) error {
	return replaceWith(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}
