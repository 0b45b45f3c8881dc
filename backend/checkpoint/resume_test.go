package checkpoint_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/checkpoint"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/learner"
)

// likelihood is the mean negative log-prob of the tokens whose weight is not zero.
var likelihood = learner.Objective{
	Name: "likelihood", Fields: []string{"weights"},
	Build: func(in learner.Inputs) (*graph.Node, []*graph.Node) {
		return graph.Neg(graph.ReduceAllSum(graph.Mul(in.Fields["weights"], in.LogProbs))), nil
	},
}

// withValues is likelihood, and the squared distance of the values from 1.
var withValues = learner.Objective{
	Name: "with_values", Fields: []string{"weights"}, Values: true,
	Build: func(in learner.Inputs) (*graph.Node, []*graph.Node) {
		loss, _ := likelihood.Build(in)
		return graph.Add(loss, graph.ReduceAllSum(graph.Mul(in.Fields["weights"], graph.Square(graph.AddScalar(in.Values, -1.0))))), nil
	},
}

// batchOf makes step's batch: other tokens in each step, drawn by a rule.
func batchOf(step int) *learner.Batch {
	const rows, seq = 8, 12
	b := &learner.Batch{Rows: rows, Seq: seq, Window: seq - 1, Fields: map[string][]float32{}}
	for row := range rows {
		for at := range seq {
			b.IDs = append(b.IDs, int32((step*131+row*37+at*at*7)%500+3))
			b.Positions = append(b.Positions, int32(at))
			b.Segments = append(b.Segments, 1)
			if at > 0 {
				b.Fields["weights"] = append(b.Fields["weights"], 1/float32(rows*(seq-1)))
			}
		}
	}
	return b
}

// run is a model being trained.
type run struct {
	t       *testing.T
	model   *backend.Model
	learner *learner.Learner
	obj     learner.Objective
}

// start opens a model and, with a function that adds a value head, trains values too.
func start(t *testing.T, dir string, devices int, dtype string, addHead func(*backend.Model) error) *run {
	t.Helper()
	m, err := backend.Open(context.Background(), dir, backend.Options{Device: "cpu", Devices: devices, DType: dtype})
	if err != nil {
		t.Fatal(err)
	}
	obj := likelihood
	if addHead != nil {
		obj = withValues
		if err := addHead(m); err != nil {
			t.Fatal(err)
		}
	}
	l, err := m.Learner(learner.Options{AdamW: learner.AdamW{WeightDecay: 0.01, ClipNorm: 1}, MicroRows: 8})
	if err != nil {
		t.Fatal(err)
	}
	return &run{t, m, l, obj}
}

func (r *run) train(from, to int) {
	r.t.Helper()
	for step := from; step < to; step++ {
		if _, err := r.learner.Update(context.Background(), batchOf(step), r.obj, 1, 1e-3); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *run) end() {
	r.learner.Release()
	r.model.Release()
}

// bytes is everything the run consists of: weights, then the optimizer's state.
func (r *run) bytes() []byte {
	r.t.Helper()
	var out bytes.Buffer
	for _, w := range r.model.Weights() {
		if _, err := w.WriteTo(&out); err != nil {
			r.t.Fatal(err)
		}
	}
	for _, s := range r.learner.State() {
		out.Write(s.Data)
		if s.Source != nil {
			if _, err := s.Source.WriteTo(&out); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	return out.Bytes()
}

func (r *run) save(root string, step int) {
	r.t.Helper()
	state := checkpoint.State{
		Progress:  checkpoint.Progress{Step: step, Data: json.RawMessage(fmt.Sprint(step))},
		Model:     func(ctx context.Context, dir string) error { return r.model.SaveWith(ctx, dir, backend.SaveOptions{}) },
		Optimizer: r.learner.State(),
	}
	if r.model.Config.ValueHead {
		state.Dirs = map[string]func(context.Context, string) error{"value": func(_ context.Context, dir string) error { return r.model.SaveValueHead(dir) }}
	}
	if err := checkpoint.Save(context.Background(), root, state, 2); err != nil {
		r.t.Fatal(err)
	}
}

// resume opens the newest checkpoint as a fresh process would.
func resume(t *testing.T, root string, devices int, dtype string) (*run, int) {
	t.Helper()
	c, err := checkpoint.Latest(context.Background(), root)
	if err != nil {
		t.Fatal(err)
	}
	var addHead func(*backend.Model) error
	if dir, err := c.SubDir("value"); err == nil {
		addHead = func(m *backend.Model) error { return m.LoadValueHead(dir) }
	}
	r := start(t, c.ModelDir(), devices, dtype, addHead)
	state, err := c.Optimizer()
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	if err := r.learner.Restore(state); err != nil {
		t.Fatal(err)
	}
	return r, c.Step
}

// TestResumeIsExact: 20 steps leave the same bits as 10 more by objects that know only the checkpoint made after the first 10.
func TestResumeIsExact(t *testing.T) {
	if testing.Short() {
		t.Skip("training programs compile slowly")
	}
	for _, c := range []struct {
		model, dtype string
		devices      int
		values       bool
	}{{"qwen3_tiny", "float32", 1, false}, {"qwen3_tiny_bf16", "bfloat16", 1, false}, {"qwen3_tiny", "float32", 8, false}, {"qwen3_tiny_bf16", "bfloat16", 1, true}, {"qwen3_tiny", "float32", 8, true}} {
		t.Run(fmt.Sprint(c.dtype, " on ", c.devices, ", values ", c.values), func(t *testing.T) {
			fixture.Mesh(t, c.devices) // skips under -short
			dir, root := filepath.Join(fixture.Dir(t), c.model), t.TempDir()
			var addHead func(*backend.Model) error
			if c.values {
				addHead = func(m *backend.Model) error { return m.AddValueHead(1) }
			}
			straight := start(t, dir, c.devices, c.dtype, addHead)
			straight.train(0, 10)
			straight.save(root, 10)
			half := straight.bytes()
			straight.train(10, 20)
			want := straight.bytes()
			straight.end()

			second, step := resume(t, root, c.devices, c.dtype)
			if step != 10 || second.learner.Steps() != 10 {
				t.Errorf("resumed at step %d with %d updates, want 10", step, second.learner.Steps())
			}
			if !bytes.Equal(second.bytes(), half) {
				t.Error("what was restored is not what was saved")
			}
			second.train(10, 20)
			if !bytes.Equal(second.bytes(), want) {
				t.Error("20 steps straight differ from 10 and 10 resumed")
			}
			second.end()

			if c.devices > 1 { // another device count may take over
				other, _ := resume(t, root, 1, c.dtype)
				if !bytes.Equal(other.bytes(), half) {
					t.Error("what was restored on one device is not what was saved")
				}
				other.end()
			}
		})
	}
}

// State of another kind of run is refused with an error that says why.
func TestRestoreRefuses(t *testing.T) {
	root := t.TempDir()
	full := start(t, filepath.Join(fixture.Dir(t), "qwen3_tiny"), 1, "float32", nil)
	full.save(root, 1)
	defer full.end()
	c, err := checkpoint.Latest(context.Background(), root)
	if err != nil {
		t.Fatal(err)
	}
	state, err := c.Optimizer()
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	for _, other := range []struct{ model, dtype, want string }{
		{"qwen3_tiny", "bfloat16", "open the model in float32"},
		{"qwen2_tiny", "float32", "tensor exp_avg"},
	} {
		r := start(t, filepath.Join(fixture.Dir(t), other.model), 1, other.dtype, nil)
		if err := r.learner.Restore(state); err == nil || !strings.Contains(err.Error(), other.want) {
			t.Errorf("%s in %s: %v, want an error with %q", other.model, other.dtype, err, other.want)
		}
		r.end()
	}
}
