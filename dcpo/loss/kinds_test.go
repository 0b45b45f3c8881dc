package loss_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// openVerl is the oracle of current verl, on the same inputs.
func openVerl(t *testing.T) *oracle {
	o := openOracle(t)
	dir := filepath.Join("..", "..", "..", "shared", "fixtures", "rl")
	f, err := safetensors.Open(filepath.Join(dir, "verl_oracle.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	v := &oracle{inputs: o.inputs, tensors: f, lengths: o.lengths}
	raw, err := os.ReadFile(filepath.Join(dir, "verl_oracle.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v.scalars); err != nil {
		t.Fatal(err)
	}
	return v
}

func (o *oracle) scalar(t *testing.T, key string, into any) {
	t.Helper()
	raw, ok := o.scalars[key]
	if !ok {
		t.Fatalf("the oracle has no %q", key)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

var advantagesOf = map[string]string{"grpo": "adv/grpo/outcome", "dcpo": "adv/dcpo/hybrid/paper"}

// TestKindsEqualVerl: losses, clip fractions and gradients of every kind that verl has too, in every aggregation of the fixture.
func TestKindsEqualVerl(t *testing.T) {
	o, v := openOracle(t), openVerl(t)
	all := []loss.Aggregation{loss.TokenMean, loss.TokenSum, loss.SeqMeanTokenSum, loss.SeqMeanTokenSumNorm, loss.SeqMeanTokenMean}
	for _, kind := range []struct {
		key          string
		opt          loss.Options
		aggregations []loss.Aggregation
	}{
		{"vanilla", loss.Options{Kind: "clip"}, all},
		{"gspo", loss.Options{Kind: "gspo", ClipLow: 3e-4, ClipHigh: 4e-4}, all[4:]},
		{"gspo_wide", loss.Options{Kind: "gspo", ClipLow: 0.1, ClipHigh: 0.2}, all[4:]},
		{"cispo", loss.Options{Kind: "cispo", ClipLow: 10, ClipHigh: 0.2}, []loss.Aggregation{loss.TokenMean, loss.SeqMeanTokenMean}},
		{"cispo_lo", loss.Options{Kind: "cispo", ClipLow: 0.2, ClipHigh: 0.28}, []loss.Aggregation{loss.TokenMean, loss.SeqMeanTokenMean}},
		{"gpg", loss.Options{Kind: "gpg"}, []loss.Aggregation{loss.TokenMean, loss.SeqMeanTokenMean}},
		{"dro", loss.Options{Kind: "dro"}, []loss.Aggregation{loss.TokenMean, loss.SeqMeanTokenMean}},
		{"sapo", loss.Options{Kind: "sapo"}, all[4:]},
		{"geo_mean", loss.Options{Kind: "geo_mean"}, all[4:]},
		{"dppo_tv", loss.Options{Kind: "dppo_tv"}, []loss.Aggregation{loss.TokenMean, loss.SeqMeanTokenMean}},
		{"dppo_kl", loss.Options{Kind: "dppo_kl"}, []loss.Aggregation{loss.TokenMean, loss.SeqMeanTokenMean}},
	} {
		for method, advantages := range advantagesOf {
			for _, a := range kind.aggregations {
				key := fmt.Sprintf("%s/%s/%s", kind.key, method, a)
				var want map[string]any
				v.scalar(t, "policy_loss/"+key, &want)
				fields := map[string][]float32{loss.Advantages: floats(t, o.tensors, advantages), loss.OldLogProbs: floats(t, o.inputs, "old_log_prob"),
					loss.TokenWeight: o.weights(t, a), loss.SequenceShare: loss.SequenceShares(o.rows(), window)}
				value, metrics, grad := evaluate(t, loss.Policy(kind.opt), floats(t, o.inputs, "log_prob"), fields)
				var total float64 // what the weights add up to: 1 for a mean
				for _, w := range fields[loss.TokenWeight] {
					total += float64(w)
				}
				if w := want["loss_f64"].(float64); math.Abs(value-w) > 1e-6*max(1, total) {
					t.Errorf("%s: loss %.8f, want %.8f", key, value, w)
				}
				if a == loss.TokenMean { // verl's fractions are token means whatever the aggregation
					checkMetrics(t, key, metrics, want)
				} else if len(kind.aggregations) == 1 { // gspo, sapo, geo_mean: so it takes another pass
					fields[loss.TokenWeight] = o.weights(t, loss.TokenMean)
					_, metrics, _ = evaluate(t, loss.Policy(kind.opt), floats(t, o.inputs, "log_prob"), fields)
					checkMetrics(t, key, metrics, want)
				}
				// A summed loss has gradients a thousand times those of a mean.
				tolerance := 1e-6
				if a == loss.TokenSum || a == loss.SeqMeanTokenSum {
					tolerance = 1e-5
				}
				compare(t, key, grad, floats(t, v.tensors, "policy_loss_grad/"+key), tolerance)
			}
		}
	}
}

// checkMetrics compares those that the fixture has for this kind, to its 1e-5: one token more or less would be 6e-4.
func checkMetrics(t *testing.T, key string, metrics []float64, want map[string]any) {
	t.Helper()
	for i, name := range []string{"actor/pg_clipfrac", "actor/pg_clipfrac_lower", "actor/ppo_kl"} {
		if w, ok := want[name].(float64); ok && math.Abs(metrics[i]-w) > 1e-5 {
			t.Errorf("%s: %s is %g, want %g", key, name, metrics[i], w)
		}
	}
}

// TestCCGSPGEqualsReference: the released code's loss with both weights of its calibration term.
func TestCCGSPGEqualsReference(t *testing.T) {
	o := openOracle(t)
	outcome := floats(t, o.inputs, "token_level_rewards_outcome")
	correct := make([]float32, rows*window)
	for i := range rows {
		var sum float32
		for j := range window {
			sum += outcome[i*window+j]
		}
		for j := range window {
			correct[i*window+j] = sum
		}
	}
	for _, beta := range []float64{0.01, 0.3} {
		key := fmt.Sprintf("ccpo_bce/grpo/beta%g", beta) // the key says grpo, its advantages are the method's own
		var want map[string]float64
		o.scalar(t, "policy_loss_new/"+key, &want)
		fields := map[string][]float32{loss.Advantages: floats(t, o.tensors, "adv/ccpo_bce/outcome"), loss.OldLogProbs: floats(t, o.inputs, "old_log_prob"),
			loss.TokenWeight: o.weights(t, loss.SeqMeanTokenMean), loss.SequenceShare: loss.SequenceShares(o.rows(), window), loss.Correct: correct}
		// The reference takes a response's advantage from its first column.
		for i, n := range o.lengths {
			for j := range n {
				fields[loss.Advantages][i*window+j] = fields[loss.Advantages][i*window]
			}
		}
		value, _, grad := evaluate(t, loss.Policy(loss.Options{Kind: "ccgspg", Beta: beta}), floats(t, o.inputs, "log_prob"), fields)
		if math.Abs(value-want["loss"]) > 1e-6*(1+math.Abs(want["loss"])) {
			t.Errorf("%s: loss %.8f, want %.8f", key, value, want["loss"])
		}
		compare(t, key, grad, floats(t, o.tensors, "policy_loss_new_grad/"+key), 1e-6)
	}
}

// TestKLEstimatorsEqualVerl: every estimator's values on graph and host, its mean, and its gradient, the straight-through forms
// included.
func TestKLEstimatorsEqualVerl(t *testing.T) {
	o, v := openOracle(t), openVerl(t)
	logProbs, ref := floats(t, o.inputs, "log_prob"), floats(t, o.inputs, "ref_log_prob")
	for _, name := range []string{"kl", "k1", "abs", "mse", "k2", "low_var_kl", "k3", "k1+", "k3+", "low_var_kl+", "abs+"} {
		var want float64
		v.scalar(t, "kl_loss/"+name, &want)
		value, _, grad := evaluate(t, divergence(name), logProbs, map[string][]float32{loss.RefLogProbs: ref, loss.TokenWeight: o.weights(t, loss.TokenMean)})
		if math.Abs(value-want) > 1e-6 {
			t.Errorf("%s: mean %.8f, want %.8f", name, value, want)
		}
		compare(t, name, grad, floats(t, v.tensors, "kl_tokenmean_grad/"+name), 1e-6)
		onHost, err := loss.KLValues(name, logProbs, ref)
		if err != nil {
			t.Fatal(err)
		}
		compareValues(t, name, onHost, floats(t, v.tensors, "kl/"+name))
	}
}

// TestValueLossEqualsReference: the clipped value loss and its gradient, through the whole objective with a policy term of 0.
func TestValueLossEqualsReference(t *testing.T) {
	o := openOracle(t)
	var want struct {
		Loss, ClipFrac, ClipRange float64
		Returns                   string
	}
	o.scalar(t, "value_loss", &want)
	zero := make([]float32, rows*window)
	predicted := floats(t, o.inputs, "vpreds")
	fields := map[string][]float32{loss.Advantages: zero, loss.OldLogProbs: predicted, loss.TokenWeight: o.weights(t, loss.TokenMean),
		loss.OldValues: floats(t, o.inputs, "values"), loss.Returns: floats(t, o.tensors, want.Returns)}
	// evaluate passes one array as log-probs and as values; with advantages of 0 the former have no gradient.
	objective := loss.Policy(loss.Options{ValueCoef: 1, ValueClip: want.ClipRange})
	value, metrics, grad := evaluate(t, objective, predicted, fields)
	of := func(metric string) float64 { return metrics[slices.Index(objective.Metrics, metric)] }
	if math.Abs(value-want.Loss) > 1e-6 || math.Abs(of(loss.MetricValueLoss)-want.Loss) > 1e-6 {
		t.Errorf("loss %.8f, metric %.8f, want %.8f", value, of(loss.MetricValueLoss), want.Loss)
	}
	if got := of(loss.MetricValueClipped); math.Abs(got-want.ClipFrac) > 1e-6 {
		t.Errorf("clipped %.8f, want %.8f", got, want.ClipFrac)
	}
	compare(t, "value loss", grad, floats(t, o.tensors, "value_loss_grad"), 1e-6)
}

// TestAggregationsEqualVerl: with one response masked out.
func TestAggregationsEqualVerl(t *testing.T) {
	o, v := openOracle(t), openVerl(t)
	var want map[loss.Aggregation]float64
	v.scalar(t, "agg_loss_with_one_fully_masked_row(values,row5 masked)", &want)
	values, lengths := floats(t, o.inputs, "values"), o.rows()
	lengths[5].Length = 0
	for a, w := range want {
		weights, err := loss.TokenWeights(a, lengths, window, loss.SpanWeights{})
		if err != nil {
			t.Fatal(err)
		}
		var sum float64
		for i := range weights {
			sum += float64(weights[i]) * float64(values[i])
		}
		if math.Abs(sum-w) > 1e-6*(1+math.Abs(w)) {
			t.Errorf("%s: %.8f, want %.8f", a, sum, w)
		}
	}
	if len(want) != 5 {
		t.Errorf("%d aggregations in the fixture, want 5", len(want))
	}
}
