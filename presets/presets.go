// Package presets holds ready-made training configurations.
package presets

import (
	"embed"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

//go:embed *.toml
var files embed.FS

// Lookup returns a preset by name ("tiny"), file name ("tiny.toml") or path ("presets/tiny.toml").
func Lookup(name string) ([]byte, bool) {
	base := strings.TrimSuffix(path.Base(filepath.ToSlash(name)), ".toml")
	raw, err := files.ReadFile(base + ".toml")
	return raw, err == nil
}

// Names lists the presets.
func Names() []string {
	found, _ := fs.Glob(files, "*.toml") // the pattern is valid
	for i, f := range found {
		found[i] = strings.TrimSuffix(f, ".toml")
	}
	return found
}
