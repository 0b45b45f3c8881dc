package kernelspec

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// copiedName is the name of a binary that is kept in the kernel's folder.
func copiedName() string {
	if runtime.GOOS == "windows" {
		return "godcpo.exe"
	}
	return "godcpo"
}

// cachedBinary matches the folder of an executable in Go's build cache.
var cachedBinary = regexp.MustCompile(`^[0-9a-f]{64}-d$`)

// IsTemporary says whether the binary at path is one that `go run` or `go test` made: it lies in a work folder that is removed afterwards, or in Go's build
// cache, which is emptied from time to time.
func IsTemporary(path string) bool {
	folder := filepath.Dir(path)
	if cachedBinary.MatchString(filepath.Base(folder)) {
		return true
	}
	for _, part := range strings.Split(filepath.ToSlash(folder), "/") {
		if strings.HasPrefix(part, "go-build") {
			return true
		}
	}
	return false
}

// runningBinary returns the absolute path of this process's executable, symbolic links resolved.
func runningBinary() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the running binary: %w", err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return filepath.Abs(path)
}

// copyBinary copies an executable; to appears whole or not at all, and may be running.
func copyBinary(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy the binary: %w", err)
	}
	defer source.Close()
	return writeWhole(to, 0o755, func(w io.Writer) error {
		_, err := io.Copy(w, source)
		return err
	})
}

// writeWhole writes a file under another name and renames it, so that nobody sees half of it.
func writeWhole(path string, mode os.FileMode, fill func(io.Writer) error) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), temporaryPrefix+"*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(temporary.Name()) // after the rename there is nothing left to remove
	err = fill(temporary)
	if err := errors.Join(err, temporary.Chmod(mode), temporary.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w (if a kernel runs from it, stop that kernel first)", path, err)
	}
	return nil
}
