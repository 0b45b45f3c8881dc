package dcpo_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/dcpo"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// tiny opens a small model on virtual CPU devices.
func tiny(t testing.TB, devices int) *backend.Model {
	t.Helper()
	if testing.Short() {
		t.Skip("programs compile slowly")
	}
	m, err := backend.NewTiny(context.Background(), dcpo.ArithmeticTokenizer(), backend.Options{Device: "cpu", Devices: devices, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Release)
	return m
}

const steps = 20

// supervisedLosses trains on the warm-up corpus.
func supervisedLosses(t *testing.T, devices int) []float64 {
	var losses []float64
	_, err := dcpo.Warmup(context.Background(), tiny(t, devices), dcpo.WarmupOptions{Lessons: steps / 2, Habits: steps / 2, Rows: 32, Seed: 3,
		OnStep: func(_, _ int, loss float64) { losses = append(losses, loss) }})
	if err != nil {
		t.Fatal(err)
	}
	return losses
}

// policyLosses makes clipped policy updates on made-up rollouts: 29 rows, which eight devices must pad, in micro-batches.
func policyLosses(t *testing.T, devices int) []float64 {
	m := tiny(t, devices)
	l, err := m.Learner(learner.Options{MicroRows: 16, AdamW: learner.AdamW{ClipNorm: 1}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	r := rand.New(rand.NewPCG(7, 7))
	const rows, prompt, window = 29, 8, 12
	b := &learner.Batch{Rows: rows, Seq: prompt + window, Window: window, Fields: map[string][]float32{}}
	for range rows {
		for i := range prompt + window {
			b.IDs, b.Positions, b.Segments = append(b.IDs, int32(3+r.IntN(15))), append(b.Positions, int32(i)), append(b.Segments, 1)
		}
		for range window {
			b.Fields[loss.Advantages] = append(b.Fields[loss.Advantages], float32(r.NormFloat64()))
			b.Fields[loss.TokenWeight] = append(b.Fields[loss.TokenWeight], 1.0/(rows*window))
		}
	}
	scores, err := m.Score(context.Background(), b, 1, 16)
	if err != nil {
		t.Fatal(err)
	}
	b.Fields[loss.OldLogProbs], b.Fields[loss.RefLogProbs] = scores.LogProbs, scores.LogProbs
	var losses []float64
	for range steps {
		report, err := l.Update(context.Background(), b, loss.Policy(loss.Options{KLCoef: 0.05}), 1, 1e-3)
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, report.Loss)
	}
	return losses
}

func TestEightDevicesGiveTheLossesOfOne(t *testing.T) {
	for name, run := range map[string]func(*testing.T, int) []float64{"supervised": supervisedLosses, "policy": policyLosses} {
		one, eight := run(t, 1), run(t, 8)
		if len(one) != steps || len(eight) != steps {
			t.Fatalf("%s: %d and %d losses, want %d", name, len(one), len(eight), steps)
		}
		if one[0] == one[steps-1] {
			t.Errorf("%s: nothing was learned: the loss stays at %g", name, one[0])
		}
		for i := range one {
			// The policy loss passes through 0, so its size over the run is what a difference is measured by.
			scale := math.Max(math.Abs(one[i]), math.Abs(one[steps-1]))
			if math.Abs(one[i]-eight[i]) > 1e-5*scale {
				t.Errorf("%s, step %d: loss %.9g on one device, %.9g on eight", name, i+1, one[i], eight[i])
			}
		}
	}
}

// weightsOf reads all weights but a value head's.
func weightsOf(t *testing.T, m *backend.Model) (all []float32) {
	t.Helper()
	for i, w := range m.Weights() {
		if i >= len(m.Config.Policy().Params()) {
			break
		}
		v, err := w.ToFloat32()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v...)
	}
	return all
}
