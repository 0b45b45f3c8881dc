package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
)

// maxHeader is the largest header accepted, as in the reference implementation: it keeps a damaged length from asking for all memory.
const maxHeader = 100_000_000

// entry is one tensor of the header: where its bytes lie, counted from the start of the data.
type entry struct {
	Info
	begin, end int64
}

// header is what stands before the data.
type header struct {
	entries   map[string]entry
	names     []string // in the order of the data
	metadata  map[string]string
	dataStart int64 // file offset of the first data byte
}

// readHeader reads and checks the header of a file of the given size.
func readHeader(r io.ReaderAt, size int64) (*header, error) {
	var prefix [8]byte
	if size < int64(len(prefix)) {
		return nil, fmt.Errorf("file is truncated: %d bytes, expected at least the 8 bytes of the header's length", size)
	}
	if _, err := r.ReadAt(prefix[:], 0); err != nil {
		return nil, fmt.Errorf("read header length: %w", err)
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > maxHeader {
		return nil, fmt.Errorf("header length %d is above the limit of %d: not a safetensors file, or a damaged one", length, maxHeader)
	}
	if int64(length) > size-8 {
		return nil, fmt.Errorf("file is truncated: the header should be %d bytes, only %d follow its length", length, size-8)
	}
	text := make([]byte, length)
	if _, err := r.ReadAt(text, 8); err != nil {
		return nil, fmt.Errorf("read header: %w", err)
	}
	h, err := parseHeader(text, size-8-int64(length))
	if err != nil {
		return nil, err
	}
	h.dataStart = 8 + int64(length)
	return h, nil
}

// parseHeader parses the JSON header of a file with dataSize bytes of tensor data and checks that the tensors tile the data exactly.
func parseHeader(text []byte, dataSize int64) (*header, error) {
	keys, values, err := object(text)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	h := &header{entries: make(map[string]entry, len(keys)), metadata: map[string]string{}}
	for i, key := range keys {
		if key == "__metadata__" {
			if err := json.Unmarshal(values[i], &h.metadata); err != nil {
				return nil, fmt.Errorf("header: __metadata__ must be an object of strings: %w", err)
			}
			continue
		}
		e, err := parseEntry(values[i])
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", key, err)
		}
		h.entries[key] = e
		h.names = append(h.names, key)
	}
	return h, h.checkTiling(dataSize)
}

// parseEntry parses one tensor's description and checks that its byte range has the size its dtype and shape ask for.
func parseEntry(text []byte) (entry, error) {
	keys, values, err := object(text)
	if err != nil {
		return entry{}, err
	}
	var e entry
	var offsets, shape []int64
	found := 0
	for i, key := range keys {
		var target any
		switch key {
		case "dtype":
			target = (*string)(&e.DType)
		case "shape":
			target = &shape
		case "data_offsets":
			target = &offsets
		default:
			return entry{}, fmt.Errorf("unknown field %q, expected dtype, shape and data_offsets", key)
		}
		if err := json.Unmarshal(values[i], target); err != nil {
			return entry{}, fmt.Errorf("field %s: %w", key, err)
		}
		found++
	}
	if found != 3 || shape == nil || len(offsets) != 2 {
		return entry{}, errors.New("expected the three fields dtype, shape and data_offsets [begin, end]")
	}
	e.Shape = make([]int, len(shape))
	for i, d := range shape {
		e.Shape[i] = int(d)
	}
	e.begin, e.end = offsets[0], offsets[1]
	want, err := e.byteSize()
	if err != nil {
		return entry{}, err
	}
	if e.begin < 0 || e.end < e.begin {
		return entry{}, fmt.Errorf("data_offsets [%d, %d] are not a byte range", e.begin, e.end)
	}
	if e.end-e.begin != want {
		return entry{}, fmt.Errorf("data_offsets [%d, %d] hold %d bytes, but %s %v needs %d", e.begin, e.end, e.end-e.begin, e.DType, e.Shape, want)
	}
	return e, nil
}

// checkTiling sorts the tensors by position and demands that they cover the data without hole, overlap or rest: anything else means
// that the file is cut, or was written by something broken.
func (h *header) checkTiling(dataSize int64) error {
	sort.SliceStable(h.names, func(i, j int) bool {
		a, b := h.entries[h.names[i]], h.entries[h.names[j]]
		if a.begin != b.begin {
			return a.begin < b.begin
		}
		if a.end != b.end {
			return a.end < b.end // empty tensors before the one that starts at the same byte
		}
		return h.names[i] < h.names[j]
	})
	at, previous := int64(0), ""
	for _, name := range h.names {
		e := h.entries[name]
		if e.end > dataSize {
			return fmt.Errorf("tensor %q: data_offsets [%d, %d] lie outside the file's %d data bytes: the file is truncated or damaged", name, e.begin, e.end, dataSize)
		}
		if e.begin < at {
			return fmt.Errorf("tensor %q: data_offsets [%d, %d] overlap tensor %q, which ends at %d", name, e.begin, e.end, previous, at)
		}
		if e.begin > at {
			return fmt.Errorf("tensor %q: bytes %d to %d before it belong to no tensor", name, at, e.begin)
		}
		at, previous = e.end, name
	}
	if at != dataSize {
		return fmt.Errorf("the file has %d data bytes, but its tensors end at %d", dataSize, at)
	}
	return nil
}

// object splits a JSON object into its keys and raw values, in order. Unlike encoding/json it refuses duplicate keys, which would
// otherwise drop a tensor in silence, and anything after the object but white space (writers pad the header with spaces).
func object(text []byte) (keys []string, values []json.RawMessage, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	token, err := dec.Token()
	if err != nil {
		return nil, nil, fmt.Errorf("not a JSON object: %w", err)
	}
	if token != json.Delim('{') {
		return nil, nil, fmt.Errorf("expected a JSON object, found %v", token)
	}
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, nil, fmt.Errorf("JSON object: %w", err)
		}
		key, ok := token.(string)
		if !ok {
			return nil, nil, fmt.Errorf("JSON object: expected a name, found %v", token)
		}
		if seen[key] {
			return nil, nil, fmt.Errorf("%q appears twice", key)
		}
		seen[key] = true
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, nil, fmt.Errorf("value of %q: %w", key, err)
		}
		keys, values = append(keys, key), append(values, value)
	}
	if _, err := dec.Token(); err != nil {
		return nil, nil, fmt.Errorf("JSON object is not closed: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("text follows the JSON object")
	}
	return keys, values, nil
}
