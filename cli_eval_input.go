package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/dcpo-go/godcpo/datasets"
)

// openBenchmarks reads registered benchmarks, hub data sets and files; a name that is an existing file is one.
func openBenchmarks(ctx context.Context, names []string, anyVersion bool) ([]*datasets.Benchmark, error) {
	var out []*datasets.Benchmark
	var faults []error
	for _, name := range names {
		var b *datasets.Benchmark
		var err error
		if _, known := datasets.Lookup(name); !known && isFile(name) {
			b, err = datasets.OpenFile(ctx, name)
		} else {
			b, err = datasets.Open(ctx, name, datasets.Options{AnyVersion: anyVersion})
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("--bench %s: %w", name, err))
			continue
		}
		out = append(out, b)
	}
	return out, errors.Join(faults...)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// templateArgs puts the chat template's variables into the settings. Values that are no JSON are texts.
func (f *evalFlags) templateArgs() error {
	args := map[string]any{"enable_thinking": f.thinking}
	for name, text := range f.template {
		if name == "enable_thinking" {
			return errors.New("--template-arg enable_thinking: use --enable-thinking")
		}
		var value any = text
		if json.Valid([]byte(text)) {
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				return fmt.Errorf("--template-arg %s: %w", name, err)
			}
		}
		args[name] = value
	}
	f.Settings.TemplateArgs = args
	return nil
}
