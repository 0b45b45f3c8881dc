package loss

import (
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// Bounds of a sequence's confidence before logarithms are taken. The reference has 1 − 1e-8 as the upper one, which is 1 in float32,
// whose loss is infinite.
const minConfidence, maxConfidence = 1e-8, 1 - 1e-7

// ccgspg is CCGSPG (arXiv 2509.23129): the confidence of a response is the geometric mean of its tokens' probabilities, and a
// cross-entropy draws it to correctness:
//
//	C = exp(mean_t logp_t)
//	L = −(A·log C + β·(R·log C + (1−R)·log(1−C)))
//
// with A the estimator's (R − mean R)/(1 − C_old). It is the response's loss at each of its tokens: average them by
// seq-mean-token-mean.
func ccgspg(o Options, in learner.Inputs) (loss, clipped, clippedLower *Node) {
	confidence := ClipScalar(Exp(sequenceMean(in, in.LogProbs)), minConfidence, maxConfidence)
	log, logNot := Log(confidence), Log1P(Neg(confidence))
	right := in.Fields[Correct]
	entropy := Add(Mul(right, log), Mul(OneMinus(right), logNot))
	return Neg(Add(Mul(in.Fields[Advantages], log), MulScalar(entropy, o.Beta))), nil, nil
}
