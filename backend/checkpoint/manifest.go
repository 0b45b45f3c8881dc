package checkpoint

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
)

const manifestName = "MANIFEST"

// manifestLine is a SHA-256, two spaces, and a path with slashes.
var manifestLine = regexp.MustCompile(`^([0-9a-f]{64})  (.+)$`)

// Verify reads every file of the checkpoint and compares it with the manifest: a file that is changed, missing or superfluous
// is an error that names it.
func (c Checkpoint) Verify(ctx context.Context) error {
	if err := verify(ctx, c.Dir); err != nil {
		return fmt.Errorf("checkpoint %s: %w", c.Dir, err)
	}
	return nil
}

func verify(ctx context.Context, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		return err
	}
	want, err := parseManifest(text)
	if err != nil {
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	paths, err := files(dir)
	if err != nil {
		return err
	}
	var faults []error
	for _, path := range paths {
		if _, ok := want[path]; !ok {
			faults = append(faults, fmt.Errorf("%s is not in the %s", path, manifestName))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if !slices.Contains(paths, path) {
			faults = append(faults, fmt.Errorf("%s is missing", path))
		}
	}
	if faults != nil {
		return errors.Join(faults...)
	}
	got, err := hashes(ctx, dir, paths)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if got[path] != want[path] {
			faults = append(faults, fmt.Errorf("%s is damaged: its sha256 is %s, expected %s", path, got[path], want[path]))
		}
	}
	return errors.Join(faults...)
}

// parseManifest reads path → hash.
func parseManifest(text []byte) (map[string]string, error) {
	if len(text) == 0 || text[len(text)-1] != '\n' {
		return nil, errors.New("it is cut off")
	}
	want := map[string]string{}
	for n, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		parts := manifestLine.FindStringSubmatch(line)
		if parts == nil || !filepath.IsLocal(filepath.FromSlash(parts[2])) {
			return nil, fmt.Errorf("line %d is not a sha256 and a path", n+1)
		}
		if _, ok := want[parts[2]]; ok {
			return nil, fmt.Errorf("line %d names %s again", n+1, parts[2])
		}
		want[parts[2]] = parts[1]
	}
	return want, nil
}

// writeManifest hashes everything in dir.
func writeManifest(ctx context.Context, dir string) error {
	paths, err := files(dir)
	if err != nil {
		return err
	}
	sums, err := hashes(ctx, dir, paths)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, path := range paths {
		fmt.Fprintf(&text, "%s  %s\n", sums[path], path)
	}
	return os.WriteFile(filepath.Join(dir, manifestName), text.Bytes(), 0o644)
}

// files lists what a manifest covers, by path with slashes, sorted.
func files(dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if rel = filepath.ToSlash(rel); rel != manifestName {
			paths = append(paths, rel)
		}
		return err
	})
	slices.Sort(paths)
	return paths, err
}

// hashes computes the SHA-256 of files, as many at once as there are processors.
func hashes(ctx context.Context, dir string, paths []string) (map[string]string, error) {
	sums, faults := make([]string, len(paths)), make([]error, len(paths))
	queue := make(chan int, len(paths))
	for i := range paths {
		queue <- i
	}
	close(queue)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(paths)) {
		workers.Go(func() {
			for i := range queue {
				sums[i], faults[i] = hashFile(ctx, filepath.Join(dir, filepath.FromSlash(paths[i])))
			}
		})
	}
	workers.Wait()
	out := map[string]string{}
	for i, path := range paths {
		out[path] = sums[i]
	}
	return out, errors.Join(faults...)
}

func hashFile(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum, buffer := sha256.New(), make([]byte, 1<<20)
	for {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		n, err := f.Read(buffer)
		sum.Write(buffer[:n])
		if err == io.EOF {
			return hex.EncodeToString(sum.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}
