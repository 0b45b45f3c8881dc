// Package kernelspec makes the kernel known to Jupyter: it writes, finds and removes the folder that tells clients how to start it
// (https://jupyter-client.readthedocs.io/en/stable/kernels.html#kernel-specs).
package kernelspec

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
)

// Defaults of what clients show and of the folder's name.
const (
	DefaultName        = "godcpo"
	DefaultDisplayName = "Go (godcpo)"
)

// marker is the key in the spec's metadata by which our own specs are told from others.
const marker = "godcpo"

// specFile is the file of a kernel's folder that makes it one.
const specFile = "kernel.json"

// Spec is the content of kernel.json.
type Spec struct {
	// Argv starts the kernel; {connection_file} is replaced by the client.
	Argv        []string `json:"argv"`
	DisplayName string   `json:"display_name"`
	Language    string   `json:"language"`
	// InterruptMode is "message": clients interrupt by an interrupt_request, which works on every system.
	InterruptMode string                     `json:"interrupt_mode"`
	Env           map[string]string          `json:"env,omitempty"`
	Metadata      map[string]json.RawMessage `json:"metadata"`
}

// Own says whether the spec was written by this package.
func (s Spec) Own() bool {
	_, ok := s.Metadata[marker]
	return ok
}

// newSpec returns the spec that starts the binary.
func newSpec(binary, displayName, version string) (Spec, error) {
	mark, err := json.Marshal(map[string]string{"version": version})
	if err != nil {
		return Spec{}, fmt.Errorf("encode the version: %w", err)
	}
	return Spec{
		Argv:          []string{binary, "kernel", "start", "--connection-file", "{connection_file}"},
		DisplayName:   displayName,
		Language:      "go",
		InterruptMode: "message",
		Metadata:      map[string]json.RawMessage{marker: mark, "debugger": json.RawMessage("false")},
	}, nil
}

// readSpec reads the spec in a kernel's folder. Where there is none the error is fs.ErrNotExist.
func readSpec(folder string) (Spec, error) {
	data, err := os.ReadFile(filepath.Join(folder, specFile))
	if err != nil {
		return Spec{}, err
	}
	var s Spec
	if err := json.Unmarshal(data, &s); err != nil {
		return Spec{}, fmt.Errorf("%s: %w", filepath.Join(folder, specFile), err)
	}
	return s, nil
}

// ErrForeign is the error of a folder that holds another program's kernel.
var ErrForeign = errors.New("not a kernel of godcpo")

// checkOwn returns nil where the folder does not exist, is empty or holds a spec of ours; installed says that it does.
func checkOwn(folder string) (installed bool, err error) {
	spec, err := readSpec(folder)
	switch {
	case err == nil && spec.Own():
		return true, nil
	case err == nil:
		return false, fmt.Errorf("%w: %s starts %q (%s); choose another name, or remove that kernel first", ErrForeign, folder, spec.Argv, spec.DisplayName)
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("%w: its spec cannot be read: %w", ErrForeign, err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("%w: %w", ErrForeign, err)
	}
	for _, entry := range entries {
		if !ownFile(entry.Name()) { // what an install that was cut short leaves is ours
			return false, fmt.Errorf("%w: %s holds %s and no %s; choose another name, or remove the folder", ErrForeign, folder, entry.Name(), specFile)
		}
	}
	return false, nil
}

// validName is what Jupyter accepts as a kernel's name; it looks names up in lower case.
var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)

func checkName(name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("kernel name %q: want lower-case letters, digits, dots, dashes and underscores", name)
	}
	return nil
}
