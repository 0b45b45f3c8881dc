package learner

import (
	"context"
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// Scorer computes log-probs of given tokens, and hidden states. It keeps what it has compiled; the weights are passed at each call, so one scorer
// serves a policy and its reference.
type Scorer struct {
	mesh     *mesh.Mesh
	cfg      decoder.Config
	programs map[scoreKey]*mesh.Program
}

type scoreKey struct {
	hidden  bool // states rather than scores, whatever the window
	window  int
	variant string
}

// NewScorer returns a scorer for models of the given configuration. It is not safe for concurrent use.
func NewScorer(m *mesh.Mesh, cfg decoder.Config) *Scorer {
	return &Scorer{mesh: m, cfg: cfg, programs: map[scoreKey]*mesh.Program{}}
}

// Scores are per-token results over a batch's window. They are 0 at padding (segment 0) and at the first token of a segment:
// nothing before it in the row belongs to its sequence, so it has no log-prob.
type Scores struct {
	// LogProbs of the token at each position given those before it, under softmax(logits/temperature), in nats.
	LogProbs []float32 // [rows, window]
	// Entropy of the distribution each token was drawn from, in nats.
	Entropy []float32 // [rows, window]
	// Values that the value head gives to the state before each token is sampled; nil for a model without one.
	Values []float32 // [rows, window]
}

// Score computes the log-probs of a batch's tokens, microRows rows at a time (0: all at once). A temperature of 0 is taken
// as 1. The vocabulary projection is done in blocks where its logits would take more than half a GiB a device.
func (s *Scorer) Score(ctx context.Context, weights []*mesh.Array, b *Batch, temperature float64, microRows int) (Scores, error) {
	if err := s.check(weights, b); err != nil {
		return Scores{}, fmt.Errorf("score: %w", err)
	}
	prog, err := s.program(b.Window, weightPorts(weights))
	if err != nil {
		return Scores{}, fmt.Errorf("score: %w", err)
	}
	t, err := temperatureArray(s.mesh, temperature)
	if err != nil {
		return Scores{}, fmt.Errorf("score: %w", err)
	}
	defer t.Release()
	var out Scores
	runs := microBatches(b.Rows, microRows)
	rows := s.mesh.RoundUp(runs[0][1] - runs[0][0])
	for _, run := range runs {
		if err := s.scoreRun(ctx, prog, weights, t, b.slice(run[0], run[1], rows), run[1]-run[0], &out); err != nil {
			return Scores{}, fmt.Errorf("score: %w", err)
		}
	}
	return out, nil
}

// check looks at the sizes of what is given.
func (s *Scorer) check(weights []*mesh.Array, b *Batch) error {
	if want := len(s.cfg.Params()); len(weights) != want {
		return fmt.Errorf("want %d weights, got %d", want, len(weights))
	}
	return b.Validate()
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
	for i, dst := range []*[]float32{&out.LogProbs, &out.Entropy, &out.Values}[:len(got)] {
		values, err := got[i].ToFloat32()
		if err != nil {
			return err
		}
		*dst = append(*dst, values[:rows*part.Window]...)
	}
	return nil
}

func (s *Scorer) program(window int, weights []mesh.Port) (*mesh.Program, error) {
	key := scoreKey{window: window, variant: variantOf(s.cfg, weights)}
	if p, ok := s.programs[key]; ok {
		return p, nil
	}
	n := len(weights)
	build := func(in []*Node) []*Node {
		t := windowTokens(in[n:], window)
		scoring := decoder.Scoring{Temperature: in[n+3], Entropy: true, Columns: t.columns(s.mesh, s.cfg, 0)}
		got := t.score(s.cfg.KeepRows(s.mesh.KeepRows), s.cfg.Bind(in[:n]), scoring, s.cfg.ValueHead, false)
		if !s.cfg.ValueHead {
			return []*Node{got.logProbs, got.entropy}
		}
		return []*Node{got.logProbs, got.entropy, got.values}
	}
	ports := append(slices.Clone(weights), mesh.Port{Rank: 2, Layout: batched}, mesh.Port{Rank: 2, Layout: batched}, mesh.Port{Rank: 2, Layout: batched}, mesh.Port{})
	out := []mesh.Port{{Rank: 2, Layout: batched}, {Rank: 2, Layout: batched}}
	if s.cfg.ValueHead {
		out = append(out, out[0])
	}
	p, err := s.mesh.Program(fmt.Sprintf("score_%d", window), build, ports, out)
	if err != nil {
		return nil, err
	}
	s.programs[key] = p
	return p, nil
}

func temperatureArray(m *mesh.Mesh, temperature float64) (*mesh.Array, error) {
	if temperature == 0 {
		temperature = 1
	}
	return m.FromFloat32([]float32{float32(temperature)}, mesh.Replicated)
}
