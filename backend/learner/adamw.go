package learner

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// AdamW configures the optimizer; the zero value of each field takes its documented default.
type AdamW struct {
	Beta1       float64 // default 0.9
	Beta2       float64 // default 0.999
	Eps         float64 // default 1e-8
	WeightDecay float64 // decoupled, on all parameters; default 0 (none)
	ClipNorm    float64 // gradients are scaled down to this global norm; 0 never clips
}

func (o AdamW) withDefaults() AdamW {
	if o.Beta1 == 0 {
		o.Beta1 = 0.9
	}
	if o.Beta2 == 0 {
		o.Beta2 = 0.999
	}
	if o.Eps == 0 {
		o.Eps = 1e-8
	}
	return o
}

// ErrNotFinite is in the chain of Update's error when the gradient held NaN or infinities. The step was skipped: weights, optimizer state
// and Steps are what they were, bit for bit, and more updates may follow. The Report beside it is complete.
var ErrNotFinite = errors.New("the gradient is not finite")

// optimizer holds AdamW's state for the trainable parameters: first and second moments in float32, and float32 master copies
// of weights that are kept in fewer bits. All of it is cut over the devices (ZeRO stage 1); weights stay as they lie.
type optimizer struct {
	mesh    *mesh.Mesh
	opt     AdamW
	dtype   dtypes.DType    // of the weights
	params  []decoder.Param // the trainable ones
	index   []int           // of each of them in decoder.Config.Params
	layouts []mesh.Layout   // of state and gradients
	weights []mesh.Port     // of the trainable weights
	state   []*mesh.Array   // masters (if any), first moments, second moments
	step    int
	program *mesh.Program
}

func newOptimizer(m *mesh.Mesh, cfg decoder.Config, weights []*mesh.Array, opt AdamW, programs *Programs) (*optimizer, error) {
	o := &optimizer{mesh: m, opt: opt.withDefaults(), dtype: weights[0].DType()}
	for i, p := range cfg.Params() {
		if cfg.Trainable(p) {
			o.params, o.index, o.layouts = append(o.params, p), append(o.index, i), append(o.layouts, m.ShardFor(p.Dims))
		}
	}
	o.weights = weightPorts(pickAt(weights, o.index))
	if o.hasMasters() {
		for i, p := range o.params {
			a, err := relay(m, weights[o.index[i]], o.layouts[i], dtypes.Float32)
			if err != nil {
				return nil, fmt.Errorf("optimizer state of %s: %w", p.Name, err)
			}
			o.state = append(o.state, a)
		}
	}
	for range 2 {
		for i, p := range o.params {
			a, err := m.FromFloat32(make([]float32, p.Size()), o.layouts[i], p.Dims...)
			if err != nil {
				return nil, fmt.Errorf("optimizer state of %s: %w", p.Name, err)
			}
			o.state = append(o.state, a)
		}
	}
	key := updateKey{o.opt, variantOf(cfg, o.weights)}
	if o.program = programs.updates[key]; o.program == nil {
		if err := o.compile(); err != nil {
			return nil, err
		}
		programs.updates[key] = o.program
	}
	return o, nil
}

type updateKey struct {
	opt     AdamW
	variant string
}

// pickAt lists the elements at the given indices.
func pickAt[T any](all []T, index []int) []T {
	out := make([]T, len(index))
	for i, at := range index {
		out[i] = all[at]
	}
	return out
}

func (o *optimizer) hasMasters() bool { return o.dtype != dtypes.Float32 }

// stateKinds is the number of state arrays a parameter has.
func (o *optimizer) stateKinds() int {
	if o.hasMasters() {
		return 3
	}
	return 2
}

// statePorts are donated inputs for one array of state, or one gradient, a trainable parameter.
func (o *optimizer) statePorts() []mesh.Port {
	ports := make([]mesh.Port, len(o.params))
	for i, p := range o.params {
		ports[i] = mesh.Port{Rank: len(p.Dims), Layout: o.layouts[i], Donate: true}
	}
	return ports
}

// compile prepares the update program: weights, state, gradients and three scalars (learning rate, bias corrections) to new
// weights, new state and the gradient norm before clipping.
func (o *optimizer) compile() (err error) {
	n := len(o.params)
	sharded := o.statePorts()
	in, out := slices.Clone(o.weights), slices.Clone(o.weights)
	for i := range in {
		in[i].Donate = true
	}
	for range o.stateKinds() {
		in, out = append(in, sharded...), append(out, undonated(sharded)...)
	}
	in = append(append(in, sharded...), mesh.Port{}, mesh.Port{}, mesh.Port{})
	build := func(nodes []*Node) []*Node {
		kinds := o.stateKinds()
		weights, state, grads := nodes[:n], nodes[n:n+kinds*n], nodes[n+kinds*n:][:n]
		return o.update(weights, state, grads, nodes[n+(kinds+1)*n:])
	}
	o.program, err = o.mesh.Program("adamw", build, in, append(out, mesh.Port{}))
	return err
}

// update writes one AdamW step. A gradient that is not finite changes nothing, so that a bad batch cannot ruin the weights.
func (o *optimizer) update(weights, state, grads, scalars []*Node) []*Node {
	n := len(weights)
	lr, correct1, correct2 := scalars[0], scalars[1], scalars[2]
	square := ScalarZero(lr.Graph(), dtypes.Float32)
	for _, g := range grads {
		square = Add(square, ReduceAllSum(Square(g)))
	}
	norm := Sqrt(square)
	finite := IsFinite(norm)
	scale := ScalarOne(lr.Graph(), dtypes.Float32)
	if o.opt.ClipNorm > 0 {
		scale = MinScalar(Div(Scalar(lr.Graph(), dtypes.Float32, o.opt.ClipNorm), AddScalar(norm, 1e-6)), 1.0)
	}
	masters, m, v := weights, state[len(state)-2*n:len(state)-n], state[len(state)-n:]
	if o.hasMasters() {
		masters = state[:n]
	}
	newMasters, newM, newV := make([]*Node, n), make([]*Node, n), make([]*Node, n)
	for i, g := range grads {
		g = Mul(g, scale)
		mi := Add(MulScalar(m[i], o.opt.Beta1), MulScalar(g, 1-o.opt.Beta1))
		vi := Add(MulScalar(v[i], o.opt.Beta2), MulScalar(Square(g), 1-o.opt.Beta2))
		direction := Div(Mul(mi, correct1), AddScalar(Sqrt(Mul(vi, correct2)), o.opt.Eps))
		direction = Add(direction, MulScalar(masters[i], o.opt.WeightDecay))
		keep := func(updated, old *Node) *Node { return Where(finite, updated, old) }
		newMasters[i] = keep(Sub(masters[i], Mul(direction, lr)), masters[i])
		newM[i], newV[i] = keep(mi, m[i]), keep(vi, v[i])
	}
	out := make([]*Node, 0, 4*n+1)
	for i := range weights {
		out = append(out, ConvertDType(newMasters[i], o.dtype))
	}
	if o.hasMasters() {
		out = append(out, newMasters...)
	}
	return append(slices.Concat(out, newM, newV), norm)
}

// apply updates the trainable weights in place of the given slice, consumes the gradients, and returns the gradient norm. When the norm is
// not finite it changes nothing and returns ErrNotFinite.
func (o *optimizer) apply(ctx context.Context, weights, grads []*mesh.Array, lr float64) (float64, error) {
	t := float64(o.step + 1)
	var scalars []*mesh.Array
	for _, x := range []float64{lr, 1 / (1 - math.Pow(o.opt.Beta1, t)), 1 / (1 - math.Pow(o.opt.Beta2, t))} {
		a, err := o.mesh.FromFloat32([]float32{float32(x)}, mesh.Replicated)
		if err != nil {
			return 0, err
		}
		scalars = append(scalars, a)
	}
	defer release(scalars)
	out, err := o.program.Run(ctx, slices.Concat(pickAt(weights, o.index), o.state, grads, scalars)...)
	if err != nil {
		return 0, err
	}
	last := len(out) - 1
	norm, err := out[last].ToFloat32()
	out[last].Release()
	if err != nil {
		return 0, err
	}
	for i, at := range o.index {
		weights[at] = out[i]
	}
	copy(o.state, out[len(o.index):last])
	if math.IsNaN(float64(norm[0])) || math.IsInf(float64(norm[0]), 0) {
		return float64(norm[0]), fmt.Errorf("%w (its norm is %g): the step was skipped, the weights are unchanged", ErrNotFinite, norm[0])
	}
	o.step++
	return float64(norm[0]), nil
}

func undonated(ports []mesh.Port) []mesh.Port {
	out := slices.Clone(ports)
	for i := range out {
		out[i].Donate = false
	}
	return out
}
