package loss

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// gpg is the plain policy gradient (arXiv 2504.02546), for one update on each rollout:
//
//	L = −A·logp
func gpg(_ Options, in learner.Inputs) (loss, clipped, clippedLower *Node) {
	return Neg(Mul(in.Fields[Advantages], in.LogProbs)), nil, nil
}
