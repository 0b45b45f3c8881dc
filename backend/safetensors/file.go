package safetensors

import (
	"fmt"
	"io"
	"os"
	"slices"
)

// File is one open safetensors file. Its methods may be used by several goroutines at once.
type File struct {
	path   string
	file   io.ReaderAt
	closer io.Closer
	header *header
	size   int64
}

// Open opens a file and checks its header: truncation, overlapping or out-of-range tensors, unknown dtypes and sizes that do not fit
// the shape are errors naming the file and the tensor. No tensor data is read.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open safetensors: %w", err)
	}
	stat, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open safetensors %s: %w", path, err)
	}
	h, err := readHeader(f, stat.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open safetensors %s: %w", path, err)
	}
	return &File{path: path, file: f, closer: f, header: h, size: stat.Size()}, nil
}

// Names lists the tensors in the order of their data.
func (f *File) Names() []string { return slices.Clone(f.header.names) }

// Info gives a tensor's dtype and shape; false when the file has no tensor of that name.
func (f *File) Info(name string) (Info, bool) {
	e, ok := f.header.entries[name]
	return Info{e.DType, slices.Clone(e.Shape)}, ok
}

// Metadata is the free text stored with the tensors, such as {"format": "pt"}. Do not modify it.
func (f *File) Metadata() map[string]string { return f.header.metadata }

// Bytes reads a tensor's raw bytes, row-major and little-endian, into a new slice.
func (f *File) Bytes(name string) ([]byte, error) {
	e, ok := f.header.entries[name]
	if !ok {
		return nil, fmt.Errorf("safetensors %s has no tensor %q (it has %d tensors)", f.path, name, len(f.header.names))
	}
	data := make([]byte, e.end-e.begin)
	if err := readFull(f.file, data, f.header.dataStart+e.begin); err != nil {
		return nil, fmt.Errorf("safetensors %s: read tensor %q: %w", f.path, name, err)
	}
	return data, nil
}

// Float32 reads a tensor of dtype F32, BF16 or F16 as float32 values, which hold each of them exactly.
func (f *File) Float32(name string) ([]float32, error) { return read(f, f.path, name, Float32s) }

// Float64 reads a tensor of dtype F64, F32, BF16 or F16 as float64 values.
func (f *File) Float64(name string) ([]float64, error) { return read(f, f.path, name, Float64s) }

// Int64 reads a tensor of a signed or unsigned integer dtype or BOOL (as 0 and 1); a U64 beyond the int64 range is an error.
func (f *File) Int64(name string) ([]int64, error) { return read(f, f.path, name, Int64s) }

// Close closes the file. Slices returned earlier stay valid.
func (f *File) Close() error { return f.closer.Close() }

// source is what File and Dir have in common.
type source interface {
	Info(name string) (Info, bool)
	Bytes(name string) ([]byte, error)
}

// read reads a tensor and decodes it, naming it in the error.
func read[T any](s source, path, name string, decode func([]byte, DType) ([]T, error)) ([]T, error) {
	data, err := s.Bytes(name)
	if err != nil {
		return nil, err
	}
	info, _ := s.Info(name)
	values, err := decode(data, info.DType)
	if err != nil {
		return nil, fmt.Errorf("safetensors %s: tensor %q: %w", path, name, err)
	}
	return values, nil
}
