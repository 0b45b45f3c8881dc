package hub

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// repository is one model's folder in the cache. blobs/HASH are the files' contents, snapshots/COMMIT/NAME links to them, and
// refs/REVISION holds the commit a branch or tag stood at.
type repository struct {
	root string
	name Name
}

func (r repository) blob(hash string) string       { return filepath.Join(r.root, "blobs", hash) }
func (r repository) snapshot(commit string) string { return filepath.Join(r.root, "snapshots", commit) }

// find returns the snapshot of the wanted revision when it is complete.
func (r repository) find() (string, bool) {
	commit := r.name.Revision
	if !commitPattern.MatchString(commit) {
		text, err := os.ReadFile(filepath.Join(r.root, "refs", filepath.FromSlash(r.name.Revision)))
		if err != nil {
			return "", false
		}
		commit = strings.TrimSpace(string(text))
		if !commitPattern.MatchString(commit) {
			return "", false
		}
	}
	dir := r.snapshot(commit)
	return dir, complete(dir)
}

// complete tells whether a snapshot has its configuration and all its weights: other programs may have fetched only the
// tokenizer. Our own downloads link config.json last.
func complete(dir string) bool {
	if !exists(filepath.Join(dir, "config.json")) {
		return false
	}
	if exists(filepath.Join(dir, safetensors.SingleFile)) {
		return true
	}
	shards, err := shardsOf(filepath.Join(dir, safetensors.IndexFile))
	if err != nil {
		return false
	}
	for shard := range shards {
		if !exists(filepath.Join(dir, shard)) {
			return false
		}
	}
	return true
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// shardsOf lists the files that an index names.
func shardsOf(path string) (map[string]bool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, err
	}
	shards := map[string]bool{}
	for _, shard := range index.WeightMap {
		shards[shard] = true
	}
	return shards, nil
}

// link shows a blob under its name in a snapshot.
func (r repository) link(commit, name, hash string) error {
	dir := r.snapshot(commit)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	target, path := filepath.Join("..", "..", "blobs", hash), filepath.Join(dir, name)
	if found, err := os.Readlink(path); err == nil && found == target {
		return nil
	}
	tmp := filepath.Join(dir, ".link-"+name)
	_ = os.Remove(tmp) // of a process that was killed
	if os.Symlink(target, tmp) != nil {
		if err := os.Link(r.blob(hash), tmp); err != nil { // a file system without symbolic links
			return err
		}
	}
	return os.Rename(tmp, path)
}

// setRef notes the commit that the revision stands at.
func (r repository) setRef(commit string) error {
	if commitPattern.MatchString(r.name.Revision) {
		return nil
	}
	path := filepath.Join(r.root, "refs", filepath.FromSlash(r.name.Revision))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".ref-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Chmod(0o644); err != nil {
		f.Close()
		return err
	}
	_, err = f.WriteString(commit)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
