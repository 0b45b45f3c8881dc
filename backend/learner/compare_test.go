package learner

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// parts cuts a batch's token weights into three: two runs of each row's columns and what is left.
func parts(b *Batch) []*Batch {
	out := make([]*Batch, 3)
	for i := range out {
		part := *b
		part.Fields = map[string][]float32{"weights": make([]float32, len(b.Fields["weights"]))}
		for j, w := range b.Fields["weights"] {
			if which := min(j%b.Window/5, 2); which == i {
				part.Fields["weights"][j] = w
			}
		}
		out[i] = &part
	}
	return out
}

// TestCompareGradients holds norms and cosines against those of gradients that were read back, and sees that nothing changes.
func TestCompareGradients(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct{ devices, micro int }{{1, 0}, {1, 2}, {8, 0}} {
		t.Run(fmt.Sprint(c.devices, " devices, micro ", c.micro), func(t *testing.T) {
			m := fixture.Mesh(t, c.devices)
			f := fixture.Open(t, m, "qwen3_tiny")
			whole := fixtureBatch(t, f)
			l, err := New(m, f.Config, f.Weights, Options{MicroRows: c.micro, AdamW: AdamW{ClipNorm: 1}})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Release()
			before := stateOf(t, f, l)
			batches := parts(whole)
			passes := 0
			counting := mesh.Watch(ctx, func(program string, _ mesh.Stats) {
				if strings.HasPrefix(program, "gradients") {
					passes++
				}
			})
			got, err := l.CompareGradients(counting, batches, weightedSum, 1)
			if err != nil {
				t.Fatal(err)
			}
			if want := 4 * len(microBatches(whole.Rows, c.micro)); passes != want {
				t.Errorf("%d backward passes, want %d", passes, want)
			}
			grads := make([][]float64, len(batches))
			for i, b := range batches {
				grads[i] = flatGradient(t, l, b)
			}
			for i := range batches {
				if want := math.Sqrt(inner(grads[i], grads[i])); !(math.Abs(got.Norms[i]-want) <= 1e-5*want) {
					t.Errorf("norm %d is %g, want %g", i, got.Norms[i], want)
				}
				for j := range batches {
					want := inner(grads[i], grads[j]) / math.Sqrt(inner(grads[i], grads[i])*inner(grads[j], grads[j]))
					if !(math.Abs(got.Cosines[i][j]-want) <= 1e-5) {
						t.Errorf("cosine %d, %d is %g, want %g", i, j, got.Cosines[i][j], want)
					}
				}
			}
			if !bytes.Equal(stateOf(t, f, l), before) || l.Steps() != 0 {
				t.Error("comparing changed weights or state")
			}
			one, err := l.CompareGradients(ctx, []*Batch{whole}, weightedSum, 1)
			if err != nil {
				t.Fatal(err)
			}
			r, err := l.Update(ctx, whole, weightedSum, 1, 1e-3)
			if err != nil {
				t.Fatal(err)
			}
			if !(math.Abs(one.Norms[0]-r.GradNorm) <= 1e-5*r.GradNorm) || one.Cosines[0][0] != 1 {
				t.Errorf("of the whole: %+v, the update's norm is %g", one, r.GradNorm)
			}
		})
	}
}

// TestCompareGradientsOfNothing: a part without tokens has no direction, an unknown field is an error that names the batch.
func TestCompareGradientsOfNothing(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	l, err := New(m, f.Config, f.Weights, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	some, none := parts(fixtureBatch(t, f))[0], parts(fixtureBatch(t, f))[0]
	clear(none.Fields["weights"])
	got, err := l.CompareGradients(context.Background(), []*Batch{some, none}, weightedSum, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got.Norms[0] <= 0 || got.Norms[1] != 0 || got.Cosines[0][1] != 0 || got.Cosines[1][0] != 0 {
		t.Errorf("%+v", got)
	}
	delete(none.Fields, "weights")
	if _, err := l.CompareGradients(context.Background(), []*Batch{some, none}, weightedSum, 1); err == nil || !strings.Contains(err.Error(), "batch 1") {
		t.Errorf("without its field: %v", err)
	}
}

func flatGradient(t *testing.T, l *Learner, b *Batch) (flat []float64) {
	t.Helper()
	grads, err := l.gradients(context.Background(), b, weightedSum, 1, &Report{Metrics: map[string]float64{}})
	if err != nil {
		t.Fatal(err)
	}
	defer release(grads)
	for _, values := range valuesOf(t, grads) {
		for _, x := range values {
			flat = append(flat, float64(x))
		}
	}
	return flat
}

func inner(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
