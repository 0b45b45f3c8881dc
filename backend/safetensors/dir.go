package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
)

// The file names that Hugging Face model directories use.
const (
	SingleFile = "model.safetensors"
	IndexFile  = "model.safetensors.index.json"
)

// Dir is the weights of a model directory, in one file or several. Its methods may be used by several goroutines at once.
type Dir struct {
	path  string
	files []*File
	where map[string]*File // tensor name → the file holding it
	names []string         // sorted by file, then position
}

// index is the part of model.safetensors.index.json that matters.
type index struct {
	Metadata  map[string]any    `json:"metadata"`
	WeightMap map[string]string `json:"weight_map"`
}

// OpenDir opens the weights of a model directory: model.safetensors, or else the files named by model.safetensors.index.json. The path
// of a single .safetensors file is accepted too.
func OpenDir(path string) (*Dir, error) {
	stat, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open weights: %w", err)
	}
	if !stat.IsDir() {
		return openSingle(path, path)
	}
	single := filepath.Join(path, SingleFile)
	if _, err := os.Stat(single); err == nil {
		return openSingle(path, single)
	}
	text, err := os.ReadFile(filepath.Join(path, IndexFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open weights: %s holds neither %s nor %s: %w", path, SingleFile, IndexFile, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("open weights: %w", err)
	}
	return openSharded(path, text)
}

// openSingle makes a Dir of one file.
func openSingle(path, file string) (*Dir, error) {
	f, err := Open(file)
	if err != nil {
		return nil, err
	}
	d := &Dir{path: path, files: []*File{f}, where: map[string]*File{}, names: f.Names()}
	for _, name := range d.names {
		d.where[name] = f
	}
	return d, nil
}

// openSharded opens every file the index names and checks that each holds the tensors the index promises. A tensor that the index does
// not list counts all the same; one that is in two files is an error.
func openSharded(path string, text []byte) (*Dir, error) {
	var ix index
	if err := json.Unmarshal(text, &ix); err != nil {
		return nil, fmt.Errorf("open weights: %s: %w", filepath.Join(path, IndexFile), err)
	}
	if len(ix.WeightMap) == 0 {
		return nil, fmt.Errorf("open weights: %s has an empty weight_map", filepath.Join(path, IndexFile))
	}
	d := &Dir{path: path, where: make(map[string]*File, len(ix.WeightMap))}
	byShard := map[string][]string{}
	for name, shard := range ix.WeightMap {
		byShard[shard] = append(byShard[shard], name)
	}
	shards := make([]string, 0, len(byShard))
	for shard := range byShard {
		shards = append(shards, shard)
	}
	sort.Strings(shards)
	for _, shard := range shards {
		if err := d.addShard(shard, byShard[shard]); err != nil {
			d.Close()
			return nil, fmt.Errorf("open weights: %s: %w", filepath.Join(path, IndexFile), err)
		}
	}
	return d, nil
}

// addShard opens one file of the index, which lists tensors for it, and takes all its tensors.
func (d *Dir) addShard(shard string, tensors []string) error {
	if !filepath.IsLocal(shard) {
		return fmt.Errorf("weight_map names %q, expected a file inside the directory", shard)
	}
	f, err := Open(filepath.Join(d.path, shard))
	if err != nil {
		return err
	}
	d.files = append(d.files, f)
	sort.Strings(tensors)
	for _, name := range tensors {
		if _, ok := f.Info(name); !ok {
			return fmt.Errorf("tensor %q should be in %s, but is not", name, shard)
		}
	}
	for _, name := range f.header.names {
		if other, ok := d.where[name]; ok {
			return fmt.Errorf("tensor %q is in %s and in %s: one of them is of another model", name, filepath.Base(other.path), shard)
		}
		d.where[name] = f
		d.names = append(d.names, name)
	}
	return nil
}

// Names lists the tensors, file by file in the order of their data.
func (d *Dir) Names() []string { return slices.Clone(d.names) }

// Info gives a tensor's dtype and shape; false when there is no tensor of that name.
func (d *Dir) Info(name string) (Info, bool) {
	f, ok := d.where[name]
	if !ok {
		return Info{}, false
	}
	return f.Info(name)
}

// Path is the file that holds a tensor, for messages; "" when there is no tensor of that name.
func (d *Dir) Path(name string) string {
	if f, ok := d.where[name]; ok {
		return f.path
	}
	return ""
}

// LargestFile is the size in bytes of the largest weight file.
func (d *Dir) LargestFile() int64 {
	largest := int64(0)
	for _, f := range d.files {
		largest = max(largest, f.size)
	}
	return largest
}

// Bytes reads a tensor's raw bytes, row-major and little-endian, into a new slice.
func (d *Dir) Bytes(name string) ([]byte, error) {
	f, err := d.file(name)
	if err != nil {
		return nil, err
	}
	return f.Bytes(name)
}

// ReadInto reads a tensor into dst as elements of dtype as; see File.ReadInto.
func (d *Dir) ReadInto(dst []byte, name string, as DType) (nonFinite int, err error) {
	f, err := d.file(name)
	if err != nil {
		return 0, err
	}
	return f.ReadInto(dst, name, as)
}

func (d *Dir) file(name string) (*File, error) {
	f, ok := d.where[name]
	if !ok {
		return nil, fmt.Errorf("weights in %s have no tensor %q (there are %d tensors)", d.path, name, len(d.names))
	}
	return f, nil
}

// Float32 reads a tensor of dtype F32, BF16 or F16 as float32 values, which hold each of them exactly.
func (d *Dir) Float32(name string) ([]float32, error) { return read(d, d.path, name, Float32s) }

// Close closes every file.
func (d *Dir) Close() error {
	var errs []error
	for _, f := range d.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
