package dcpo

import (
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// sequence is a prompt and its response.
type sequence struct{ prompt, response []int32 }

// packSequences lays sequences out for the learner: prompts padded on the left, responses on the right, so that every
// response starts at the same column and the window is the response. window is the longest response there may be.
// Padding has segment 0.
func packSequences(seqs []sequence, window int) *learner.Batch {
	longest := 1
	for _, s := range seqs {
		longest = max(longest, len(s.prompt))
	}
	width := bucket(longest)
	b := &learner.Batch{Rows: len(seqs), Seq: width + window, Window: window, Fields: map[string][]float32{}}
	n := b.Rows * b.Seq
	b.IDs, b.Positions, b.Segments = make([]int32, n), make([]int32, n), make([]int32, n)
	for i, s := range seqs {
		at := i*b.Seq + width - len(s.prompt)
		for t, id := range append(s.prompt[:len(s.prompt):len(s.prompt)], s.response...) {
			b.IDs[at+t], b.Positions[at+t], b.Segments[at+t] = id, int32(t), 1
		}
	}
	return b
}

// bucket rounds a length up to 8, 12, 16, 24, 32, 48, 64, … so that few shapes are compiled and at most a third is padding.
func bucket(n int) int {
	for size := 8; ; size *= 2 {
		if n <= size {
			return size
		}
		if n <= size+size/2 {
			return size + size/2
		}
	}
}

// packRollouts adds the fields the policy loss reads: advantages, and each token's share of its mini-batch (miniRows rows
// each).
func packRollouts(rollouts []Rollout, window, miniRows int, a loss.Aggregation) (*learner.Batch, error) {
	seqs, lengths := make([]sequence, len(rollouts)), make([]int, len(rollouts))
	credited := make([]advantage.Advantage, len(rollouts))
	for i, r := range rollouts {
		seqs[i], lengths[i], credited[i] = sequence{r.Response.Prompt, r.Response.Tokens}, len(r.Response.Tokens), r.Advantage
	}
	// Responses start at the window's first column.
	advantages, err := advantage.Pack(credited, make([]int, len(rollouts)), window)
	if err != nil {
		return nil, err
	}
	b := packSequences(seqs, window)
	weights := make([]float32, b.Rows*window)
	for from := 0; from < b.Rows; from += miniRows {
		to := min(from+miniRows, b.Rows)
		shares, err := loss.Weights(a, lengths[from:to])
		if err != nil {
			return nil, err
		}
		for i := from; i < to; i++ {
			for t := range lengths[i] {
				weights[i*window+t] = float32(shares[i-from])
			}
		}
	}
	b.Fields[loss.Advantages], b.Fields[loss.TokenWeight] = advantages, weights
	return b, nil
}
