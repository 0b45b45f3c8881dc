package learner

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/mesh"
)

// Comparison sets the gradients of several batches side by side.
type Comparison struct {
	// Norms are Euclidean, over all trainable parameters, before any clipping.
	Norms []float64
	// Cosines of the angles between each two: 1 on the diagonal, 0 where one of the two gradients is zero.
	Cosines [][]float64
}

// CompareGradients computes the gradients of an objective on several batches and compares them. Weights and optimizer state stay as they
// are. Batches with the same tokens and other fields tell the parts of one loss apart: give each the token weights of its part, and 0 elsewhere.
//
// A device holds at most two gradients at once, so of three or more batches some are computed repeatedly: n batches take 1 + n(n-1)/2 backward
// passes.
func (l *Learner) CompareGradients(ctx context.Context, batches []*Batch, obj Objective, temperature float64) (Comparison, error) {
	n := len(batches)
	out := Comparison{Norms: make([]float64, n), Cosines: make([][]float64, n)}
	for i := range n {
		out.Cosines[i] = make([]float64, n)
		out.Cosines[i][i] = 1
	}
	if err := l.compareAll(ctx, batches, obj, temperature, &out); err != nil {
		return Comparison{}, fmt.Errorf("compare gradients of %s: %w", obj.Name, err)
	}
	return out, nil
}

// compareAll fills in norms and cosines. It holds the gradient of one batch against those of all later ones, the next one last.
func (l *Learner) compareAll(ctx context.Context, batches []*Batch, obj Objective, temperature float64, out *Comparison) error {
	if len(batches) == 0 {
		return nil
	}
	held, err := l.gradientOf(ctx, batches, 0, obj, temperature)
	defer func() { release(held) }()
	if err == nil && len(batches) == 1 {
		out.Norms[0], _, _, err = l.compare(ctx, held, held)
	}
	for i := 0; i < len(batches)-1 && err == nil; i++ {
		var other []*mesh.Array
		for j := len(batches) - 1; j > i && err == nil; j-- {
			release(other)
			if other, err = l.gradientOf(ctx, batches, j, obj, temperature); err == nil {
				err = l.comparePair(ctx, held, other, i, j, out)
			}
		}
		release(held)
		held = other
	}
	return err
}

func (l *Learner) gradientOf(ctx context.Context, batches []*Batch, i int, obj Objective, temperature float64) ([]*mesh.Array, error) {
	grads, err := l.gradients(ctx, batches[i], obj, temperature, &Report{Metrics: map[string]float64{}})
	if err != nil {
		return nil, fmt.Errorf("batch %d: %w", i, err)
	}
	return grads, nil
}

// comparePair fills in what the gradients of batches i and j tell.
func (l *Learner) comparePair(ctx context.Context, a, b []*mesh.Array, i, j int, out *Comparison) (err error) {
	var dot float64
	if out.Norms[i], out.Norms[j], dot, err = l.compare(ctx, a, b); err != nil {
		return err
	}
	if product := out.Norms[i] * out.Norms[j]; product != 0 {
		out.Cosines[i][j] = dot / product
		out.Cosines[j][i] = out.Cosines[i][j]
	}
	return nil
}

// compare returns the norms of two gradients and their inner product.
func (l *Learner) compare(ctx context.Context, a, b []*mesh.Array) (normA, normB, dot float64, err error) {
	prog, ok := l.programs.compares[l.variant]
	if !ok {
		if prog, err = l.compareProgram(); err != nil {
			return 0, 0, 0, err
		}
		l.programs.compares[l.variant] = prog
	}
	results, err := prog.Run(ctx, slices.Concat(a, b)...)
	if err != nil {
		return 0, 0, 0, err
	}
	defer release(results)
	var x [3]float64
	for i, r := range results {
		value, err := r.ToFloat32()
		if err != nil {
			return 0, 0, 0, err
		}
		x[i] = float64(value[0])
	}
	return math.Sqrt(x[0]), math.Sqrt(x[1]), x[2], nil
}

// compareProgram maps two gradients to the sums of their squares and of their products.
func (l *Learner) compareProgram() (*mesh.Program, error) {
	ports := undonated(l.optimizer.statePorts())
	n := len(ports)
	return l.mesh.Program("compare", func(in []*Node) []*Node {
		sum := func(a, b []*Node) *Node {
			total := ScalarZero(in[0].Graph(), dtypes.Float32)
			for i := range a {
				total = Add(total, ReduceAllSum(Mul(a[i], b[i])))
			}
			return total
		}
		a, b := in[:n], in[n:]
		return []*Node{sum(a, a), sum(b, b), sum(a, b)}
	}, slices.Concat(ports, ports), make([]mesh.Port, 3))
}
