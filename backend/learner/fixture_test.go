package learner_test

import (
	"context"
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/learner"
)

var models = []string{"qwen3_tiny", "qwen2_tiny"}

// weighted is −Σ w·logp, the fixtures' loss with its denominator folded into the weights.
var weighted = learner.Objective{
	Name: "weighted", Fields: []string{"weights"}, Metrics: []string{"logprob_sum"},
	Build: func(in learner.Inputs) (*graph.Node, []*graph.Node) {
		sum := graph.ReduceAllSum(graph.Mul(in.Fields["weights"], in.LogProbs))
		return graph.Neg(sum), []*graph.Node{graph.StopGradient(sum)}
	},
}

func oracleBatch(t *testing.T, f *fixture.Model, side string) *learner.Batch {
	return &learner.Batch{Rows: 3, Seq: 40, Window: 39, IDs: f.Int32(t, "input_ids_"+side), Positions: f.Int32(t, "position_ids_"+side),
		Segments: f.Int32(t, "attention_mask_"+side), Fields: map[string][]float32{}}
}

func TestScoreEqualsTransformers(t *testing.T) {
	for _, name := range models {
		for _, side := range []string{"left", "right"} {
			for _, devices := range []int{1, 8} {
				m := fixture.Mesh(t, devices)
				f := fixture.Open(t, m, name)
				got, err := learner.NewScorer(m, f.Config).Score(context.Background(), f.Weights, oracleBatch(t, f, side), 1, 2)
				if err != nil {
					t.Fatal(err)
				}
				mask, want := f.Int32(t, "logprob_mask_"+side), f.Float32(t, "logprobs_"+side)
				for i := range want {
					if mask[i] == 1 && math.Abs(float64(got.LogProbs[i]-want[i])) > 5e-5 {
						t.Fatalf("%s %s, %d devices: log-prob %d is %g, want %g", name, side, devices, i, got.LogProbs[i], want[i])
					}
				}
				if side != "right" {
					continue
				}
				entropy := f.Float32(t, "entropy_right") // [3, 40], of the distribution after each token
				for i := range want {
					if want := entropy[i/39*40+i%39]; mask[i] == 1 && math.Abs(float64(got.Entropy[i]-want)) > 1e-4 {
						t.Fatalf("%s: entropy %d is %g, want %g", name, i, got.Entropy[i], want)
					}
				}
			}
		}
	}
}

// TestAdamWEqualsTorch checks loss, gradient norm and parameters of three clipped steps against PyTorch, with any number of
// devices and any cut into micro-batches.
func TestAdamWEqualsTorch(t *testing.T) {
	cuts := []struct{ devices, micro int }{{1, 0}, {1, 1}, {1, 2}, {8, 0}, {8, 2}}
	for _, name := range models {
		for _, cut := range cuts {
			m := fixture.Mesh(t, cut.devices)
			f := fixture.Open(t, m, name)
			scale := f.JSON["loss_scale"].(float64)
			b := oracleBatch(t, f, "right")
			mask := f.Int32(t, "logprob_mask_right")
			tokens := 0.0
			for _, x := range mask {
				tokens += float64(x)
			}
			w := f.Float32(t, "loss_weights_right")
			weights := make([]float32, len(w))
			for i := range w {
				weights[i] = float32(scale*float64(w[i])/tokens) * float32(mask[i])
			}
			b.Fields["weights"] = weights
			l, err := learner.New(m, f.Config, f.Weights, learner.Options{MicroRows: cut.micro,
				AdamW: learner.AdamW{WeightDecay: 0.01, ClipNorm: 1}})
			if err != nil {
				t.Fatal(err)
			}
			steps := f.JSON["adamw"].(map[string]any)["steps"].([]any)
			for s, raw := range steps {
				want := raw.(map[string]any)
				r, err := l.Update(context.Background(), b, weighted, 1, 1e-3)
				if err != nil {
					t.Fatal(err)
				}
				if got, want := r.Loss/scale, want["loss_before"].(float64); math.Abs(got-want) > 1e-5*(1+math.Abs(want)) {
					t.Errorf("%s %+v step %d: loss %g, want %g", name, cut, s, got, want)
				}
				if got, want := r.GradNorm, want["grad_norm_before_clip"].(float64); math.Abs(got-want) > 1e-4*want {
					t.Errorf("%s %+v step %d: gradient norm %g, want %g", name, cut, s, got, want)
				}
				if s == 0 {
					compareStep1(t, f, name)
				}
			}
			l.Release()
		}
	}
}

// compareStep1 applies the fixtures' tolerances: the first Adam step is a sign, so tiny gradients may go either way.
func compareStep1(t *testing.T, f *fixture.Model, name string) {
	t.Helper()
	norm := f.JSON["total_grad_norm"].(float64)
	for i, p := range f.Config.Params() {
		got, err := f.Weights[i].ToFloat32()
		if err != nil {
			t.Fatal(err)
		}
		want, grad := f.Float32(t, "adamw1/"+p.Name), f.Float32(t, "grad/"+p.Name)
		for j := range want {
			tolerance := 2e-6
			if math.Abs(float64(grad[j]))/norm <= 1e-5 {
				tolerance = 2e-3
			}
			if math.Abs(float64(got[j]-want[j])) > tolerance {
				t.Fatalf("%s: %s[%d] is %g after a step, want %g", name, p.Name, j, got[j], want[j])
			}
		}
	}
}
