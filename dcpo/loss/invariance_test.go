package loss_test

import (
	"math"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// everything switches all terms of an objective on.
func everything(kind string) loss.Options {
	return loss.Options{Kind: kind, KL: "k3+", KLCoef: 0.1, EntropyCoef: 0.01, ValueCoef: 0.5, Importance: true}
}

// inputsOf are fields of the fixture for an objective that reads them all.
func (o *oracle) inputsOf(t *testing.T, a loss.Aggregation) map[string][]float32 {
	fields := map[string][]float32{loss.Advantages: floats(t, o.tensors, "adv/dcpo/hybrid/paper"), loss.TokenWeight: o.weights(t, a),
		loss.SequenceShare: loss.SequenceShares(o.rows(), window), loss.Returns: floats(t, o.tensors, "ret/gae_g0.99_l0.9/dense")}
	for field, name := range map[string]string{loss.OldLogProbs: "old_log_prob", loss.RefLogProbs: "ref_log_prob", loss.OldValues: "values"} {
		fields[field] = floats(t, o.inputs, name)
	}
	fields[loss.Correct], fields[loss.ImportanceWeight] = make([]float32, rows*window), make([]float32, rows*window)
	for i := range fields[loss.Correct] {
		fields[loss.Correct][i] = float32(i / window % 2)
		fields[loss.ImportanceWeight][i] = 0.5 + float32(i%11)/10
	}
	return fields
}

// TestMicroBatchesChangeNothing: the loss, the metrics and the gradients of every kind with every term are those of the whole mini-batch
// however it is cut, and rows of padding add nothing.
func TestMicroBatchesChangeNothing(t *testing.T) {
	o := openOracle(t)
	logProbs := floats(t, o.inputs, "log_prob")
	cut := func(x []float32, from, to int) []float32 {
		return append(append([]float32(nil), x[from*window:to*window]...), make([]float32, (rows-(to-from))*window)...)
	}
	for _, kind := range loss.Kinds() {
		objective, fields := loss.Policy(everything(kind)), o.inputsOf(t, loss.SeqMeanTokenMean)
		value, metrics, grad := evaluate(t, objective, logProbs, fields)
		var parts float64
		sums, pieces := make([]float64, len(metrics)), []float32{}
		for _, span := range [][2]int{{0, 32}, {32, 51}, {51, 64}} {
			part := map[string][]float32{}
			for name, x := range fields {
				part[name] = cut(x, span[0], span[1])
			}
			v, m, g := evaluate(t, objective, cut(logProbs, span[0], span[1]), part)
			parts += v
			for i := range m {
				sums[i] += m[i]
			}
			own := (span[1] - span[0]) * window
			for i, x := range g[own:] {
				if x != 0 {
					t.Fatalf("%s: padding has gradient %g at %d", kind, x, i)
				}
			}
			pieces = append(pieces, g[:own]...)
		}
		if math.Abs(value-parts) > 1e-6 {
			t.Errorf("%s: loss %.8f of the whole, %.8f of its parts", kind, value, parts)
		}
		for i, name := range objective.Metrics {
			if math.Abs(metrics[i]-sums[i]) > 2e-6 {
				t.Errorf("%s: %s is %.8f of the whole, %.8f of its parts", kind, name, metrics[i], sums[i])
			}
		}
		for i := range grad {
			if grad[i] != pieces[i] {
				t.Errorf("%s: gradient %d is %g of the whole, %g of its part", kind, i, grad[i], pieces[i])
				break
			}
		}
	}
}
