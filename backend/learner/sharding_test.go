package learner

import (
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// TestEightDevicesLearnWhatOneDoes: twenty steps with whole and with cut weights on eight devices follow those on one.
func TestEightDevicesLearnWhatOneDoes(t *testing.T) {
	const steps = 20
	eight := fixture.Mesh(t, 8)
	one := fixture.Mesh(t, 1)
	train := func(m *mesh.Mesh, sharding Sharding) (losses []float64) {
		f := fixture.Open(t, m, "qwen3_tiny")
		b := fixtureBatch(t, f)
		l, err := New(m, f.Config, f.Weights, Options{Sharding: sharding, AdamW: AdamW{ClipNorm: 1, WeightDecay: 0.01}})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Release()
		for range steps {
			r, err := l.Update(context.Background(), b, weightedSum, 1, 1e-3)
			if err != nil {
				t.Fatal(err)
			}
			losses = append(losses, r.Loss)
		}
		for i, p := range f.Config.Params() {
			want := mesh.Replicated
			if sharding == FSDP {
				want = m.ShardFor(p.Dims)
			}
			if got := f.Weights[i].Layout(); got != want {
				t.Errorf("%s, %s lies along axis %d after training, want %d", sharding, p.Name, got.Axis(), want.Axis())
			}
		}
		return losses
	}
	want := train(one, AsGiven)
	if want[steps-1] >= want[0] {
		t.Fatalf("the loss went from %g to %g", want[0], want[steps-1])
	}
	for _, sharding := range []Sharding{ZeRO1, FSDP} {
		for i, got := range train(eight, sharding) {
			if math.Abs(got-want[i]) > 1e-5*math.Abs(want[i]) {
				t.Errorf("%s, step %d: loss %.9g, one device %.9g", sharding, i, got, want[i])
			}
		}
	}
}

// TestScorerTakesCutWeights: log-probs do not depend on how the weights lie.
func TestScorerTakesCutWeights(t *testing.T) {
	m := fixture.Mesh(t, 8)
	f := fixture.Open(t, m, "qwen3_tiny")
	b := fixtureBatch(t, f)
	s := NewScorer(m, f.Config)
	want, err := s.Score(context.Background(), f.Weights, b, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := place(m, f.Config, f.Weights, FSDP); err != nil {
		t.Fatal(err)
	}
	got, err := s.Score(context.Background(), f.Weights, b, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.LogProbs {
		if math.Abs(float64(got.LogProbs[i]-want.LogProbs[i])) > 1e-5 {
			t.Fatalf("log-prob %d is %g, with whole weights %g", i, got.LogProbs[i], want.LogProbs[i])
		}
	}
	if err := place(m, f.Config, f.Weights, "zero3"); err == nil {
		t.Error("an unknown sharding is accepted")
	}
}

// dumpVariable makes TestCutBatch do something; it names the kind of sharding.
const dumpVariable = "GODCPO_TEST_LEARNER_DUMP"

// TestCutBatch computes gradients in blocks and with recomputed layers, in a process that writes its programs down for
// TestActivationsStay.
func TestCutBatch(t *testing.T) {
	sharding := os.Getenv(dumpVariable)
	if sharding == "" {
		t.Skip("run by TestActivationsStay")
	}
	m := fixture.Mesh(t, 8)
	f := fixture.Open(t, m, "qwen3_tiny")
	gradientsOf(t, context.Background(), m, f.Config, f.Weights, fixtureBatch(t, f), weightedSum, Options{LogitTokens: 16, Remat: true, Sharding: Sharding(sharding)})
}

// TestActivationsStay looks at what eight devices exchange: sums, and weights where those are cut, but never activations.
func TestActivationsStay(t *testing.T) {
	fixture.Mesh(t, 8)
	params := 25
	for _, c := range []struct {
		sharding Sharding
		most     map[string]int // other kinds: none
	}{
		// One sum of all gradients, and those that tell recomputation when to start. Reducing and scattering each gradient would do as well.
		{ZeRO1, map[string]int{"all-reduce": params, "reduce-scatter": params}},
		// Each weight is gathered for either pass.
		{FSDP, map[string]int{"all-reduce": params, "reduce-scatter": params, "all-gather": 2 * params}},
	} {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0], "-test.run=^TestCutBatch$", "-test.count=1")
		cmd.Env = append(os.Environ(), dumpVariable+"="+string(c.sharding), "XLA_FLAGS=--xla_dump_to="+dir+" --xla_dump_hlo_as_text")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*gradients*after_optimizations.txt"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%d gradient programs were written down, want 1: %v", len(files), err)
		}
		text, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		counts := map[string]int{}
		for _, found := range collective.FindAllStringSubmatch(string(text), -1) {
			counts[found[1]]++
		}
		t.Logf("%s: %v", c.sharding, counts)
		for kind, n := range counts {
			if n > c.most[kind] {
				t.Errorf("%s: %d × %s, want at most %d", c.sharding, n, kind, c.most[kind])
			}
		}
		if counts["all-reduce"]+counts["reduce-scatter"] == 0 {
			t.Errorf("%s: the gradients are not summed over the devices", c.sharding)
		}
	}
}

var collective = regexp.MustCompile(` (all-reduce|reduce-scatter|all-gather|all-to-all|collective-permute|collective-broadcast)(?:-start)?\(`)
