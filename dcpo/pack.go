package dcpo

import "github.com/dcpo-go/godcpo/backend/learner"

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

// packTokens lays rollouts out for the learner.
func packTokens(rollouts []Rollout, window int) *learner.Batch {
	seqs := make([]sequence, len(rollouts))
	for i, r := range rollouts {
		seqs[i] = sequence{r.Response.Prompt, r.Response.Tokens}
	}
	return packSequences(seqs, window)
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
