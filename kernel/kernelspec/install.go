package kernelspec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Options say what to install and where; the zero value installs the running binary for the user.
type Options struct {
	Place
	// Name of the kernel's folder; empty means DefaultName.
	Name string
	// DisplayName is what clients show; empty means DefaultDisplayName.
	DisplayName string
	// Binary that the spec starts; empty means the running one, which is copied where it is a temporary file.
	Binary string
	// Version is noted in the spec.
	Version string
}

// Installed says what Install did.
type Installed struct {
	// Folder holds the spec.
	Folder string
	// Binary is what the spec starts.
	Binary string
	// Copied says that Binary is a copy in Folder, because the running one is temporary.
	Copied bool
	// Replaced says that an earlier spec of ours stood there.
	Replaced bool
}

// temporaryPrefix begins the names of files that are being written.
const temporaryPrefix = ".godcpo-"

// Install writes the spec, its logos and, where needed, a copy of the binary. An earlier spec of ours is replaced; with a foreign kernel of that
// name the error wraps ErrForeign and nothing is changed.
func Install(o Options) (Installed, error) {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if o.DisplayName == "" {
		o.DisplayName = DefaultDisplayName
	}
	folder, err := o.folder(o.Name)
	if err != nil {
		return Installed{}, fmt.Errorf("install the kernel: %w", err)
	}
	done := Installed{Folder: folder, Binary: o.Binary}
	if done.Replaced, err = checkOwn(folder); err != nil {
		return Installed{}, fmt.Errorf("install the kernel: %w", err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Installed{}, fmt.Errorf("install the kernel: %w", err)
	}
	if done.Binary == "" {
		if done.Binary, done.Copied, err = keepBinary(folder); err != nil {
			return Installed{}, fmt.Errorf("install the kernel: %w", err)
		}
	}
	if done.Binary, err = filepath.Abs(done.Binary); err != nil {
		return Installed{}, fmt.Errorf("install the kernel: %w", err)
	}
	if err := writeFiles(folder, done.Binary, o); err != nil {
		return Installed{}, fmt.Errorf("install the kernel: %w", err)
	}
	if old := filepath.Join(folder, copiedName()); old != done.Binary {
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) { // an earlier install's copy, which nothing starts any more
			return done, fmt.Errorf("install the kernel: it is installed, but an old copy of the binary is left: %w", err)
		}
	}
	return done, nil
}

// keepBinary returns the running binary, or a copy of it in the folder where the running one will not last.
func keepBinary(folder string) (path string, copied bool, err error) {
	running, err := runningBinary()
	if err != nil || !IsTemporary(running) {
		return running, false, err
	}
	path = filepath.Join(folder, copiedName())
	return path, true, copyBinary(running, path)
}

// writeFiles writes logos and spec; the spec comes last, since it makes the kernel visible.
func writeFiles(folder, binary string, o Options) error {
	spec, err := newSpec(binary, o.DisplayName, o.Version)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(spec, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", specFile, err)
	}
	files, err := logos()
	if err != nil {
		return err
	}
	files = append(files, file{specFile, append(text, '\n')})
	for _, f := range files {
		err := writeWhole(filepath.Join(folder, f.name), 0o644, func(w io.Writer) error {
			_, err := w.Write(f.data)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// file is a small file to write.
type file struct {
	name string
	data []byte
}

// ownFile says whether Install writes files of that name.
func ownFile(name string) bool {
	return name == specFile || name == copiedName() || slices.Contains(logoNames, name) || strings.HasPrefix(name, temporaryPrefix)
}

// ErrNotInstalled is the error of removing a kernel that is not there.
var ErrNotInstalled = errors.New("the kernel is not installed")

// Uninstall removes the kernel of that name (empty means DefaultName) from the place and returns its folder. Only files that Install wrote are
// removed. The error wraps ErrNotInstalled where there is no such kernel, and ErrForeign where it is another program's.
func Uninstall(place Place, name string) (folder string, err error) {
	if name == "" {
		name = DefaultName
	}
	if folder, err = place.folder(name); err != nil {
		return "", fmt.Errorf("uninstall the kernel: %w", err)
	}
	installed, err := checkOwn(folder)
	if err != nil {
		return "", fmt.Errorf("uninstall the kernel: %w", err)
	}
	if !installed {
		return "", fmt.Errorf("uninstall the kernel: %w: there is no %s", ErrNotInstalled, filepath.Join(folder, specFile))
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return "", fmt.Errorf("uninstall the kernel: %w", err)
	}
	for _, entry := range entries {
		if ownFile(entry.Name()) {
			err = errors.Join(err, os.Remove(filepath.Join(folder, entry.Name())))
		}
	}
	if err != nil {
		return "", fmt.Errorf("uninstall the kernel: %w", err)
	}
	if err := os.Remove(folder); err != nil {
		return folder, fmt.Errorf("uninstall the kernel: the kernel is removed, but its folder holds other files: %w", err)
	}
	return folder, nil
}

// Found is an installed kernel of ours.
type Found struct {
	Name, Folder string
	Spec         Spec
}

// List returns the kernels of ours in the folders where Jupyter looks, in the order in which it looks: of two with one name the first counts.
func List() ([]Found, error) {
	var all []Found
	var faults []error
	for _, data := range searchPath(system()) {
		kernels := filepath.Join(data, "kernels")
		entries, err := os.ReadDir(kernels)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, fmt.Errorf("list kernels: %w", err))
		}
		for _, entry := range entries {
			folder := filepath.Join(kernels, entry.Name())
			if spec, err := readSpec(folder); err == nil && spec.Own() {
				all = append(all, Found{Name: entry.Name(), Folder: folder, Spec: spec})
			}
		}
	}
	return all, errors.Join(faults...)
}

// Where returns the folder in which Install puts, or has put, the kernel of that name (empty means DefaultName).
func Where(place Place, name string) (string, error) {
	if name == "" {
		name = DefaultName
	}
	return place.folder(name)
}
