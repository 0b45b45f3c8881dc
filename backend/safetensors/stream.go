package safetensors

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// streamChunk is how many elements one reader takes at a time.
const streamChunk = 1 << 18

// ReadInto reads a tensor of dtype F32, BF16 or F16 into dst as elements of dtype as, one of the same three: the file's bytes as they
// are where the two agree, else rounded to nearest, ties to even. dst must have the size of the converted tensor; beyond it only a
// little scratch memory is used. It returns how many of the values in dst are NaN or infinite, which is for the caller to judge.
func (f *File) ReadInto(dst []byte, name string, as DType) (nonFinite int, err error) {
	e, ok := f.header.entries[name]
	if !ok {
		return 0, fmt.Errorf("safetensors %s has no tensor %q (it has %d tensors)", f.path, name, len(f.header.names))
	}
	if !e.DType.isFloat() || !as.isFloat() {
		return 0, fmt.Errorf("safetensors %s: tensor %q: dtype is %s, wanted as %s: expected F32, BF16 or F16", f.path, name, e.DType, as)
	}
	n := e.Elements()
	if len(dst) != n*as.Size() {
		return 0, fmt.Errorf("safetensors %s: tensor %q: %d bytes to read %v into, expected %d", f.path, name, len(dst), e.Shape, n*as.Size())
	}
	var mu sync.Mutex
	var faults []error
	var readers sync.WaitGroup
	next := 0
	take := func() (from, to int) {
		mu.Lock()
		defer mu.Unlock()
		if faults != nil {
			return n, n
		}
		from, next = next, min(n, next+streamChunk)
		return from, next
	}
	for range min(runtime.GOMAXPROCS(0), (n+streamChunk-1)/streamChunk) {
		readers.Go(func() {
			c := chunkReader{f: f, e: e, as: as}
			for from, to := take(); from < to; from, to = take() {
				bad, err := c.read(dst[from*as.Size():to*as.Size()], from, to)
				mu.Lock()
				nonFinite += bad
				if err != nil {
					faults = append(faults, err)
				}
				mu.Unlock()
			}
		})
	}
	readers.Wait()
	if faults != nil {
		return nonFinite, fmt.Errorf("safetensors %s: read tensor %q: %w", f.path, name, faults[0])
	}
	return nonFinite, nil
}

// chunkReader reads parts of one tensor.
type chunkReader struct {
	f  *File
	e  entry
	as DType
}

// scratches keeps memory for the stored bytes of one chunk, of any float dtype, between tensors.
var scratches = sync.Pool{New: func() any { return new([streamChunk * 4]byte) }}

// read fills dst with the elements [from, to).
func (c *chunkReader) read(dst []byte, from, to int) (nonFinite int, err error) {
	size := c.e.DType.Size()
	stored := dst
	if c.as != c.e.DType {
		scratch := scratches.Get().(*[streamChunk * 4]byte)
		defer scratches.Put(scratch)
		stored = scratch[:(to-from)*size]
	}
	if err := readFull(c.f.file, stored, c.f.header.dataStart+c.e.begin+int64(from*size)); err != nil {
		return 0, err
	}
	if c.as != c.e.DType {
		recode(dst, c.as, stored, c.e.DType)
	}
	return countNonFinite(dst, c.as), nil
}

// readFull is ReadAt that takes a file which became shorter since it was opened for what it is.
func readFull(r io.ReaderAt, dst []byte, at int64) error {
	n, err := r.ReadAt(dst, at)
	if n == len(dst) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the file ends at byte %d, %d short of the tensor's data: it was changed while it was open: %w", at+int64(n), len(dst)-n, io.ErrUnexpectedEOF)
	}
	return err
}
