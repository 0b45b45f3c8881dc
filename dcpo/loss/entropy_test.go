package loss_test

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// TestEntropyBonusEqualsReference follows the bonus down to the logits: entropies and log-probs of tokens as the decoder computes them, at
// once and in blocks, and the gradient of the whole objective with no other term. The fixture's logits stand for hidden states, before a
// head that is the identity.
func TestEntropyBonusEqualsReference(t *testing.T) {
	const batch, columns, vocab = 8, 12, 64
	o := openOracle(t)
	var want float64
	o.scalar(t, "entropy_loss", &want)
	m, err := device()
	if err != nil {
		t.Fatal(err)
	}
	place := func(v []float32, dims ...int) *mesh.Array {
		a, err := m.FromFloat32(v, mesh.Replicated, dims...)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	ids, weights := o.integers(t, "entropy_labels"), make([]float32, batch*columns)
	labels, err := m.FromInt32(ids, mesh.Replicated, batch, columns)
	if err != nil {
		t.Fatal(err)
	}
	mask, tokens := o.integers(t, "entropy_mask"), float32(0)
	for _, x := range mask {
		tokens += float32(x)
	}
	for i, x := range mask {
		weights[i] = float32(x) / tokens
	}
	identity := make([]float32, vocab*vocab)
	for i := range vocab {
		identity[i*vocab+i] = 1
	}
	args := []*mesh.Array{place(identity, vocab, vocab), place(make([]float32, vocab), vocab), place(floats(t, o.inputs, "entropy_logits"), batch, columns, vocab),
		labels, place(weights, batch, columns), place(make([]float32, batch*columns), batch, columns)}
	c := decoder.Config{VocabSize: vocab, HiddenSize: vocab, TieEmbeddings: true}
	objective := loss.Policy(loss.Options{EntropyCoef: 1})
	for _, block := range []int{0, 5} {
		prog, err := m.Program(fmt.Sprint("entropy_", block), func(in []*graph.Node) []*graph.Node {
			hidden, ids, weight, zero := in[2], in[3], in[4], in[5]
			logProbs, entropy := c.LogProbs(c.Bind(in), hidden, ids, decoder.Scoring{Temperature: graph.Const(ids.Graph(), float32(1)), Entropy: true, Columns: block})
			value, metrics := objective.Build(learner.Inputs{LogProbs: logProbs, Entropy: entropy,
				Fields: map[string]*graph.Node{loss.Advantages: zero, loss.OldLogProbs: zero, loss.TokenWeight: weight}})
			return []*graph.Node{value, metrics[len(metrics)-1], logProbs, entropy, graph.Gradient(value, hidden)[0]}
		}, []mesh.Port{{Rank: 2}, {Rank: 1}, {Rank: 3}, {Rank: 2}, {Rank: 2}, {Rank: 2}}, make([]mesh.Port, 5))
		if err != nil {
			t.Fatal(err)
		}
		out, err := prog.Run(context.Background(), args...)
		if err != nil {
			t.Fatal(err)
		}
		var got [5][]float32
		for i := range got {
			if got[i], err = out[i].ToFloat32(); err != nil {
				t.Fatal(err)
			}
		}
		if math.Abs(float64(got[0][0])+want) > 1e-6 || math.Abs(float64(got[1][0])-want) > 1e-6 {
			t.Errorf("blocks of %d: loss %g, entropy %g, want −%g and that", block, got[0][0], got[1][0], want)
		}
		compare(t, "log-probs", got[2], floats(t, o.tensors, "logprobs_from_logits"), 1e-5)
		compare(t, "entropies", got[3], floats(t, o.tensors, "entropy_per_token"), 1e-5)
		bonus := floats(t, o.tensors, "entropy_loss_grad_logits")
		for i := range bonus {
			bonus[i] = -bonus[i]
		}
		compare(t, "logits", got[4], bonus, 1e-6)
	}
}

// integers reads an input of whole numbers.
func (o *oracle) integers(t *testing.T, name string) []int32 {
	t.Helper()
	b, err := o.inputs.Bytes(name)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := safetensors.Int64s(b, safetensors.I64)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int32, len(wide))
	for i, x := range wide {
		out[i] = int32(x)
	}
	return out
}
