package learner

import (
	"context"
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// Scorer computes log-probs of given tokens. It keeps one compiled program; the weights are passed at each call, so one scorer
// serves a policy and its reference.
type Scorer struct {
	mesh     *mesh.Mesh
	cfg      decoder.Config
	programs map[int]*mesh.Program // by window
}

// NewScorer returns a scorer for models of the given configuration. It is not safe for concurrent use.
func NewScorer(m *mesh.Mesh, cfg decoder.Config) *Scorer {
	return &Scorer{mesh: m, cfg: cfg, programs: map[int]*mesh.Program{}}
}

// Scores are per-token results over a batch's window.
type Scores struct {
	// LogProbs of the token at each position given those before it, under softmax(logits/temperature), in nats.
	LogProbs []float32 // [rows, window]
	// Entropy of the distribution each token was drawn from, in nats.
	Entropy []float32 // [rows, window]
}

// Score computes the log-probs of a batch's tokens, microRows rows at a time (0: all at once). A temperature of 0 is taken
// as 1. Values at padding are meaningless.
func (s *Scorer) Score(ctx context.Context, weights []*mesh.Array, b *Batch, temperature float64, microRows int) (Scores, error) {
	if err := b.Validate(); err != nil {
		return Scores{}, fmt.Errorf("score: %w", err)
	}
	prog, err := s.program(b.Window)
	if err != nil {
		return Scores{}, fmt.Errorf("score: %w", err)
	}
	t, err := temperatureArray(s.mesh, temperature)
	if err != nil {
		return Scores{}, fmt.Errorf("score: %w", err)
	}
	defer t.Release()
	out := Scores{make([]float32, 0, b.Rows*b.Window), make([]float32, 0, b.Rows*b.Window)}
	runs := microBatches(b.Rows, microRows)
	rows := s.mesh.RoundUp(runs[0][1] - runs[0][0])
	for _, run := range runs {
		if err := s.scoreRun(ctx, prog, weights, t, b.slice(run[0], run[1], rows), run[1]-run[0], &out); err != nil {
			return Scores{}, fmt.Errorf("score: %w", err)
		}
	}
	return out, nil
}

func (s *Scorer) scoreRun(ctx context.Context, prog *mesh.Program, weights []*mesh.Array, t *mesh.Array, part *Batch, rows int, out *Scores) error {
	in, err := part.upload(s.mesh, nil)
	if err != nil {
		return err
	}
	defer release(in)
	got, err := prog.Run(ctx, slices.Concat(weights, in, []*mesh.Array{t})...)
	if err != nil {
		return err
	}
	defer release(got)
	for i, dst := range []*[]float32{&out.LogProbs, &out.Entropy} {
		values, err := got[i].ToFloat32()
		if err != nil {
			return err
		}
		*dst = append(*dst, values[:rows*part.Window]...)
	}
	return nil
}

func (s *Scorer) program(window int) (*mesh.Program, error) {
	if p, ok := s.programs[window]; ok {
		return p, nil
	}
	n := len(s.cfg.Params())
	build := func(in []*Node) []*Node {
		t := windowTokens(in[n:], window)
		logits := t.logits(s.cfg, s.cfg.Bind(in[:n]), in[n+3], false)
		return []*Node{decoder.PickLogProbs(logits, t.targets), decoder.Entropy(logits)}
	}
	ports := append(weightPorts(s.cfg, false), mesh.Port{Rank: 2, Layout: batched}, mesh.Port{Rank: 2, Layout: batched}, mesh.Port{Rank: 2, Layout: batched}, mesh.Port{})
	out := []mesh.Port{{Rank: 2, Layout: batched}, {Rank: 2, Layout: batched}}
	p, err := s.mesh.Program(fmt.Sprintf("score_%d", window), build, ports, out)
	if err != nil {
		return nil, err
	}
	s.programs[window] = p
	return p, nil
}

// windowed is a batch's tokens in a graph, with the targets of its window.
type windowed struct {
	tokens  decoder.Tokens
	targets *Node // [rows, window] int32
	window  int
}

func windowTokens(in []*Node, window int) windowed {
	ids := in[0]
	seq := ids.Shape().Dimensions[1]
	return windowed{decoder.Tokens{IDs: ids, Positions: in[1], Segments: in[2]}, Slice(ids, AxisRange(), AxisRange(seq-window, seq)), window}
}

// logits runs the model and returns the logits that predict the window's tokens, divided by the temperature (a scalar).
// → [rows, window, vocab] float32.
func (t windowed) logits(cfg decoder.Config, w decoder.Weights, temperature *Node, remat bool) *Node {
	hidden, _ := cfg.Forward(w, t.tokens, remat)
	seq := hidden.Shape().Dimensions[1]
	before := Slice(hidden, AxisRange(), AxisRange(seq-t.window-1, seq-1), AxisRange())
	return Div(cfg.Logits(w, before), temperature)
}

func weightPorts(cfg decoder.Config, donate bool) []mesh.Port {
	var ports []mesh.Port
	for _, p := range cfg.Params() {
		ports = append(ports, mesh.Port{Rank: len(p.Dims), Donate: donate})
	}
	return ports
}

func temperatureArray(m *mesh.Mesh, temperature float64) (*mesh.Array, error) {
	if temperature == 0 {
		temperature = 1
	}
	return m.FromFloat32([]float32{float32(temperature)}, mesh.Replicated)
}
