package safetensors

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sort"
)

// Tensor is one tensor to be written: its bytes in Data, or, so that a model larger than memory can be saved, a Source that writes them
// when their turn comes.
type Tensor struct {
	Name   string
	DType  DType
	Shape  []int
	Data   []byte      // row-major, little-endian; nil to use Source
	Source io.WriterTo // asked once, in the order of the file, when Data is nil
}

// info is the tensor's description.
func (t Tensor) info() Info { return Info{t.DType, t.Shape} }

// Write writes the tensors to a file: into a temporary file beside it, flushed to the disk, then renamed over path, so that a reader or
// a kill at any moment finds the old file or the new one, never half of it. The order is that of the reference implementation, widest
// element first and then by name, which keeps every tensor aligned. metadata nil means {"format": "pt"}, which other tools expect.
func Write(path string, tensors []Tensor, metadata map[string]string) error {
	ordered, head, err := layout(tensors, metadata)
	if err != nil {
		return fmt.Errorf("write safetensors %s: %w", path, err)
	}
	err = atomically(path, func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 1<<20)
		if _, err := buffered.Write(head); err != nil {
			return err
		}
		for _, t := range ordered {
			if err := t.writeData(buffered); err != nil {
				return fmt.Errorf("tensor %q: %w", t.Name, err)
			}
		}
		return buffered.Flush()
	})
	if err != nil {
		return fmt.Errorf("write safetensors %s: %w", path, err)
	}
	return nil
}

// writeData writes the tensor's bytes and checks that they are as many as the header promised.
func (t Tensor) writeData(w io.Writer) error {
	want, err := t.info().byteSize()
	if err != nil {
		return err
	}
	count := counter{w: w}
	if t.Data == nil && t.Source != nil {
		_, err = t.Source.WriteTo(&count)
	} else {
		_, err = count.Write(t.Data)
	}
	if err == nil && count.n != want {
		err = fmt.Errorf("has %d bytes, but %s %v needs %d", count.n, t.DType, t.Shape, want)
	}
	return err
}

// counter counts the bytes on their way to a writer.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(data []byte) (int, error) {
	n, err := c.w.Write(data)
	c.n += int64(n)
	return n, err
}

// layout orders the tensors and renders everything that stands before their data.
func layout(tensors []Tensor, metadata map[string]string) ([]Tensor, []byte, error) {
	ordered := append([]Tensor(nil), tensors...)
	sort.SliceStable(ordered, func(i, j int) bool {
		a, b := ordered[i], ordered[j]
		if a.DType.Size() != b.DType.Size() {
			return a.DType.Size() > b.DType.Size()
		}
		return a.Name < b.Name
	})
	if metadata == nil {
		metadata = map[string]string{"format": "pt"}
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, `{"__metadata__":%s`, quote(metadata))
	at, seen := int64(0), map[string]bool{"__metadata__": true}
	for _, t := range ordered {
		if seen[t.Name] {
			return nil, nil, fmt.Errorf("tensor name %q is taken", t.Name)
		}
		seen[t.Name] = true
		size, err := t.info().byteSize()
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if t.Data != nil && int64(len(t.Data)) != size {
			return nil, nil, fmt.Errorf("tensor %q: has %d bytes, but %s %v needs %d", t.Name, len(t.Data), t.DType, t.Shape, size)
		}
		shape := t.Shape
		if shape == nil {
			shape = []int{} // a scalar: [] and not null
		}
		fmt.Fprintf(&text, `,%s:{"dtype":"%s","shape":%s,"data_offsets":[%d,%d]}`, quote(t.Name), t.DType, quote(shape), at, at+size)
		at += size
	}
	text.WriteByte('}')
	for text.Len()%8 != 0 {
		text.WriteByte(' ') // the data then starts at a multiple of 8, so that it can be mapped
	}
	head := binary.LittleEndian.AppendUint64(nil, uint64(text.Len()))
	return ordered, append(head, text.Bytes()...), nil
}

// quote renders a string, a list of int or a map of strings as JSON, which cannot fail.
func quote(v any) []byte {
	text, _ := json.Marshal(v)
	return text
}
