package loss

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// minRest keeps the probability of all other tokens above 0 in a logarithm.
const minRest = 1e-8

// dppoTV is Divergence PPO by total variation (arXiv 2602.04879): a token is left out once its probability has moved too far in the
// direction its advantage pushes to, by a difference and not by a ratio, which says little of rare tokens:
//
//	L = −A·sg[min(ρ, dual)]·logp where p − p_old ≤ high (A > 0) or ≥ −low (else), and 0 elsewhere
func dppoTV(o Options, in learner.Inputs) (loss, clipped, clippedLower *Node) {
	moved := Sub(Exp(in.LogProbs), Exp(in.Fields[OldLogProbs]))
	return dppo(o, in, atMost(moved, o.ClipHigh), atMost(Neg(moved), o.ClipLow))
}

// dppoKL is the same by the divergence of two outcomes, this token or any other:
//
//	KL = p_old·(old − logp) + (1 − p_old)·log((1 − p_old)/(1 − p))
//
// with low and high as its bounds. A token that moved against its advantage stays.
func dppoKL(o Options, in learner.Inputs) (loss, clipped, clippedLower *Node) {
	old := in.Fields[OldLogProbs]
	p, pOld := Exp(in.LogProbs), Exp(old)
	rest := func(p *Node) *Node { return AddScalar(OneMinus(p), minRest) }
	kl := Add(Mul(pOld, Sub(old, in.LogProbs)), Mul(OneMinus(pOld), Log(Div(rest(pOld), rest(p)))))
	return dppo(o, in, LogicalOr(atMost(kl, o.ClipHigh), LessOrEqual(p, pOld)), LogicalOr(atMost(kl, o.ClipLow), GreaterOrEqual(p, pOld)))
}

// dppo is the loss of tokens that a trust region keeps, given where it does for a positive advantage and for any other.
func dppo(o Options, in learner.Inputs, rising, falling *Node) (loss, clipped, clippedLower *Node) {
	advantages, rho := in.Fields[Advantages], ratio(in)
	positive := GreaterThan(advantages, ZerosLike(advantages))
	kept := StopGradient(one(Or(And(positive, rising), And(Not(positive), falling))))
	bounded := StopGradient(MinScalar(rho, o.DualClip))
	loss = Neg(Mul(Mul(advantages, bounded), Mul(in.LogProbs, kept)))
	return loss, OneMinus(kept), Mul(kept, one(NotEqual(rho, bounded)))
}

// atMost tells where x ≤ bound.
func atMost(x *Node, bound float64) *Node {
	return LessOrEqual(x, Scalar(x.Graph(), x.DType(), bound))
}
