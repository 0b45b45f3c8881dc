package vllm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// versionName is a folder of weights below Syncer.Dir.
func versionName(version int) string { return fmt.Sprintf("step-%06d", version) }

// versionNames are the folders that this package makes, and removes again; hidden ones are unfinished.
var versionNames = regexp.MustCompile(`^\.?step-\d{6,}(\.tmp)?$`)

// writeWeights has save fill the folder of a version and checks what it wrote. The folder appears under its name only when it is whole, checked and
// on the disk.
func writeWeights(ctx context.Context, root string, version int, save func(ctx context.Context, dir string) error) (string, error) {
	place := filepath.Join(root, versionName(version))
	tmp := filepath.Join(root, "."+versionName(version)+".tmp")
	if err := errors.Join(os.RemoveAll(tmp), os.MkdirAll(tmp, 0o755)); err != nil {
		return "", fmt.Errorf("write weights: %w", err)
	}
	err := save(ctx, tmp)
	if err == nil {
		err = checkWeights(ctx, tmp)
	}
	if err == nil {
		err = syncTree(tmp)
	}
	if err == nil { // a run that was resumed writes a version again
		err = os.RemoveAll(place)
	}
	if err == nil {
		err = os.Rename(tmp, place)
	}
	if err == nil {
		err = syncFile(root)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("write weights of version %d to %s: %w", version, root, err), os.RemoveAll(tmp))
	}
	return place, nil
}

// checkWeights reads a model directory as our own loader does: the header and size of each file, every tensor that the configuration asks
// for with its shape, and all values finite. The largest tensor must fit the memory.
func checkWeights(ctx context.Context, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return fmt.Errorf("check weights: %w", err)
	}
	cfg, err := decoder.ParseConfig(text)
	if err != nil {
		return fmt.Errorf("check weights: config.json: %w", err)
	}
	files, err := safetensors.OpenDir(dir)
	if err != nil {
		return fmt.Errorf("check weights: %w", err)
	}
	defer files.Close()
	var faults []error
	for _, p := range cfg.Params() {
		info, ok := files.Info(p.Name)
		switch {
		case !ok:
			faults = append(faults, fmt.Errorf("check weights: tensor %s is missing", p.Name))
		case !slices.Equal(info.Shape, p.Dims):
			faults = append(faults, fmt.Errorf("check weights: tensor %s has shape %v, config.json asks for %v", p.Name, info.Shape, p.Dims))
		}
	}
	if faults != nil {
		return errors.Join(faults...)
	}
	return checkValues(ctx, files, cfg.Params())
}

// checkValues reads every tensor and refuses NaN and infinity.
func checkValues(ctx context.Context, files *safetensors.Dir, params []decoder.Param) error {
	var buffer []byte
	for _, p := range params {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		info, _ := files.Info(p.Name)
		if size := info.Elements() * info.DType.Size(); size > cap(buffer) {
			buffer = make([]byte, size)
		} else {
			buffer = buffer[:size]
		}
		bad, err := files.ReadInto(buffer, p.Name, info.DType)
		if err != nil {
			return fmt.Errorf("check weights: %w", err)
		}
		if bad > 0 {
			return fmt.Errorf("check weights: %d of the %d values of tensor %s are NaN or infinite: the training has diverged", bad, info.Elements(), p.Name)
		}
	}
	return nil
}

// syncTree flushes a folder's files, and the folder, to the disk.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncFile(path)
	})
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// prune removes all versions below root but the given one and the last written others, keep in all, and what killed writers left.
func prune(root, current string, keep int) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return fmt.Errorf("remove old weights: %w", err)
	}
	type version struct {
		path    string
		written time.Time
	}
	var old []version
	var faults []error
	for _, entry := range entries {
		path := filepath.Join(root, entry.Name())
		if !entry.IsDir() || !versionNames.MatchString(entry.Name()) || path == current {
			continue
		}
		info, err := entry.Info()
		switch {
		case err != nil:
			faults = append(faults, err)
		case entry.Name()[0] == '.':
			faults = append(faults, os.RemoveAll(path))
		default:
			old = append(old, version{path, info.ModTime()})
		}
	}
	slices.SortFunc(old, func(a, b version) int { return b.written.Compare(a.written) })
	for _, v := range old[min(len(old), keep-1):] {
		faults = append(faults, os.RemoveAll(v.path))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("remove old weights: %w", err)
	}
	return nil
}
