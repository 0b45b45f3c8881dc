package learner

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// Hidden returns one hidden state of each row, after the final norm, in float32: that of column at[row], which has read the tokens up to and
// including the one there. Rows go through the model microRows at a time (0: all at once). → [rows, hidden]
func (s *Scorer) Hidden(ctx context.Context, weights []*mesh.Array, b *Batch, at []int, microRows int) ([]float32, error) {
	out, err := s.hidden(ctx, weights, b, at, microRows)
	if err != nil {
		return nil, fmt.Errorf("hidden states: %w", err)
	}
	return out, nil
}

func (s *Scorer) hidden(ctx context.Context, weights []*mesh.Array, b *Batch, at []int, microRows int) ([]float32, error) {
	if err := s.check(weights, b); err != nil {
		return nil, err
	}
	if len(at) != b.Rows {
		return nil, fmt.Errorf("want a column of each of %d rows, got %d", b.Rows, len(at))
	}
	columns := make([]int32, b.Rows)
	for row, column := range at {
		if column < 0 || column >= b.Seq {
			return nil, fmt.Errorf("row %d: column %d, want 0 to %d", row, column, b.Seq-1)
		}
		columns[row] = int32(column)
	}
	prog, err := s.hiddenProgram(weightPorts(weights))
	if err != nil {
		return nil, err
	}
	out := make([]float32, 0, b.Rows*s.cfg.HiddenSize)
	runs := microBatches(b.Rows, microRows)
	rows := s.mesh.RoundUp(runs[0][1] - runs[0][0])
	for _, run := range runs {
		states, err := s.hiddenRun(ctx, prog, weights, b.slice(run[0], run[1], rows), padded(columns[run[0]:run[1]], rows))
		if err != nil {
			return nil, err
		}
		out = append(out, states[:(run[1]-run[0])*s.cfg.HiddenSize]...)
	}
	return out, nil
}

func (s *Scorer) hiddenRun(ctx context.Context, prog *mesh.Program, weights []*mesh.Array, part *Batch, columns []int32) ([]float32, error) {
	in, err := part.upload(s.mesh, nil)
	if err != nil {
		return nil, err
	}
	defer func() { release(in) }()
	at, err := s.mesh.FromInt32(columns, batched, len(columns))
	if err != nil {
		return nil, err
	}
	in = append(in, at)
	got, err := prog.Run(ctx, slices.Concat(weights, in)...)
	if err != nil {
		return nil, err
	}
	defer release(got)
	return got[0].ToFloat32()
}

// hiddenProgram maps weights, tokens and a column a row to that column's hidden states.
func (s *Scorer) hiddenProgram(weights []mesh.Port) (*mesh.Program, error) {
	key := scoreKey{hidden: true, variant: variantOf(s.cfg, weights)}
	if p, ok := s.programs[key]; ok {
		return p, nil
	}
	n := len(weights)
	build := func(in []*Node) []*Node {
		cfg := s.cfg.KeepRows(s.mesh.KeepRows)
		states, _ := cfg.Forward(cfg.Bind(in[:n]), decoder.Tokens{IDs: in[n], Positions: in[n+1], Segments: in[n+2]}, false)
		return []*Node{pickColumn(ConvertDType(states, dtypes.Float32), in[n+3])}
	}
	tokens := mesh.Port{Rank: 2, Layout: batched}
	ports := append(slices.Clone(weights), tokens, tokens, tokens, mesh.Port{Rank: 1, Layout: batched})
	p, err := s.mesh.Program("hidden", build, ports, []mesh.Port{tokens})
	if err != nil {
		return nil, err
	}
	s.programs[key] = p
	return p, nil
}

// pickColumn takes one column of each row. Like decoder's choice of logits it compares with the index rather than gathering, so that rows
// stay on their devices. x: [rows, seq, hidden], at: [rows] int32 → [rows, hidden].
func pickColumn(x, at *Node) *Node {
	dims := x.Shape().Dimensions
	index := Iota(x.Graph(), shapes.Make(dtypes.Int32, dims...), 1)
	here := Equal(index, BroadcastToDims(InsertAxes(at, -1, -1), dims...))
	return ReduceSum(Where(here, x, ZerosLike(x)), 1)
}
