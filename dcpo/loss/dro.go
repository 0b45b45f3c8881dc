package loss

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// dro is Direct Reward Optimization (arXiv 2405.19107): a policy gradient without a ratio, held near the rollouts' policy by a quadratic:
//
//	L = −A·logp + ½β·(logp − old)²
func dro(o Options, in learner.Inputs) (loss, clipped, clippedLower *Node) {
	moved := Sub(in.LogProbs, in.Fields[OldLogProbs])
	return Sub(MulScalar(Square(moved), o.Beta/2), Mul(in.Fields[Advantages], in.LogProbs)), nil, nil
}
