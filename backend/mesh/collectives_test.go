package mesh_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// dumpVariable makes TestDumpedPrograms run; it names the kind of sharding.
const dumpVariable = "GODCPO_TEST_DUMP"

// TestDumpedPrograms runs, in a process of its own that writes its programs down, what TestCollectives looks at.
func TestDumpedPrograms(t *testing.T) {
	sharding := os.Getenv(dumpVariable)
	if sharding == "" {
		t.Skip("run by TestCollectives")
	}
	m := fixture.Mesh(t, 8)
	cfg := decoder.Tiny(512)
	var weights []*mesh.Array
	for _, p := range cfg.Params() {
		a, err := m.FromFloat32(cfg.Random(p, 1), mesh.Replicated, p.Dims...)
		if err != nil {
			t.Fatal(err)
		}
		weights = append(weights, a)
	}
	l, err := learner.New(m, cfg, weights, learner.Options{MicroRows: 8, Sharding: learner.Sharding(sharding), AdamW: learner.AdamW{ClipNorm: 1}})
	if err != nil {
		t.Fatal(err)
	}
	const rows, seq = 16, 16
	b := &learner.Batch{Rows: rows, Seq: seq, Window: seq - 1, IDs: make([]int32, rows*seq), Positions: make([]int32, rows*seq), Segments: make([]int32, rows*seq)}
	for i := range b.IDs {
		b.IDs[i], b.Positions[i], b.Segments[i] = int32(i), int32(i%seq), 1
	}
	sum := learner.Objective{Name: "sum", Build: func(in learner.Inputs) (*graph.Node, []*graph.Node) {
		return graph.Neg(graph.ReduceAllSum(in.LogProbs)), nil
	}}
	stats := map[string]mesh.Stats{}
	ctx := mesh.Watch(context.Background(), func(name string, s mesh.Stats) { stats[name] = s })
	if _, err := l.Update(ctx, b, sum, 1, 1e-4); err != nil {
		t.Fatal(err)
	}
	generate(t, m, cfg, weights)
	// The optimizer writes weights and moments in place: their bytes, as they lie on a device, are all aliased.
	var kept int64
	for i, p := range cfg.Params() {
		cut, err := m.FromFloat32(make([]float32, p.Size()), m.ShardFor(p.Dims), p.Dims...)
		if err != nil {
			t.Fatal(err)
		}
		kept += weights[i].Bytes() + 2*cut.Bytes()
	}
	if got := stats["adamw"].Aliased; got != kept {
		t.Errorf("the optimizer writes %d bytes in place, want %d: %+v", got, kept, stats["adamw"])
	}
	// The second micro-batch adds to the gradients of the first in place.
	var gradients int64
	for _, p := range cfg.Params() {
		gradients += int64(4 * p.Size())
	}
	if got := stats["gradients_sum_15"].Aliased; got < gradients/8 {
		t.Errorf("the gradients take %d bytes in place, want at least %d", got, gradients/8)
	}
}

// generate makes one short response in each of 16 slots.
func generate(t *testing.T, m *mesh.Mesh, cfg decoder.Config, weights []*mesh.Array) {
	t.Helper()
	requests := make([]engine.Request, 16)
	for i := range requests {
		requests[i] = engine.Request{Prompt: []int32{int32(i), 7}, Sampling: engine.Sampling{Temperature: 1, Seed: uint64(i), MaxNewTokens: 4}}
	}
	if _, err := engine.New(m, cfg).Generate(context.Background(), weights, requests, engine.Options{Slots: len(requests)}); err != nil {
		t.Fatal(err)
	}
}

var (
	collective = regexp.MustCompile(`= (.+?) (all-reduce|reduce-scatter|all-gather|all-to-all|collective-permute|collective-broadcast)(?:-start)?\(`)
	scalar     = regexp.MustCompile(`^\w+\[\](\{\})?$`)
)

// collectives counts the exchanges between devices in the programs that a process compiled, by program and kind; those of a single number
// are a kind of their own. Programs compiled several times count once, the last time.
func collectives(t *testing.T, sharding string) map[string]map[string]int {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestDumpedPrograms$", "-test.count=1")
	cmd.Env = append(os.Environ(), dumpVariable+"="+sharding, "XLA_FLAGS=--xla_dump_to="+dir+" --xla_dump_hlo_as_text")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*after_optimizations.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no program was written down: %v", err)
	}
	counts := map[string]map[string]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.SplitN(filepath.Base(file), ".", 3)[1]
		counts[name] = map[string]int{}
		for _, found := range collective.FindAllStringSubmatch(string(text), -1) {
			kind := found[2]
			if scalar.MatchString(found[1]) {
				kind = "scalar " + kind
			}
			counts[name][kind]++
		}
	}
	return counts
}

// TestCollectives bounds what devices exchange in a training step. Weights that lie whole on each device need one sum of each gradient, and
// one gathering of each new weight; nothing is moved from one layout into another. Generating exchanges nothing but whether to go on.
func TestCollectives(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles programs for eight devices in another process")
	}
	params := len(decoder.Tiny(512).Params())
	const gradients, update = "gradients_sum", "adamw"
	cases := []struct {
		sharding, program string         // how its name begins
		most              map[string]int // other kinds: none
	}{
		{"zero1", gradients, map[string]int{"all-reduce": params + 1, "reduce-scatter": params}},
		{"zero1", update, map[string]int{"all-gather": params, "all-reduce": 1, "scalar all-reduce": params}},
		{"zero1", "prefill", nil},
		{"zero1", "insert", nil},
		{"zero1", "decode", map[string]int{"scalar all-reduce": 1}}, // whether to go on
		{"fsdp", update, map[string]int{"all-reduce": 1, "scalar all-reduce": params}},
	}
	counted := map[string]map[string]map[string]int{}
	for _, c := range cases {
		if counted[c.sharding] == nil {
			counted[c.sharding] = collectives(t, c.sharding)
		}
		got := named(t, counted[c.sharding], c.program)
		for kind, n := range got {
			if n > c.most[kind] {
				t.Errorf("%s, %s: %d × %s, want at most %d", c.sharding, c.program, n, kind, c.most[kind])
			}
		}
	}
	// Weights that are cut must be gathered: for the forward pass, for the backward pass, and once more where they are read twice.
	if n := named(t, counted["fsdp"], gradients)["all-gather"]; n == 0 || n > 3*params {
		t.Errorf("fsdp: %d all-gathers, want 1 to %d", n, 3*params)
	}
	if got := named(t, counted["zero1"], gradients); got["all-reduce"]+got["reduce-scatter"] == 0 {
		t.Error("zero1: the gradients are not summed over the devices")
	}
}

// named finds a program by how its name begins.
func named(t *testing.T, programs map[string]map[string]int, begin string) map[string]int {
	t.Helper()
	for name, counts := range programs {
		if strings.HasPrefix(name, begin+"_") {
			return counts
		}
	}
	t.Fatalf("no program %s among %v", begin, programs)
	return nil
}
