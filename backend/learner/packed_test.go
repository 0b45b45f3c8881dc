package learner

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
)

// lengths of the sequences under test, and the rows of 40 columns they are packed into.
var (
	lengths = []int{5, 17, 11, 23, 9, 2}
	packing = [][]int{{1, 0, 2}, {3, 4, 5}} // 33 and 34 columns used
)

// sequencesOf draws random sequences with a weight for each token; the first token's is never to be used.
func sequencesOf(vocab int) (ids [][]int32, weights [][]float32) {
	r := rand.New(rand.NewPCG(4, 2))
	for _, n := range lengths {
		row, w := make([]int32, n), make([]float32, n)
		for i := range row {
			row[i], w[i] = int32(r.IntN(vocab)), float32(r.NormFloat64())
		}
		ids, weights = append(ids, row), append(weights, w)
	}
	return ids, weights
}

// layOut puts sequences into rows of 40 columns, the first one column in, so that its first token is in the window too.
func layOut(rows [][]int, ids [][]int32, weights [][]float32) *Batch {
	const seq = 40
	b := &Batch{Rows: len(rows), Seq: seq, Window: seq - 1, IDs: make([]int32, len(rows)*seq), Positions: make([]int32, len(rows)*seq),
		Segments: make([]int32, len(rows)*seq), Fields: map[string][]float32{"weights": make([]float32, len(rows)*(seq-1))}}
	for r, sequences := range rows {
		at := 1
		for segment, s := range sequences {
			for i, id := range ids[s] {
				b.IDs[r*seq+at], b.Positions[r*seq+at], b.Segments[r*seq+at] = id, int32(i), int32(segment+1)
				b.Fields["weights"][r*(seq-1)+at-1] = weights[s][i]
				at++
			}
		}
	}
	return b
}

// TestPackedEqualsUnpacked: several sequences a row give the log-probs, entropies, loss and gradients of a row each. The first
// token of each sequence has neither log-prob nor gradient, though the batch gives it a weight and another token before it.
func TestPackedEqualsUnpacked(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	ids, weights := sequencesOf(f.Config.VocabSize)
	packed := layOut(packing, ids, weights)
	var alone [][]int
	for s := range ids {
		alone = append(alone, []int{s})
	}
	unpacked := layOut(alone, ids, weights)

	scorer := NewScorer(m, f.Config)
	got, err := scorer.Score(context.Background(), f.Weights, packed, 0.7, 0)
	if err != nil {
		t.Fatal(err)
	}
	want, err := scorer.Score(context.Background(), f.Weights, unpacked, 0.7, 0)
	if err != nil {
		t.Fatal(err)
	}
	for r, sequences := range packing {
		at := r * packed.Window
		for _, s := range sequences {
			for i := range ids[s] {
				g, w := at, s*packed.Window+i
				if i == 0 && (got.LogProbs[g] != 0 || got.Entropy[g] != 0 || want.LogProbs[w] != 0) {
					t.Errorf("first token of sequence %d: log-prob %g, entropy %g, alone %g, want 0", s, got.LogProbs[g], got.Entropy[g], want.LogProbs[w])
				}
				if i > 0 && got.LogProbs[g] == 0 {
					t.Errorf("token %d of sequence %d has no log-prob", i, s)
				}
				if math.Abs(float64(got.LogProbs[g]-want.LogProbs[w])) > 2e-5 || math.Abs(float64(got.Entropy[g]-want.Entropy[w])) > 2e-5 {
					t.Errorf("token %d of sequence %d: log-prob %g and entropy %g, alone %g and %g", i, s, got.LogProbs[g], got.Entropy[g], want.LogProbs[w], want.Entropy[w])
				}
				at++
			}
		}
		for ; at < (r+1)*packed.Window; at++ {
			if got.LogProbs[at] != 0 || got.Entropy[at] != 0 {
				t.Errorf("padding has log-prob %g and entropy %g, want 0", got.LogProbs[at], got.Entropy[at])
			}
		}
	}

	wantLoss, wantGrads := gradientsOf(t, context.Background(), m, f.Config, f.Weights, unpacked, scoreAndEntropy, Options{})
	opt := Options{MicroRows: 1, Remat: true, LogitTokens: 9}
	loss, grads := gradientsOf(t, context.Background(), m, f.Config, f.Weights, packed, scoreAndEntropy, opt)
	if math.Abs(loss-wantLoss) > 1e-5*math.Abs(wantLoss) {
		t.Errorf("loss %g, alone %g", loss, wantLoss)
	}
	sameGradients(t, "packed", grads, wantGrads)
}
