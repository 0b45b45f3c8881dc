package learner

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// Inputs is what an objective sees inside the graph.
type Inputs struct {
	LogProbs *Node            // [rows, window] of the batch's tokens under the weights being trained; see Scores
	Fields   map[string]*Node // [rows, window] each, by name
	Entropy  *Node            // [rows, window]; nil unless the objective asks for it
	// Values are the value head's, of the state before each token is sampled: at t it read the tokens before t. [rows, window]; nil unless
	// the objective asks for them.
	Values *Node
}

// Objective is a loss to minimise.
//
// Build returns the loss and the metrics as sums over the tokens it is given: each token's share must be weighted already
// (by a field), so that the loss and its gradient do not depend on how a batch is cut into micro-batches or devices.
type Objective struct {
	Name    string
	Fields  []string // fields of the batch that Build reads
	Metrics []string // names of what Build returns beside the loss
	Entropy bool     // compute Inputs.Entropy
	Values  bool     // compute Inputs.Values, with the model's value head
	Build   func(in Inputs) (loss *Node, metrics []*Node)
}

// Options configure a Learner; the zero value is usable.
type Options struct {
	AdamW AdamW
	// MicroRows is how many rows go through the backward pass at once (0: a whole batch). It bounds memory and changes
	// nothing else.
	MicroRows int
	// Remat recomputes layers in the backward pass: about a third of the activations' memory for a third more arithmetic.
	Remat bool
	// LogitTokens is how many tokens' logits a device holds at once. With more tokens than that, the vocabulary projection is
	// done in blocks and repeated in the backward pass. 0 takes as many as fit half a GiB, so that small vocabularies are
	// projected at once.
	LogitTokens int
	// Sharding says whether the weights themselves are cut over the devices.
	Sharding Sharding
	// Programs are shared by learners of models of the same shape on the same mesh; nil makes a set of its own.
	Programs *Programs
}

// Sharding is how weights lie on several devices. Optimizer state and gradients are always cut.
type Sharding string

const (
	// AsGiven leaves the weights as they lie.
	AsGiven Sharding = ""
	// ZeRO1 keeps whole weights on each device.
	ZeRO1 Sharding = "zero1"
	// FSDP cuts the weights too; each layer's are gathered when they are needed.
	FSDP Sharding = "fsdp"
)

// Programs keeps what learners have compiled, so that a second learner of the same shape compiles nothing.
type Programs struct {
	gradients map[programKey]*mesh.Program
	updates   map[updateKey]*mesh.Program
	compares  map[string]*mesh.Program // by variant
}

// NewPrograms returns an empty set.
func NewPrograms() *Programs {
	return &Programs{map[programKey]*mesh.Program{}, map[updateKey]*mesh.Program{}, map[string]*mesh.Program{}}
}

// Report is what one update did.
type Report struct {
	Loss     float64
	Metrics  map[string]float64 // sums, as the objective returned them
	GradNorm float64            // before clipping
}

// Learner trains a model's weights in place. It is not safe for concurrent use.
type Learner struct {
	mesh      *mesh.Mesh
	cfg       decoder.Config
	opt       Options
	weights   []*mesh.Array // shared with the model: its elements are replaced
	ports     []mesh.Port   // of the weights
	variant   string        // what tells programs of the same shape apart
	optimizer *optimizer
	programs  *Programs
}

type programKey struct {
	objective   string
	window      int
	first       bool
	remat       bool
	logitTokens int
	variant     string
}

// New returns a learner that updates weights, the slice itself, in the order of decoder.Config.Params. Parameters that are not
// trainable (see decoder.Config.Trainable) have neither gradients nor optimizer state. With opt.Sharding the arrays are laid
// out anew, one by one, and those they replace are released.
func New(m *mesh.Mesh, cfg decoder.Config, weights []*mesh.Array, opt Options) (*Learner, error) {
	if want := len(cfg.Params()); len(weights) != want {
		return nil, fmt.Errorf("learner: want %d weights, got %d", want, len(weights))
	}
	if err := place(m, cfg, weights, opt.Sharding); err != nil {
		return nil, fmt.Errorf("learner: %w", err)
	}
	l := &Learner{mesh: m, cfg: cfg, opt: opt, weights: weights, ports: weightPorts(weights), programs: opt.Programs}
	if l.programs == nil {
		l.programs = NewPrograms()
	}
	l.variant = variantOf(cfg, l.ports)
	var err error
	if l.optimizer, err = newOptimizer(m, cfg, weights, opt.AdamW, l.programs); err != nil {
		return nil, fmt.Errorf("learner: %w", err)
	}
	return l, nil
}

// Steps is the number of updates made.
func (l *Learner) Steps() int { return l.optimizer.step }

// Release frees the optimizer's state; the weights stay.
func (l *Learner) Release() { release(l.optimizer.state) }

// Update makes one optimizer step on a whole mini-batch at the given temperature (0 means 1) and learning rate. A gradient that is not
// finite changes nothing; see ErrNotFinite.
func (l *Learner) Update(ctx context.Context, b *Batch, obj Objective, temperature, lr float64) (Report, error) {
	report := Report{Metrics: map[string]float64{}}
	grads, err := l.gradients(ctx, b, obj, temperature, &report)
	if err != nil {
		return report, fmt.Errorf("update by %s: %w", obj.Name, err)
	}
	report.GradNorm, err = l.optimizer.apply(ctx, l.weights, grads, lr)
	release(grads)
	if err != nil {
		return report, fmt.Errorf("update by %s: %w", obj.Name, err)
	}
	return report, nil
}

// gradients sums the objective's gradients over the micro-batches, cut over the devices like the optimizer's state.
func (l *Learner) gradients(ctx context.Context, b *Batch, obj Objective, temperature float64, report *Report) (grads []*mesh.Array, err error) {
	if err := b.Validate(); err != nil {
		return nil, err
	}
	if obj.Values && !l.cfg.ValueHead {
		return nil, fmt.Errorf("the objective reads values, the model has no value head: add one first")
	}
	t, err := temperatureArray(l.mesh, temperature)
	if err != nil {
		return nil, err
	}
	defer t.Release()
	defer func() {
		if err != nil {
			release(grads)
			grads = nil
		}
	}()
	runs := microBatches(b.Rows, l.opt.MicroRows)
	rows := l.mesh.RoundUp(runs[0][1] - runs[0][0])
	for i, run := range runs {
		prog, err := l.program(obj, b.Window, i == 0)
		if err != nil {
			return grads, err
		}
		in, err := b.slice(run[0], run[1], rows).upload(l.mesh, obj.Fields)
		if err != nil {
			return grads, err
		}
		out, err := prog.Run(ctx, slices.Concat(l.weights, in, []*mesh.Array{t}, grads)...)
		release(in)
		if err != nil {
			return grads, err
		}
		n := len(l.optimizer.params)
		grads = out[:n:n]
		if err := report.add(out[n:], obj.Metrics); err != nil {
			return grads, err
		}
	}
	return grads, nil
}

// add reads the loss and the metrics of one micro-batch.
func (r *Report) add(out []*mesh.Array, names []string) error {
	defer release(out)
	for i, a := range out {
		x, err := a.ToFloat32()
		if err != nil {
			return err
		}
		if i == 0 {
			r.Loss += float64(x[0])
		} else {
			r.Metrics[names[i-1]] += float64(x[0])
		}
	}
	return nil
}

// program returns the gradient program of an objective: weights, tokens, fields, temperature and, after the first
// micro-batch, the gradients so far, to gradients (of trainable parameters), loss and metrics.
func (l *Learner) program(obj Objective, window int, first bool) (*mesh.Program, error) {
	key := programKey{obj.Name, window, first, l.opt.Remat, l.opt.LogitTokens, l.variant}
	if p, ok := l.programs.gradients[key]; ok {
		return p, nil
	}
	trainable := l.optimizer.index
	build := func(nodes []*Node) []*Node {
		loss, metrics := l.loss(nodes, obj, window)
		grads := Gradient(loss, pickAt(nodes, trainable)...)
		for i := range grads {
			grads[i] = ConvertDType(grads[i], dtypes.Float32)
			if !first {
				grads[i] = Add(grads[i], nodes[len(nodes)-len(grads)+i])
			}
		}
		return append(append(grads, loss), metrics...)
	}
	sharded := l.optimizer.statePorts()
	in := slices.Clone(l.ports)
	for range 3 + len(obj.Fields) {
		in = append(in, mesh.Port{Rank: 2, Layout: batched})
	}
	in = append(in, mesh.Port{})
	if !first {
		in = append(in, sharded...)
	}
	out := append(undonated(sharded), make([]mesh.Port, 1+len(obj.Metrics))...)
	name := fmt.Sprintf("gradients_%s_%d", obj.Name, window)
	p, err := l.mesh.Program(name, build, in, out)
	if err != nil {
		return nil, err
	}
	l.programs.gradients[key] = p
	return p, nil
}

// loss runs the model forward and the objective on top of it.
func (l *Learner) loss(nodes []*Node, obj Objective, window int) (*Node, []*Node) {
	n := len(l.weights)
	t := windowTokens(nodes[n:], window)
	scoring := decoder.Scoring{Temperature: nodes[n+3+len(obj.Fields)], Entropy: obj.Entropy,
		Columns: t.columns(l.mesh, l.cfg, l.opt.LogitTokens), Shards: l.mesh.Devices()}
	got := t.score(l.cfg.KeepRows(l.mesh.KeepRows), l.cfg.Bind(nodes[:n]), scoring, obj.Values, l.opt.Remat)
	in := Inputs{LogProbs: got.logProbs, Entropy: got.entropy, Values: got.values, Fields: map[string]*Node{}}
	for i, name := range obj.Fields {
		in.Fields[name] = nodes[n+3+i]
	}
	loss, metrics := obj.Build(in)
	if len(metrics) != len(obj.Metrics) {
		panic(fmt.Errorf("objective %s: promised %d metrics, built %d", obj.Name, len(obj.Metrics), len(metrics)))
	}
	return loss, metrics
}
