package dcpo

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
)

// TestConflictAddsUp holds the sums over kinds of tokens against vectors that are added up one by one.
func TestConflictAddsUp(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	dot := func(a, b []float64) (sum float64) {
		for i := range a {
			sum += a[i] * b[i]
		}
		return sum
	}
	norm := func(a []float64) float64 { return math.Sqrt(dot(a, a)) }
	plus := func(a, b []float64) []float64 {
		out := make([]float64, len(a))
		for i := range a {
			out[i] = a[i] + b[i]
		}
		return out
	}
	for range 50 {
		var parts [conflictBatches][]float64
		for i := range parts {
			scale := math.Exp(r.NormFloat64())
			for range 6 {
				parts[i] = append(parts[i], scale*r.NormFloat64())
			}
		}
		g := learner.Comparison{}
		for _, a := range parts {
			g.Norms = append(g.Norms, norm(a))
			row := []float64{}
			for _, b := range parts {
				row = append(row, dot(a, b)/norm(a)/norm(b))
			}
			g.Cosines = append(g.Cosines, row)
		}
		got := conflictOf(g)
		accuracy, calibration := plus(parts[0], parts[1]), plus(parts[2], parts[3])
		for name, c := range map[string][2]float64{
			"shared":           {got.Shared, dot(accuracy, calibration) / norm(accuracy) / norm(calibration)},
			"accuracy norm":    {got.AccuracyNorms.All, norm(accuracy)},
			"calibration norm": {got.CalibrationNorms.All, norm(calibration)},
			"separated":        {got.Separated, dot(parts[0], parts[3]) / norm(parts[0]) / norm(parts[3])},
		} {
			if math.Abs(c[0]-c[1]) > 1e-12 {
				t.Errorf("%s is %v, want %v", name, c[0], c[1])
			}
		}
	}
	zero := learner.Comparison{Norms: make([]float64, 4), Cosines: [][]float64{{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}}
	if got := conflictOf(zero); got != (Conflict{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

// TestMeasureConflict holds the measured gradients against the norms of the updates that the same rollouts then make: DCPO's is the accuracy gradient on the
// reasoning plus the calibration gradient on the confidence, GRPO's the accuracy gradient on all tokens. Measuring changes nothing.
func TestMeasureConflict(t *testing.T) {
	if testing.Short() {
		t.Skip("programs compile slowly")
	}
	ctx := context.Background()
	base, err := backend.NewTiny(ctx, ArithmeticTokenizer(), backend.Options{Device: "cpu", Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer base.Release()
	if _, err := Warmup(ctx, base, WarmupOptions{Lessons: 900, Habits: 300, Seed: 2}); err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{"dcpo", "grpo"} {
		var plain, measured []float64
		for _, measure := range []bool{false, true} {
			cfg := DefaultConfig()
			cfg.Train.Method, cfg.Train.Steps, cfg.Train.Prompts, cfg.Train.MiniBatch, cfg.Train.GroupSize, cfg.Loss.KLCoef = method, 2, 16, 16, 8, 0
			model, err := base.Clone()
			if err != nil {
				t.Fatal(err)
			}
			defer model.Release()
			trainer, err := NewTrainer(cfg, model, Arithmetic(arithmetic.Options{}))
			if err != nil {
				t.Fatal(err)
			}
			defer trainer.Release()
			for range cfg.Train.Steps {
				var c Conflict
				if measure {
					if c, err = trainer.MeasureConflict(ctx, 0); err != nil {
						t.Fatal(err)
					}
				}
				if measure && trainer.Steps() == 0 { // on other problems too, which changes nothing either
					if more, err := trainer.MeasureConflict(ctx, 20); err != nil || more.Rollouts != 160 {
						t.Fatalf("%d rollouts of 20 problems, %v", more.Rollouts, err)
					}
				}
				report, err := trainer.Step(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if !measure {
					plain = append(plain, report.GradNorm, report.Summary.Accuracy, report.Summary.ECE)
					continue
				}
				measured = append(measured, report.GradNorm, report.Summary.Accuracy, report.Summary.ECE)
				want := c.AccuracyNorms.All
				if a, b := c.AccuracyNorms.Reasoning, c.CalibrationNorms.Confidence; method == "dcpo" {
					want = math.Sqrt(a*a + b*b + 2*a*b*c.Separated)
				}
				if math.Abs(report.GradNorm-want) > 1e-4*want || want == 0 {
					t.Errorf("%s, step %d: the update's gradient has norm %v, the measured parts %v", method, report.Step, report.GradNorm, want)
				}
				if c.Rollouts != 128 || c.Spans == 0 || c.Spans > 128 {
					t.Errorf("%s: %d rollouts, %d with a confidence", method, c.Rollouts, c.Spans)
				}
				if !(math.Abs(c.Correlation) < 1) {
					t.Errorf("%s: the advantages' correlation is %v", method, c.Correlation)
				}
				for name, cosine := range map[string]float64{"shared": c.Shared, "separated": c.Separated, "reasoning": c.Reasoning, "confidence": c.Confidence} {
					if !(math.Abs(cosine) < 1) || cosine == 0 {
						t.Errorf("%s: the cosine of %s tokens is %v", method, name, cosine)
					}
				}
			}
		}
		if !reflect.DeepEqual(plain, measured) {
			t.Errorf("%s: measured on the way, training gives %v, else %v", method, measured, plain)
		}
	}
}
