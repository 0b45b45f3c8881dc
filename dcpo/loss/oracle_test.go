package loss_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/plugin"
	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

const rows, window = 64, 48

type oracle struct {
	inputs, tensors *safetensors.File
	scalars         map[string]json.RawMessage
	lengths         []int
}

func openOracle(t *testing.T) *oracle {
	dir := filepath.Join("..", "..", "..", "shared", "fixtures", "rl")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("../shared is absent: the reference's losses are not at hand")
	}
	open := func(name string) *safetensors.File {
		f, err := safetensors.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	o := &oracle{inputs: open("inputs.safetensors"), tensors: open("dcpo_oracle.safetensors")}
	raw, err := os.ReadFile(filepath.Join(dir, "dcpo_oracle.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &o.scalars); err != nil {
		t.Fatal(err)
	}
	b, err := o.inputs.Bytes("lengths")
	if err != nil {
		t.Fatal(err)
	}
	lengths, err := safetensors.Int64s(b, safetensors.I64)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range lengths {
		o.lengths = append(o.lengths, int(n))
	}
	return o
}

func floats(t *testing.T, f *safetensors.File, name string) []float32 {
	v, err := f.Float32(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (o *oracle) rows() []loss.Row {
	out := make([]loss.Row, rows)
	for i, n := range o.lengths {
		out[i].Length = n
	}
	return out
}

func (o *oracle) weights(t *testing.T, a loss.Aggregation) []float32 {
	out, err := loss.TokenWeights(a, o.rows(), window, loss.SpanWeights{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// device is opened once; programs are kept by the objective's name and the number of rows, as a learner keeps them.
var (
	device = sync.OnceValues(func() (*mesh.Mesh, error) {
		return mesh.Open(context.Background(), mesh.Options{Plugin: plugin.Options{Device: plugin.CPU}})
	})
	programs = map[string]*mesh.Program{}
)

// evaluate runs an objective on given log-probs, of any number of rows: loss, metrics and gradient. The log-probs also stand for values
// and entropies.
func evaluate(t *testing.T, obj learner.Objective, logProbs []float32, fields map[string][]float32) (float64, []float64, []float32) {
	t.Helper()
	m, err := device()
	if err != nil {
		t.Fatal(err)
	}
	in := []mesh.Port{{Rank: 2}}
	arrays := []*mesh.Array{upload(t, m, logProbs)}
	for _, name := range obj.Fields {
		in, arrays = append(in, mesh.Port{Rank: 2}), append(arrays, upload(t, m, fields[name]))
	}
	name := fmt.Sprintf("%s_%d", obj.Name, len(logProbs)/window)
	if programs[name] == nil {
		build := func(nodes []*graph.Node) []*graph.Node {
			inputs := learner.Inputs{LogProbs: nodes[0], Values: nodes[0], Entropy: nodes[0], Fields: map[string]*graph.Node{}}
			for i, name := range obj.Fields {
				inputs.Fields[name] = nodes[1+i]
			}
			value, metrics := obj.Build(inputs)
			return append([]*graph.Node{value, graph.Gradient(value, nodes[0])[0]}, metrics...)
		}
		if programs[name], err = m.Program(name, build, in, make([]mesh.Port, 2+len(obj.Metrics))); err != nil {
			t.Fatal(err)
		}
	}
	out, err := programs[name].Run(context.Background(), arrays...)
	if err != nil {
		t.Fatal(err)
	}
	var scalars []float64
	for _, a := range slices.Concat(out[:1], out[2:]) {
		v, err := a.ToFloat32()
		if err != nil {
			t.Fatal(err)
		}
		scalars = append(scalars, float64(v[0]))
	}
	grad, err := out[1].ToFloat32()
	if err != nil {
		t.Fatal(err)
	}
	return scalars[0], scalars[1:], grad
}

func upload(t *testing.T, m *mesh.Mesh, v []float32) *mesh.Array {
	t.Helper()
	a, err := m.FromFloat32(v, mesh.Replicated, len(v)/window, window)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPolicyEqualsReference(t *testing.T) {
	o := openOracle(t)
	logProbs := floats(t, o.inputs, "log_prob")
	clips := []loss.Options{{ClipLow: 0.2, ClipHigh: 0.2, DualClip: 3}, {ClipLow: 0.2, ClipHigh: 0.28, DualClip: 3}, {ClipLow: 0.1, ClipHigh: 0.3, DualClip: 1.5}}
	for method, advantages := range map[string]string{"grpo": "adv/grpo/outcome", "dcpo": "adv/dcpo/hybrid/paper", "gae": "adv/gae_g0.99_l0.9/dense"} {
		for _, opt := range clips {
			for _, a := range []loss.Aggregation{loss.TokenMean, loss.SeqMeanTokenSum, loss.SeqMeanTokenMean} {
				key := fmt.Sprintf("%s/lo%g_hi%g_c%.1f/%s", method, opt.ClipLow, opt.ClipHigh, opt.DualClip, a)
				var want map[string]float64
				if err := json.Unmarshal(o.scalars["policy_loss/"+key], &want); err != nil {
					t.Fatal(err)
				}
				fields := map[string][]float32{loss.Advantages: floats(t, o.tensors, advantages),
					loss.OldLogProbs: floats(t, o.inputs, "old_log_prob"), loss.TokenWeight: o.weights(t, a)}
				value, metrics, grad := evaluate(t, loss.Policy(opt), logProbs, fields)
				if math.Abs(value-want["loss_f64"]) > 1e-6*(1+math.Abs(want["loss_f64"])) {
					t.Errorf("%s: loss %.8f, want %.8f", key, value, want["loss_f64"])
				}
				if a == loss.TokenMean { // the reference's fractions are token means whatever the aggregation
					for i, want := range []float64{want["clipfrac"], want["clipfrac_lower"], want["ppo_kl"]} {
						if math.Abs(metrics[i]-want) > 1e-6 {
							t.Errorf("%s: metric %d is %g, want %g", key, i, metrics[i], want)
						}
					}
				}
				if _, ok := o.tensors.Info("policy_loss_grad/" + key); ok {
					compare(t, key, grad, floats(t, o.tensors, "policy_loss_grad/"+key), 1e-6)
				}
			}
		}
	}
}

// TestReleasedLosses: the released code's policy loss with its aggregation ignored, which is a token mean.
func TestReleasedLosses(t *testing.T) {
	o := openOracle(t)
	for method, advantages := range map[string]string{"grpo": "adv/grpo/outcome", "dcpo": "adv/dcpo/hybrid/paper", "gae": "adv/gae_g0.99_l0.9/dense"} {
		key := "grpo/" + method + "/beta0.01"
		var want map[string]float64
		o.scalar(t, "policy_loss_new/"+key, &want)
		fields := map[string][]float32{loss.Advantages: floats(t, o.tensors, advantages), loss.OldLogProbs: floats(t, o.inputs, "old_log_prob"), loss.TokenWeight: o.weights(t, "")}
		value, metrics, grad := evaluate(t, loss.Policy(loss.Options{}), floats(t, o.inputs, "log_prob"), fields)
		for i, got := range append([]float64{value}, metrics...) {
			if name := []string{"loss", "clipfrac", "clipfrac_lower", "approx_kl"}[i]; math.Abs(got-want[name]) > 1e-6 {
				t.Errorf("%s: %s is %.8f, want %.8f", key, name, got, want[name])
			}
		}
		compare(t, key, grad, floats(t, o.tensors, "policy_loss_new_grad/"+key), 1e-6)
	}
}

// TestKLEqualsReference: the estimators of the released code, in all of its aggregations.
func TestKLEqualsReference(t *testing.T) {
	o := openOracle(t)
	logProbs, ref := floats(t, o.inputs, "log_prob"), floats(t, o.inputs, "ref_log_prob")
	for _, name := range []string{"kl", "abs", "mse", "low_var_kl"} {
		var want map[loss.Aggregation]float64
		o.scalar(t, "kl_loss/"+name, &want)
		for _, a := range []loss.Aggregation{loss.TokenMean, loss.SeqMeanTokenSum, loss.SeqMeanTokenMean} {
			value, _, grad := evaluate(t, divergence(name), logProbs, map[string][]float32{loss.RefLogProbs: ref, loss.TokenWeight: o.weights(t, a)})
			if math.Abs(value-want[a]) > 1e-5 {
				t.Errorf("%s, %s: %g, want %g", name, a, value, want[a])
			}
			if a == loss.TokenMean {
				compare(t, name, grad, floats(t, o.tensors, "kl_tokenmean_grad/"+name), 1e-6)
			}
		}
		onHost, err := loss.KLValues(name, logProbs, ref)
		if err != nil {
			t.Fatal(err)
		}
		compareValues(t, name, onHost, floats(t, o.tensors, "kl/"+name))
	}
}

// divergence is an estimator as an objective of its own.
func divergence(name string) learner.Objective {
	return learner.Objective{Name: "kl " + name, Fields: []string{loss.RefLogProbs, loss.TokenWeight}, Build: func(in learner.Inputs) (*graph.Node, []*graph.Node) {
		return graph.ReduceAllSum(graph.Mul(in.Fields[loss.TokenWeight], loss.KL(name, in.LogProbs, in.Fields[loss.RefLogProbs]))), nil
	}}
}

func compareValues(t *testing.T, what string, got []float64, want []float32) {
	t.Helper()
	for i := range want {
		if math.Abs(got[i]-float64(want[i])) > 1e-5 {
			t.Errorf("%s on the host, token %d: %g, want %g", what, i, got[i], want[i])
			return
		}
	}
}

func compare(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > tolerance {
			t.Errorf("%s: gradient %d is %g, want %g", what, i, got[i], want[i])
			return
		}
	}
}
