// Package learner scores and trains a decoder on a mesh: log-probs of given tokens, gradients of an objective over them,
// and AdamW with its state sharded over the devices. What the objective means (DCPO, supervised, anything else) is the
// caller's business: it is a function from log-probs and per-token fields to a scalar.
package learner

import (
	"fmt"
	"slices"

	"github.com/dcpo-go/godcpo/backend/mesh"
)

// Batch holds token sequences on the host. Per-token results and fields cover the last Window positions of each row
// (responses, usually), so that prompts cost no vocabulary projection.
type Batch struct {
	Rows, Seq int
	// Window is the number of trailing positions whose tokens are scored; at most Seq-1, for the first token of a row has
	// no log-prob.
	Window int
	// IDs, Positions and Segments are [Rows, Seq], as decoder.Tokens describes them.
	IDs, Positions, Segments []int32
	// Fields are what the objective reads beside the log-probs, each [Rows, Window].
	Fields map[string][]float32
}

// Validate reports a batch whose slices do not have the sizes its dimensions promise.
func (b *Batch) Validate() error {
	if b.Rows < 1 || b.Seq < 2 || b.Window < 1 || b.Window >= b.Seq {
		return fmt.Errorf("batch: want rows ≥ 1, seq ≥ 2 and 1 ≤ window < seq, got rows %d, seq %d, window %d", b.Rows, b.Seq, b.Window)
	}
	for name, ids := range map[string][]int32{"ids": b.IDs, "positions": b.Positions, "segments": b.Segments} {
		if len(ids) != b.Rows*b.Seq {
			return fmt.Errorf("batch: want %d %s (%d rows × %d), got %d", b.Rows*b.Seq, name, b.Rows, b.Seq, len(ids))
		}
	}
	for name, values := range b.Fields {
		if len(values) != b.Rows*b.Window {
			return fmt.Errorf("batch: want %d values of field %q (%d rows × window %d), got %d", b.Rows*b.Window, name, b.Rows, b.Window, len(values))
		}
	}
	return nil
}

// slice returns rows [from, to) padded with empty rows to n: padding has segment 0 and fields 0.
func (b *Batch) slice(from, to, n int) *Batch {
	part := &Batch{Rows: n, Seq: b.Seq, Window: b.Window, Fields: map[string][]float32{}}
	part.IDs = padded(b.IDs[from*b.Seq:to*b.Seq], n*b.Seq)
	part.Positions = padded(b.Positions[from*b.Seq:to*b.Seq], n*b.Seq)
	part.Segments = padded(b.Segments[from*b.Seq:to*b.Seq], n*b.Seq)
	for name, values := range b.Fields {
		part.Fields[name] = padded(values[from*b.Window:to*b.Window], n*b.Window)
	}
	return part
}

func padded[T int32 | float32](values []T, n int) []T {
	if len(values) == n {
		return values
	}
	out := make([]T, n)
	copy(out, values)
	return out
}

// upload puts the tokens and then the named fields on the mesh, cut along the batch.
func (b *Batch) upload(m *mesh.Mesh, fields []string) (out []*mesh.Array, err error) {
	defer func() {
		if err != nil {
			release(out)
		}
	}()
	for _, ids := range [][]int32{b.IDs, b.Positions, b.Segments} {
		a, err := m.FromInt32(ids, batched, b.Rows, b.Seq)
		if err != nil {
			return out, err
		}
		out = append(out, a)
	}
	for _, name := range fields {
		values, ok := b.Fields[name]
		if !ok {
			return out, fmt.Errorf("batch: the objective reads field %q, the batch has none of that name", name)
		}
		a, err := m.FromFloat32(values, batched, b.Rows, b.Window)
		if err != nil {
			return out, err
		}
		out = append(out, a)
	}
	return out, nil
}

// batched is the layout of arrays whose first axis is the batch.
var batched = mesh.Sharded(0)

func release(arrays []*mesh.Array) {
	for _, a := range arrays {
		a.Release()
	}
}

// microBatches cuts rows into runs of at most micro rows (all of them when micro is 0).
func microBatches(rows, micro int) [][2]int {
	if micro <= 0 || micro > rows {
		micro = rows
	}
	var runs [][2]int
	for from := 0; from < rows; from += micro {
		runs = append(runs, [2]int{from, min(from+micro, rows)})
	}
	return slices.Clip(runs)
}

// Slice returns rows [from, to) as a batch that shares the arrays.
func (b *Batch) Slice(from, to int) *Batch { return b.slice(from, to, to-from) }
