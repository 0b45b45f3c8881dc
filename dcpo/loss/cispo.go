package loss

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// cispo cuts the importance weight and keeps every token's gradient (arXiv 2506.13585):
//
//	L = −sg[clip(ρ, 1−low, 1+high)]·A·logp
func cispo(o Options, in learner.Inputs) (loss, clipped, clippedLower *Node) {
	rho := ratio(in)
	bounded := StopGradient(ClipScalar(rho, 1-o.ClipLow, 1+o.ClipHigh))
	return Neg(Mul(Mul(bounded, in.Fields[Advantages]), in.LogProbs)), one(NotEqual(rho, bounded)), nil
}
