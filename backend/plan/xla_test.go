package plan_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/plan"
)

// base is large enough for the arrays that matter to outweigh the small ones.
var base = decoder.Config{ModelType: "qwen3", VocabSize: 4096, HiddenSize: 256, IntermediateSize: 768, Layers: 3, Heads: 8, KVHeads: 4, HeadDim: 32,
	NormEps: 1e-6, RopeTheta: 1e4, MaxPositions: 4096, QKNorm: true}

// update scores a batch and runs one update of a model of zeros and returns the statistics of its programs by what they are called; of those that ran several
// times, the last.
func update(t *testing.T, j plan.Job) map[string]mesh.Stats {
	t.Helper()
	m := fixture.Mesh(t, j.Devices)
	dtype := dtypes.Float32
	if j.BFloat16 {
		dtype = dtypes.BFloat16
	}
	var weights []*mesh.Array
	for _, p := range j.Model.Params() {
		a, err := m.FromBytes(make([]byte, p.Size()*dtype.Size()), dtype, mesh.Replicated, p.Dims...)
		if err != nil {
			t.Fatal(err)
		}
		weights = append(weights, a)
	}
	defer func() { // the learner replaces them
		for _, w := range weights {
			w.Release()
		}
	}()
	opt := learner.Options{MicroRows: j.MicroRows, Remat: j.Remat, LogitTokens: j.LogitTokens, Sharding: learner.ZeRO1, AdamW: learner.AdamW{ClipNorm: 1}}
	if j.FSDP {
		opt.Sharding = learner.FSDP
	}
	l, err := learner.New(m, j.Model, weights, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	seq := j.Prompt + j.Response
	n := j.UpdateRows * seq
	b := &learner.Batch{Rows: j.UpdateRows, Seq: seq, Window: j.Response, IDs: make([]int32, n), Positions: make([]int32, n), Segments: make([]int32, n)}
	for i := range b.Segments {
		b.Segments[i] = 1
	}
	sum := learner.Objective{Name: "sum", Build: func(in learner.Inputs) (*graph.Node, []*graph.Node) {
		return graph.Neg(graph.ReduceAllSum(in.LogProbs)), nil
	}}
	stats := map[string]mesh.Stats{}
	ctx := mesh.Watch(context.Background(), func(name string, s mesh.Stats) {
		name, _, _ = strings.Cut(name, "_")
		stats[name] = s
	})
	if _, err := learner.NewScorer(m, j.Model).Score(ctx, weights, b, 1, j.MicroRows); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Update(ctx, b, sum, 1, 0); err != nil {
		t.Fatal(err)
	}
	return stats
}

// TestMemoryIsWhatXLASays holds planned memory against that of the compiled programs.
func TestMemoryIsWhatXLASays(t *testing.T) {
	with := func(change func(*decoder.Config)) decoder.Config { c := base; change(&c); return c }
	job := func(devices int, model decoder.Config, rows, seq int, change func(*plan.Job)) plan.Job {
		j := plan.Job{Model: model, Devices: devices, Device: plan.Devices()[0], Prompt: 1, Response: seq - 1, Responses: rows, Group: 1, Slots: rows,
			UpdateRows: rows, OneExchange: true}
		if change != nil {
			change(&j)
		}
		return j
	}
	remat := func(j *plan.Job) { j.Remat = true }
	cases := []struct {
		name string
		long bool
		job  plan.Job
	}{
		{"plain", false, job(1, base, 4, 128, nil)},
		{"recomputed", false, job(1, base, 4, 128, remat)},
		{"long rows", true, job(1, base, 2, 384, nil)},
		{"long rows, recomputed", true, job(1, base, 2, 384, remat)},
		{"many heads, tied", true, job(1, with(func(c *decoder.Config) { c.Heads, c.KVHeads, c.TieEmbeddings = 16, 2, true }), 4, 128, nil)},
		{"wide", true, job(1, with(func(c *decoder.Config) { c.HiddenSize, c.IntermediateSize = 512, 1408 }), 8, 64, remat)},
		{"large vocabulary in blocks", true, job(1, with(func(c *decoder.Config) { c.VocabSize = 16384 }), 4, 128, func(j *plan.Job) { j.LogitTokens = 64 })},
		{"large vocabulary at once", true, job(1, with(func(c *decoder.Config) { c.VocabSize = 16384 }), 4, 128, nil)},
		{"two micro-batches", true, job(1, base, 8, 128, func(j *plan.Job) { j.MicroRows = 4 })},
		{"two micro-batches, recomputed", true, job(1, base, 8, 128, func(j *plan.Job) { j.MicroRows, j.Remat = 4, true })},
		{"bfloat16", true, job(1, base, 4, 128, func(j *plan.Job) { j.BFloat16 = true })},
		{"bfloat16, recomputed", true, job(1, base, 4, 128, func(j *plan.Job) { j.BFloat16, j.Remat = true, true })},
		{"adapters", true, job(1, with(func(c *decoder.Config) { c.LoRA = &decoder.LoRA{Rank: 16} }), 4, 128, nil)},
		{"adapters, recomputed", true, job(1, with(func(c *decoder.Config) { c.LoRA = &decoder.LoRA{Rank: 16} }), 4, 128, remat)},
		{"adapters, bfloat16", true, job(1, with(func(c *decoder.Config) { c.LoRA = &decoder.LoRA{Rank: 16} }), 8, 64, func(j *plan.Job) { j.BFloat16 = true })},
		{"eight devices", true, job(8, base, 32, 128, nil)},
		{"eight devices, recomputed", true, job(8, base, 32, 128, remat)},
		{"eight devices, FSDP, recomputed", true, job(8, base, 32, 128, func(j *plan.Job) { j.Remat, j.FSDP = true, true })},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.long && testing.Short() {
				t.Skip("compiles large programs")
			}
			stats := update(t, c.job)
			for program, planned := range plan.Programs(c.job) {
				got, ok := stats[program]
				if !ok {
					t.Fatalf("no program %s ran: %v", program, stats)
				}
				error := float64(planned)/float64(got.Peak()) - 1
				t.Logf("%s: planned %.1f MB, XLA %.1f MB (%+.1f %%): %+v", program, float64(planned)/1e6, float64(got.Peak())/1e6, 100*error, got)
				if math.Abs(error) > 0.15 {
					t.Errorf("%s: planned %d bytes, XLA says %d (%+.1f %%)", program, planned, got.Peak(), 100*error)
				}
			}
		})
	}
}
