package datasets

import (
	"context"
	"fmt"
	"strings"

	"github.com/dcpo-go/godcpo/datasets/hub"
)

// openHub reads a data set that the registry does not know.
func openHub(ctx context.Context, name string, opts Options) (*Benchmark, error) {
	source, err := hub.ParseSource(name)
	if err != nil {
		return nil, fmt.Errorf("open data set: %w; for a file of your own use OpenFile", err)
	}
	path, err := hub.File(ctx, source, hub.Options{Offline: opts.Offline})
	if err != nil {
		return nil, fmt.Errorf("open data set: %w", err)
	}
	b, err := read(ctx, path, false)
	if err != nil {
		return nil, fmt.Errorf("open data set %s: %w", name, err)
	}
	b.Name, b.Source = name, "Hugging Face Hub: "+source.String()
	return b, nil
}

// openRegisteredHub reads a registered set from its file on the hub. The names
// of its problems begin with its own, as those of local files do.
func openRegisteredHub(ctx context.Context, info Info, opts Options) (*Benchmark, error) {
	source, err := hub.ParseSource(info.Hub)
	if err != nil {
		return nil, fmt.Errorf("open data set %s: %w", info.Name, err)
	}
	path, err := hub.File(ctx, source, hub.Options{Offline: opts.Offline})
	if err != nil {
		return nil, fmt.Errorf("open data set %s: from the hub: %w", info.Name, err)
	}
	b, err := read(ctx, path, info.RepeatedRows)
	if !opts.AnyVersion && b != nil && info.HubSHA256 != "" && b.SHA256 != info.HubSHA256 {
		return nil, checksumError(info.Name, path, b.SHA256, info.HubSHA256, err)
	}
	if err != nil {
		return nil, fmt.Errorf("open data set %s: %w", info.Name, err)
	}
	if !opts.AnyVersion && b.Len() != info.Rows {
		return nil, fmt.Errorf("open data set %s: %s has %d problems, expected %d: another version of %s; Options.AnyVersion reads it as it is", info.Name, path, b.Len(), info.Rows, source)
	}
	for i := range b.Problems {
		p := &b.Problems[i]
		if !strings.HasPrefix(p.ID, info.Name+"/") {
			p.ID = info.Name + "/" + p.ID
		}
		p.Fact = p.Fact || info.Facts
		if p.Source == "" {
			p.Source = info.Source
		}
	}
	b.Name, b.Source, b.Licence, b.Note = info.Name, info.Source+" (Hugging Face Hub: "+source.String()+")", info.Licence, info.Note
	return b, nil
}
