package loss

import (
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// Names of the per-token fields, [rows, window] each, that the policy loss reads from a learner.Batch.
const (
	Advantages  = "advantages"
	OldLogProbs = "old_log_probs" // under the weights the rollouts are scored with before the update
	RefLogProbs = "ref_log_probs" // under the reference policy; read only with a KL term
	TokenWeight = "token_weight"  // share of the token in the aggregate, 0 outside the response
)

// Names of the metrics of the policy loss: means over response tokens, weighted as the loss.
const (
	MetricClipped      = "clip_fraction"       // the ratio is cut by the clip
	MetricClippedLower = "clip_fraction_lower" // the dual clip bounds a negative advantage's loss
	MetricPolicyKL     = "policy_kl"           // old − new log-prob: how far the update has moved
	MetricRefKL        = "ref_kl"              // k3 estimate of KL(policy ‖ reference); with a KL term only
	MetricEntropy      = "entropy"             // with an entropy bonus only
)

// Options of the policy loss. The zero value of each field takes its documented default, those of the reference run.
type Options struct {
	// ClipLow and ClipHigh bound the ratio to [1−ClipLow, 1+ClipHigh]. Defaults 0.2 and 0.28.
	ClipLow, ClipHigh float64
	// DualClip bounds the loss of a token with a negative advantage to DualClip·|A| (arXiv 1912.09729). Default 3; above 1.
	DualClip float64
	// KLCoef weighs the k3 estimate of the KL divergence from the reference policy. Default 0: no reference is needed.
	KLCoef float64
	// EntropyCoef weighs an entropy bonus. Default 0.
	EntropyCoef float64
}

// WithDefaults fills in the defaults.
func (o Options) WithDefaults() Options {
	if o.ClipLow == 0 {
		o.ClipLow = 0.2
	}
	if o.ClipHigh == 0 {
		o.ClipHigh = 0.28
	}
	if o.DualClip == 0 {
		o.DualClip = 3
	}
	return o
}

// Validate reports all faults at once.
func (o Options) Validate() error {
	o = o.WithDefaults()
	var faults []error
	if o.ClipLow < 0 || o.ClipLow >= 1 || o.ClipHigh < 0 {
		faults = append(faults, fmt.Errorf("loss: want 0 ≤ clip_low < 1 and clip_high ≥ 0, got %g and %g", o.ClipLow, o.ClipHigh))
	}
	if o.DualClip <= 1 {
		faults = append(faults, fmt.Errorf("loss: want dual_clip > 1, got %g", o.DualClip))
	}
	if o.KLCoef < 0 || math.IsNaN(o.KLCoef) {
		faults = append(faults, fmt.Errorf("loss: want kl_coef ≥ 0, got %g", o.KLCoef))
	}
	return errors.Join(faults...)
}

// maxLogRatio bounds log-ratios before they are exponentiated, as the reference does.
const maxLogRatio = 20

// Policy returns the objective: clipped surrogate with dual clip, KL term and entropy bonus.
//
//	ρ = exp(logp − old)
//	L = max(−Aρ, −A·clip(ρ, 1−low, 1+high)), and at most −A·dual where A < 0
//	  + KLCoef · k3(logp, ref) − EntropyCoef · entropy
func Policy(o Options) learner.Objective {
	o = o.WithDefaults()
	obj := learner.Objective{
		Name:    fmt.Sprintf("policy_%g_%g_%g_%g_%g", o.ClipLow, o.ClipHigh, o.DualClip, o.KLCoef, o.EntropyCoef),
		Fields:  []string{Advantages, OldLogProbs, TokenWeight},
		Metrics: []string{MetricClipped, MetricClippedLower, MetricPolicyKL},
		Entropy: o.EntropyCoef != 0,
	}
	if o.KLCoef != 0 {
		obj.Fields, obj.Metrics = append(obj.Fields, RefLogProbs), append(obj.Metrics, MetricRefKL)
	}
	if o.EntropyCoef != 0 {
		obj.Metrics = append(obj.Metrics, MetricEntropy)
	}
	obj.Build = func(in learner.Inputs) (*Node, []*Node) { return o.build(in) }
	return obj
}

func (o Options) build(in learner.Inputs) (*Node, []*Node) {
	weight := in.Fields[TokenWeight]
	mean := func(perToken *Node) *Node { return ReduceAllSum(Mul(weight, perToken)) }
	surrogate, clipped, clippedLower := o.surrogate(in.LogProbs, in.Fields[OldLogProbs], in.Fields[Advantages])
	loss := mean(surrogate)
	metrics := []*Node{mean(clipped), mean(clippedLower), mean(Sub(in.Fields[OldLogProbs], in.LogProbs))}
	if o.KLCoef != 0 {
		kl := mean(K3(in.LogProbs, in.Fields[RefLogProbs]))
		loss, metrics = Add(loss, MulScalar(kl, o.KLCoef)), append(metrics, kl)
	}
	if o.EntropyCoef != 0 {
		entropy := mean(in.Entropy)
		loss, metrics = Sub(loss, MulScalar(entropy, o.EntropyCoef)), append(metrics, entropy)
	}
	for i, m := range metrics {
		metrics[i] = StopGradient(m)
	}
	return loss, metrics
}

// surrogate returns the per-token loss, and where the clip and the dual clip act (1 or 0). All arguments and results are
// [rows, window].
func (o Options) surrogate(logProbs, old, advantages *Node) (loss, clipped, clippedLower *Node) {
	ratio := Exp(ClipScalar(Sub(logProbs, old), -maxLogRatio, maxLogRatio))
	plain := Neg(Mul(advantages, ratio))
	bounded := Neg(Mul(advantages, ClipScalar(ratio, 1-o.ClipLow, 1+o.ClipHigh)))
	upper := Max(plain, bounded)
	ceiling := MulScalar(advantages, -o.DualClip)
	negative := LessThan(advantages, ZerosLike(advantages))
	loss = Where(negative, Min(ceiling, upper), upper)
	one := func(condition *Node) *Node { return ConvertDType(condition, dtypes.Float32) }
	clipped = one(GreaterThan(bounded, plain))
	clippedLower = one(LogicalAnd(negative, GreaterThan(upper, ceiling)))
	return loss, clipped, clippedLower
}

// K3 is Schulman's low-variance estimate of KL(policy ‖ reference) for each token, exp(d) − d − 1 with d = ref − logp, bounded
// to ±10 as in verl's `low_var_kl`. All [rows, window].
func K3(logProbs, ref *Node) *Node {
	d := ClipScalar(Sub(ref, logProbs), -maxLogRatio, maxLogRatio)
	return ClipScalar(Sub(Exp(d), AddScalar(d, 1.0)), -10, 10)
}

// Supervised is the mean negative log-prob of the response tokens; its only field is TokenWeight.
func Supervised() learner.Objective {
	return learner.Objective{Name: "supervised", Fields: []string{TokenWeight},
		Build: func(in learner.Inputs) (*Node, []*Node) {
			return Neg(ReduceAllSum(Mul(in.Fields[TokenWeight], in.LogProbs))), nil
		}}
}
