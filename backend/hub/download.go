package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// smallFiles are what a model needs beside its weights, as far as it has them. config.json is not among them: it comes last.
var smallFiles = []string{"generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
	"vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json"}

// parallel is how many weight files are fetched at once.
const parallel = 4

// downloader fetches one revision of a model.
type downloader struct {
	repo   repository
	client *client
	locks  string // folder of lock files, shared with the hub's own library

	commit string
	files  map[string]remote
	done   atomic.Int64 // bytes that are here
}

// run fetches what is missing and returns the snapshot's directory.
func (d *downloader) run(ctx context.Context) (string, error) {
	list, err := d.client.list(ctx, d.repo.name)
	if err != nil {
		return "", err
	}
	d.commit, d.files = list.Commit, map[string]remote{}
	for _, f := range list.Files {
		d.files[f.Name] = f
	}
	if _, ok := d.files["config.json"]; !ok {
		return "", errors.New("it has no config.json: not a model that can be opened")
	}
	began := time.Now()
	slog.Info("downloading model", "model", d.repo.name.String(), "commit", d.commit[:12], "into", d.repo.root)
	for _, name := range smallFiles {
		if _, ok := d.files[name]; !ok {
			continue
		}
		if err := d.one(ctx, name); err != nil {
			return "", err
		}
	}
	weights, err := d.weights(ctx)
	if err != nil {
		return "", err
	}
	if err := d.all(ctx, weights); err != nil {
		return "", err
	}
	if err := d.one(ctx, "config.json"); err != nil {
		return "", err
	}
	if err := d.repo.setRef(d.commit); err != nil {
		return "", err
	}
	slog.Info("downloaded model", "model", d.repo.name.String(), "MB", d.done.Load()/1e6, "seconds", int(time.Since(began).Seconds()))
	return d.repo.snapshot(d.commit), nil
}

// weights lists the weight files: the single one, or those that the index names, which is fetched for it.
func (d *downloader) weights(ctx context.Context) ([]string, error) {
	if _, ok := d.files[safetensors.SingleFile]; ok {
		return []string{safetensors.SingleFile}, nil
	}
	if _, ok := d.files[safetensors.IndexFile]; !ok {
		return nil, fmt.Errorf("it holds neither %s nor %s: weights in other formats are not read", safetensors.SingleFile, safetensors.IndexFile)
	}
	if err := d.one(ctx, safetensors.IndexFile); err != nil {
		return nil, err
	}
	shards, err := shardsOf(filepath.Join(d.repo.snapshot(d.commit), safetensors.IndexFile))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", safetensors.IndexFile, err)
	}
	var names []string
	for shard := range shards {
		if _, ok := d.files[shard]; !ok || strings.ContainsAny(shard, `/\`) {
			return nil, fmt.Errorf("%s names %q, which the model does not have", safetensors.IndexFile, shard)
		}
		names = append(names, shard)
	}
	slices.Sort(names)
	return names, nil
}

// all fetches several large files at once and tells how it goes.
func (d *downloader) all(ctx context.Context, names []string) error {
	total := int64(0)
	for _, name := range names {
		total += max(0, d.files[name].size())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go d.report(ctx, total)
	queue := make(chan string, len(names))
	for _, name := range names {
		queue <- name
	}
	close(queue)
	var mu sync.Mutex
	var first error
	var workers sync.WaitGroup
	for range min(parallel, len(names)) {
		workers.Go(func() {
			for name := range queue {
				if err := d.one(ctx, name); err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
					cancel()
				}
			}
		})
	}
	workers.Wait()
	return first
}

// reportEvery is how often a download says how far it is.
const reportEvery = 10 * time.Second

func (d *downloader) report(ctx context.Context, total int64) {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			slog.Info("downloading weights", "model", d.repo.name.String(), "MB", d.done.Load()/1e6, "of", total/1e6)
		}
	}
}

// one makes sure that a file is in the cache, whole, and shows it in the snapshot.
func (d *downloader) one(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	f := d.files[name]
	if !hashPattern.MatchString(f.hash()) {
		return fmt.Errorf("%s: the hub lists %q as its hash, expected that of a blob", name, f.hash())
	}
	path := d.repo.blob(f.hash())
	if info, err := os.Stat(path); err != nil || (f.size() >= 0 && info.Size() != f.size()) {
		if err := d.fetch(ctx, f); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if err := d.repo.link(d.commit, name, f.hash()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
