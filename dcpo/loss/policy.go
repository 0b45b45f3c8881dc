package loss

import (
	"errors"
	"fmt"
	"math"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// Names of the per-token fields, [rows, window] each, that the policy loss reads from a learner.Batch. One row holds one response.
const (
	Advantages  = "advantages"
	OldLogProbs = "old_log_probs" // under the weights the rollouts are scored with before the update
	RefLogProbs = "ref_log_probs" // under the reference policy; read only with a KL term
	TokenWeight = "token_weight"  // share of the token in the aggregate, 0 outside the response

	ImportanceWeight = "importance_weight" // of rollouts from another distribution; read only with Options.Importance
	SequenceShare    = "sequence_share"    // 1 / length on the response's tokens, 0 elsewhere; read by losses of whole sequences
	Correct          = "correct"           // 1 or 0 on all tokens of a right or wrong response; read by ccgspg
	OldValues        = "old_values"        // the value head's predictions before the update; read with a value loss
	Returns          = "returns"           // what it should have predicted
)

// Names of the metrics of the policy loss: means over response tokens, weighted as the loss.
const (
	MetricClipped      = "clip_fraction"       // the ratio is cut by the clip
	MetricClippedLower = "clip_fraction_lower" // the dual clip bounds a negative advantage's loss
	MetricPolicyKL     = "policy_kl"           // old − new log-prob: how far the update has moved
	MetricRefKL        = "ref_kl"              // estimate of KL(policy ‖ reference); with a KL term only
	MetricEntropy      = "entropy"             // with an entropy bonus only
	MetricValueLoss    = "value_loss"          // with a value loss only
	MetricValueClipped = "value_clip_fraction" // the value loss is that of the bounded value; with a value loss only
)

// Options of the policy loss. The zero value of each field takes its documented default, those of the reference run.
type Options struct {
	// Kind is the surrogate; see Kinds. Default "clip".
	Kind string
	// ClipLow and ClipHigh bound how far a token, or a sequence, may move: for most kinds its ratio to [1−ClipLow, 1+ClipHigh]. Defaults
	// are the kind's: clip 0.2 and 0.28, gspo 3e-4 and 4e-4, cispo 10 (no bound) and 0.2, geo_mean 0.4 and 0.4 (of log-ratios), dppo_tv 0.2
	// and 0.2 (of probabilities), dppo_kl 0.05 and 0.05 (nats). The others have no bounds.
	ClipLow, ClipHigh float64
	// DualClip bounds, for clip, the loss of a token with a negative advantage to DualClip·|A| (arXiv 1912.09729), and for dppo_tv and
	// dppo_kl the ratio. Default 3; above 1.
	DualClip float64
	// KL is the estimator of the divergence from the reference policy; see Estimators. Default "k3".
	KL string
	// KLCoef weighs it. Default 0: no reference is needed.
	KLCoef float64
	// EntropyCoef weighs an entropy bonus. Default 0.
	EntropyCoef float64
	// Beta weighs ccgspg's calibration term (default 0.01) and dro's quadratic (default 0.1).
	Beta float64
	// ValueCoef weighs the value head's loss; 0: there is none. ValueClip bounds the change of a value in an update; default 0.5.
	ValueCoef, ValueClip float64
	// Importance multiplies each token's surrogate by the field ImportanceWeight.
	Importance bool
}

// WithDefaults fills in the defaults.
func (o Options) WithDefaults() Options {
	if o.Kind == "" {
		o.Kind = "clip"
	}
	if o.KL == "" {
		o.KL = "k3"
	}
	own := surrogates[o.Kind]
	for _, d := range []struct {
		v   *float64
		def float64
	}{{&o.ClipLow, own.low}, {&o.ClipHigh, own.high}, {&o.DualClip, own.dualClip}, {&o.Beta, own.weight}, {&o.ValueClip, 0.5}} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	return o
}

// Validate reports all faults at once.
func (o Options) Validate() error {
	o = o.WithDefaults()
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("loss: "+format, args...))
		}
	}
	own, known := surrogates[o.Kind]
	want(known, "kind %q is unknown: want one of %v", o.Kind, Kinds())
	if own.low != 0 {
		want(o.ClipLow > 0 && o.ClipHigh > 0 && (o.ClipLow < 1 || o.Kind == "cispo"), "want 0 < clip_low < 1 and clip_high > 0, got %g and %g", o.ClipLow, o.ClipHigh)
	}
	if own.dualClip != 0 {
		want(o.DualClip > 1, "want dual_clip > 1, got %g", o.DualClip)
	}
	want(isEstimator(o.KL), "kl %q is unknown: want one of %v", o.KL, Estimators())
	for name, v := range map[string]float64{"kl_coef": o.KLCoef, "beta": o.Beta, "value_coef": o.ValueCoef, "value_clip": o.ValueClip} {
		want(v >= 0 && !math.IsInf(v, 0), "want %s ≥ 0 and finite, got %g", name, v)
	}
	want(!math.IsNaN(o.EntropyCoef) && !math.IsInf(o.EntropyCoef, 0), "want a finite entropy_coef, got %g", o.EntropyCoef)
	return errors.Join(faults...)
}

// Policy returns the objective: surrogate, KL term, entropy bonus and value loss.
func Policy(o Options) learner.Objective {
	o = o.WithDefaults()
	obj := learner.Objective{
		Name:    fmt.Sprintf("policy_%+v", o),
		Fields:  append([]string{Advantages, OldLogProbs, TokenWeight}, surrogates[o.Kind].fields...),
		Metrics: []string{MetricClipped, MetricClippedLower, MetricPolicyKL},
		Entropy: o.EntropyCoef != 0,
		Values:  o.ValueCoef != 0,
	}
	add := func(wanted bool, metric string, fields ...string) {
		if wanted {
			obj.Fields = append(obj.Fields, fields...)
			if metric != "" {
				obj.Metrics = append(obj.Metrics, metric)
			}
		}
	}
	add(o.Importance, "", ImportanceWeight)
	add(o.KLCoef != 0, MetricRefKL, RefLogProbs)
	add(o.EntropyCoef != 0, MetricEntropy)
	add(o.ValueCoef != 0, MetricValueLoss, OldValues, Returns)
	add(o.ValueCoef != 0, MetricValueClipped)
	obj.Build = func(in learner.Inputs) (*Node, []*Node) { return o.build(in) }
	return obj
}

func (o Options) build(in learner.Inputs) (*Node, []*Node) {
	weight := in.Fields[TokenWeight]
	mean := func(perToken *Node) *Node {
		if perToken == nil {
			return ScalarZero(weight.Graph(), weight.DType())
		}
		return ReduceAllSum(Mul(weight, perToken))
	}
	perToken, clipped, clippedLower := surrogates[o.Kind].build(o, in)
	if o.Importance {
		perToken = Mul(perToken, in.Fields[ImportanceWeight])
	}
	loss := mean(perToken)
	metrics := []*Node{mean(clipped), mean(clippedLower), mean(Sub(in.Fields[OldLogProbs], in.LogProbs))}
	if o.KLCoef != 0 {
		kl := mean(KL(o.KL, in.LogProbs, in.Fields[RefLogProbs]))
		loss, metrics = Add(loss, MulScalar(kl, o.KLCoef)), append(metrics, kl)
	}
	if o.EntropyCoef != 0 {
		entropy := mean(in.Entropy)
		loss, metrics = Sub(loss, MulScalar(entropy, o.EntropyCoef)), append(metrics, entropy)
	}
	if o.ValueCoef != 0 {
		perToken, clipped := valueLoss(in.Values, in.Fields[OldValues], in.Fields[Returns], o.ValueClip)
		value := mean(perToken)
		loss, metrics = Add(loss, MulScalar(value, o.ValueCoef)), append(metrics, value, mean(clipped))
	}
	for i, m := range metrics {
		metrics[i] = StopGradient(m)
	}
	return loss, metrics
}

// Supervised is the mean negative log-prob of the response tokens; its only field is TokenWeight.
func Supervised() learner.Objective {
	return learner.Objective{Name: "supervised", Fields: []string{TokenWeight},
		Build: func(in learner.Inputs) (*Node, []*Node) {
			return Neg(ReduceAllSum(Mul(in.Fields[TokenWeight], in.LogProbs))), nil
		}}
}
