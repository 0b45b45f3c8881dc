package loss

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// maxLogSequenceRatio bounds a sequence's log-ratio from above, as the reference does.
const maxLogSequenceRatio = 10

// gspo is Group Sequence Policy Optimization (arXiv 2507.18071): all tokens of a response have its one ratio, the geometric mean of
// theirs, and each passes on its own gradient:
//
//	s = exp(mean_t (logp_t − old_t))      s_t = sg[s]·exp(logp_t − sg[logp_t])
//	L_t = max(−A·s_t, −A·clip(s_t, 1−low, 1+high))
func gspo(o Options, in learner.Inputs) (loss, clipped, clippedLower *Node) {
	mean := sequenceMean(in, Sub(in.LogProbs, in.Fields[OldLogProbs]))
	log := Add(StopGradient(mean), Sub(in.LogProbs, StopGradient(in.LogProbs)))
	limit := Scalar(log.Graph(), log.DType(), maxLogSequenceRatio)
	loss, clipped = o.pessimistic(in.Fields[Advantages], Exp(Min(log, limit)))
	return loss, clipped, nil
}

// sequenceMean is the mean over the tokens of each response, at each of its columns. x: [rows, window] → [rows, window]
func sequenceMean(in learner.Inputs, x *Node) *Node {
	mean := ReduceAndKeep(Mul(x, in.Fields[SequenceShare]), ReduceSum, -1)
	return BroadcastToShape(mean, x.Shape())
}
