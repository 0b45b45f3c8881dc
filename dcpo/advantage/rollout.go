package advantage

import "github.com/dcpo-go/godcpo/dcpo/verbal"

// Rollout is what an estimator may know of one sampled response. An estimator
// uses the fields its formula names and ignores the rest; Requires says which of
// the costly ones it uses.
type Rollout struct {
	// Group identifies the rollouts that are compared with one another.
	Group string
	// Correct is the grader's verdict. It is no reward: it tells outcomes apart.
	Correct bool
	// Answer is the reward of the answer: the one reward that estimators of a
	// single stream credit. It falls due at the last token.
	Answer float64
	// Calibration is the reward of the stated confidence, usually at most 0.
	Calibration float64
	// Confidence is the stated confidence; meaningless unless HasConfidence.
	Confidence float64
	// HasConfidence is false where the response states no readable confidence.
	HasConfidence bool
	// Length is the number of sampled response tokens, the end token included.
	Length int
	// Span holds the tokens of the stated confidence, [Start, End) within
	// [0, Length); ignored unless HasConfidence.
	Span verbal.Span
	// Parts are the rewards by name, for gdpo. All rollouts of a batch have the
	// same names with the same weights in the same order.
	Parts []Part
	// TokenRewards are further rewards token by token, [Length], such as the KL
	// penalty; nil is none. Estimators of whole responses add their sum to the
	// response's reward; those with two streams add each token's to the stream
	// that trains the token.
	TokenRewards []float64
	// Values are the value head's predictions, [Length], in units of reward: entry
	// t is what it expects from token t on, before that token is sampled.
	Values []float64
	// Baseline is the reward of the greedy answer to the same prompt.
	Baseline float64
	// MeanLogProb is the mean log-prob of the response's tokens under the weights
	// that sampled them, in nats; at most 0.
	MeanLogProb float64
}

// Part is one reward of a rollout by its name.
type Part struct {
	Name          string
	Value, Weight float64
}

// Advantage is what one rollout is credited with.
type Advantage struct {
	// Answer is the advantage of the tokens before the confidence span, and
	// Confidence that of the tokens inside it. Estimators that do not tell the
	// two apart set both to the same value; those whose advantage differs from
	// token to token set each to its tokens' mean, 0 where there is no token.
	Answer, Confidence float64
	// Tokens is the advantage of each response token, [Rollout.Length].
	Tokens []float64
	// Returns is what the value head should have predicted at each token,
	// [Rollout.Length]; nil from estimators without a value head.
	Returns []float64
}

// Estimator computes the advantages of one batch. Result i belongs to
// rollouts[i], and the order of the rollouts changes nothing else. It fails on
// numbers that are not finite, on spans outside the response, and where a field
// that the method requires is absent.
type Estimator interface {
	Estimate(rollouts []Rollout) ([]Advantage, error)
}
