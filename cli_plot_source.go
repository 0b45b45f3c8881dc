package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// plotSource is an input of plot.
type plotSource struct {
	name  string // of what it holds
	given bool   // the name was given
	path  string // "-" is standard input
}

// plotSources reads the values of --in; derived names must differ.
func plotSources(in []string) ([]plotSource, error) {
	if len(in) == 0 {
		in = []string{"-"}
	}
	var sources []plotSource
	for _, value := range in {
		s := plotSource{path: value}
		if name, path, found := strings.Cut(value, "="); found && !exists(value) {
			s = plotSource{name: name, given: name != "", path: path}
		}
		if s.path == "" {
			return nil, usageError(fmt.Errorf("--in %q: expected a file, or NAME=FILE", value))
		}
		if info, err := os.Stat(s.path); s.path != "-" && err == nil && info.IsDir() {
			s.path = filepath.Join(s.path, "metrics.jsonl")
		}
		if !s.given {
			s.name = s.derived()
		}
		for _, other := range sources {
			if other.name == s.name && !(other.given && s.given) {
				return nil, usageError(fmt.Errorf("--in %s: %s has the same name, %q: give them names, --in NAME=FILE", value, other.path, s.name))
			}
		}
		sources = append(sources, s)
	}
	return sources, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// derived is the name of a file without its extension, or of the folder of a run.
func (s plotSource) derived() string {
	base := filepath.Base(s.path)
	switch {
	case s.path == "-":
		return ""
	case base == "metrics.jsonl":
		if dir, err := filepath.Abs(filepath.Dir(s.path)); err == nil {
			return filepath.Base(dir)
		}
	}
	return strings.TrimSuffix(base, filepath.Ext(base))
}
