package learner

import (
	"context"
	"fmt"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// scoreAndEntropy is −Σ w·logp − 0.3·Σ |w|·entropy: gradients flow through both results.
var scoreAndEntropy = Objective{
	Name: "score_and_entropy", Fields: []string{"weights"}, Entropy: true,
	Build: func(in Inputs) (*Node, []*Node) {
		w := in.Fields["weights"]
		return Neg(Add(ReduceAllSum(Mul(w, in.LogProbs)), MulScalar(ReduceAllSum(Mul(Abs(w), in.Entropy)), 0.3))), nil
	},
}

// fixtureBatch is the fixtures' right-padded batch with their loss weights.
func fixtureBatch(t *testing.T, f *fixture.Model) *Batch {
	return &Batch{Rows: 3, Seq: 40, Window: 39, IDs: f.Int32(t, "input_ids_right"), Positions: f.Int32(t, "position_ids_right"),
		Segments: f.Int32(t, "attention_mask_right"), Fields: map[string][]float32{"weights": f.Float32(t, "loss_weights_right")}}
}

// gradientsOf returns the loss and the gradients of the trainable parameters, at temperature 0.7.
func gradientsOf(t *testing.T, ctx context.Context, m *mesh.Mesh, cfg decoder.Config, weights []*mesh.Array, b *Batch, obj Objective, opt Options) (float64, [][]float32) {
	t.Helper()
	l, err := New(m, cfg, weights, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	report := Report{Metrics: map[string]float64{}}
	grads, err := l.gradients(ctx, b, obj, 0.7, &report)
	if err != nil {
		t.Fatal(err)
	}
	defer release(grads)
	out := make([][]float32, len(grads))
	for i, g := range grads {
		if want := m.ShardFor(g.Dims()); g.Layout() != want {
			t.Errorf("gradient %d %v lies along axis %d, want %d", i, g.Dims(), g.Layout().Axis(), want.Axis())
		}
		if out[i], err = g.ToFloat32(); err != nil {
			t.Fatal(err)
		}
	}
	return report.Loss, out
}

// sameGradients compares to a part in 10⁵ of each tensor's norm.
func sameGradients(t *testing.T, what string, got, want [][]float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d gradients, want %d", what, len(got), len(want))
	}
	for i := range want {
		gap, norm := 0.0, 0.0
		for j := range want[i] {
			d := float64(got[i][j] - want[i][j])
			gap, norm = gap+d*d, norm+float64(want[i][j])*float64(want[i][j])
		}
		if !(math.Sqrt(gap) <= 1e-5*(math.Sqrt(norm)+1e-3)) {
			t.Errorf("%s: gradient %d is off by %g, its norm is %g", what, i, math.Sqrt(gap), math.Sqrt(norm))
		}
	}
}

// TestGradientDoesNotDependOnTheCut: blocks of the vocabulary projection, recomputed layers, micro-batches, devices and the
// weights' layout change the work's order, not its result.
func TestGradientDoesNotDependOnTheCut(t *testing.T) {
	one := fixture.Mesh(t, 1)
	for _, name := range []string{"qwen3_tiny", "qwen2_tiny"} {
		f := fixture.Open(t, one, name)
		b := fixtureBatch(t, f)
		wantLoss, want := gradientsOf(t, context.Background(), one, f.Config, f.Weights, b, scoreAndEntropy, Options{})
		cuts := []struct {
			devices int
			opt     Options
		}{{1, Options{LogitTokens: 15}}, {1, Options{LogitTokens: 9, Remat: true, MicroRows: 2}}, {1, Options{Remat: true}},
			{8, Options{LogitTokens: 16}}, {8, Options{LogitTokens: 16, Remat: true, Sharding: FSDP}}}
		if name != "qwen3_tiny" {
			cuts = cuts[:1]
		}
		for _, cut := range cuts {
			o := cut.opt
			t.Run(fmt.Sprintf("%s/%d_devices_micro_%d_block_%d_remat_%v_%s", name, cut.devices, o.MicroRows, o.LogitTokens, o.Remat, o.Sharding), func(t *testing.T) {
				m := fixture.Mesh(t, cut.devices)
				loss, got := gradientsOf(t, context.Background(), m, f.Config, fixture.Open(t, m, name).Weights, b, scoreAndEntropy, cut.opt)
				if math.Abs(loss-wantLoss) > 1e-5*math.Abs(wantLoss) {
					t.Errorf("loss %g, want %g", loss, wantLoss)
				}
				sameGradients(t, "gradients", got, want)
			})
		}
	}
}

// TestLogitsAreNotKept compiles a model with a large vocabulary: in blocks, neither pass may hold all its logits.
func TestLogitsAreNotKept(t *testing.T) {
	const rows, seq, vocab, block = 4, 257, 32_000, 64
	m := fixture.Mesh(t, 1)
	cfg := decoder.Tiny(vocab)
	var weights []*mesh.Array
	for _, p := range cfg.Params() {
		a, err := m.FromFloat32(cfg.Random(p, 1), mesh.Replicated, p.Dims...)
		if err != nil {
			t.Fatal(err)
		}
		weights = append(weights, a)
	}
	b := &Batch{Rows: rows, Seq: seq, Window: seq - 1, IDs: make([]int32, rows*seq), Positions: make([]int32, rows*seq),
		Segments: make([]int32, rows*seq), Fields: map[string][]float32{"weights": make([]float32, rows*(seq-1))}}
	for i := range b.IDs {
		b.IDs[i], b.Positions[i], b.Segments[i] = int32(i*7919%vocab), int32(i%seq), 1
	}
	for i := range b.Fields["weights"] {
		b.Fields["weights"][i] = 1
	}
	const whole = 4 * vocab * rows * (seq - 1) // bytes of all logits
	var want [][]float32
	for _, tokens := range []int{rows * seq, block} {
		temporaries := int64(0)
		ctx := mesh.Watch(context.Background(), func(_ string, s mesh.Stats) { temporaries = s.Temporaries })
		_, got := gradientsOf(t, ctx, m, cfg, weights, b, scoreAndEntropy, Options{LogitTokens: tokens})
		if tokens > block {
			want = got
			if temporaries < whole {
				t.Errorf("all at once: %d bytes of temporaries, fewer than the %d of the logits: the measure is wrong", temporaries, whole)
			}
			continue
		}
		sameGradients(t, "in blocks", got, want)
		if temporaries > whole/2 {
			t.Errorf("in blocks: %d bytes of temporaries, want less than half of the %d that all logits take", temporaries, whole)
		}
	}
}
