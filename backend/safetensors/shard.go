package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteDir writes the tensors of a model into a directory that OpenDir and other tools read: one model.safetensors while they fit in
// maxShard bytes (0 means no limit), else numbered files of at most that size (a larger tensor gets a file of its own) and the index, which
// is written last, so that an interrupted save never looks complete. Weights of the other layout are removed at the end, since a reader
// that finds both takes the single file. The directory must exist.
func WriteDir(dir string, tensors []Tensor, maxShard int64) error {
	shards, total, err := split(tensors, maxShard)
	if err != nil {
		return fmt.Errorf("write weights to %s: %w", dir, err)
	}
	if len(shards) <= 1 {
		if err := Write(filepath.Join(dir, SingleFile), tensors, nil); err != nil {
			return err
		}
		return remove(filepath.Join(dir, IndexFile))
	}
	ix := index{Metadata: map[string]any{"total_size": total}, WeightMap: map[string]string{}}
	for i, shard := range shards {
		name := fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, len(shards))
		if err := Write(filepath.Join(dir, name), shard, nil); err != nil {
			return err
		}
		for _, t := range shard {
			ix.WeightMap[t.Name] = name
		}
	}
	text, err := json.MarshalIndent(ix, "", "  ")
	if err != nil {
		return fmt.Errorf("write weights to %s: %w", dir, err)
	}
	err = atomically(filepath.Join(dir, IndexFile), func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("write weights to %s: %w", dir, err)
	}
	return remove(filepath.Join(dir, SingleFile))
}

// remove deletes a file that a newer layout replaces; that there is none is the usual case.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove replaced weights: %w", err)
	}
	return nil
}

// split cuts the tensors, in the given order, into runs of at most limit bytes.
func split(tensors []Tensor, limit int64) (shards [][]Tensor, total int64, err error) {
	size, seen := int64(0), map[string]bool{}
	for _, t := range tensors {
		if seen[t.Name] {
			return nil, 0, fmt.Errorf("tensor name %q is taken", t.Name)
		}
		seen[t.Name] = true
		n, err := t.info().byteSize()
		if err != nil {
			return nil, 0, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if len(shards) == 0 || limit > 0 && size > 0 && size+n > limit {
			shards, size = append(shards, nil), 0
		}
		shards[len(shards)-1] = append(shards[len(shards)-1], t)
		size, total = size+n, total+n
	}
	return shards, total, nil
}
