package backend_test

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/reference"
)

// towardsOne fits all values to 1.
var towardsOne = learner.Objective{Name: "towards_one", Values: true,
	Build: func(in learner.Inputs) (*Node, []*Node) {
		return ReduceAllSum(Square(AddScalar(in.Values, -1.0))), nil
	}}

func values(t *testing.T, m *backend.Model) []float32 {
	t.Helper()
	s, err := m.Score(context.Background(), someRow(), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s.Values
}

// TestValueHeadOfAModel trains a head and takes it through a file; what generates and what is saved knows nothing of it.
func TestValueHeadOfAModel(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	m := tinyModel(t, cpu)
	prompts, how := [][]int32{{1, 2, 3}, {4, 5}}, backend.Sampling{Seed: 3, MaxNewTokens: 9}
	before, err := m.Generate(ctx, prompts, how)
	if err != nil {
		t.Fatal(err)
	}
	base := scores(t, m)
	if values(t, m) != nil || m.SaveValueHead(dir) == nil {
		t.Error("there are values before there is a head")
	}
	if err := m.AddValueHead(11); err != nil {
		t.Fatal(err)
	}
	if m.AddValueHead(11) == nil {
		t.Error("a second head was added")
	}
	for i, v := range values(t, m) {
		if v == 0 || math.Abs(float64(v)) > 0.5 {
			t.Errorf("the first value at %d is %g, want a small one", i, v)
		}
	}
	after, err := m.Generate(ctx, prompts, how)
	if err != nil {
		t.Fatal(err)
	}
	for i := range before {
		if !slices.Equal(before[i].Tokens, after[i].Tokens) || !slices.Equal(before[i].LogProbs, after[i].LogProbs) {
			t.Errorf("the head changes response %d from %v to %v", i, before[i].Tokens, after[i].Tokens)
		}
	}
	ref, err := m.Freeze(reference.Resident)
	if err != nil {
		t.Fatal(err)
	}
	defer ref.Release()
	l, err := m.Learner(learner.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	for range 40 {
		if _, err := l.Update(ctx, someRow(), towardsOne, 1, 0.01); err != nil {
			t.Fatal(err)
		}
	}
	want, trained := values(t, m), scores(t, m)
	for i, v := range want {
		if math.Abs(float64(v)-1) > 0.1 {
			t.Errorf("value %d is %g after training, want about 1", i, v)
		}
	}
	if got, err := ref.Score(ctx, someRow(), 1, 0); err != nil || !near(got.LogProbs, base) || got.Values != nil {
		t.Errorf("under the reference: %+v, %v, want %v and no values", got, err, base)
	}

	// The model alone, and with its head.
	if err := m.Save(filepath.Join(dir, "model")); err != nil {
		t.Fatal(err)
	}
	if err := m.SaveValueHead(filepath.Join(dir, "value")); err != nil {
		t.Fatal(err)
	}
	other := open(t, filepath.Join(dir, "model"), "")
	if got := scores(t, other); !near(got, trained) {
		t.Errorf("saved and opened: %v, want %v", got, trained)
	}
	if err := other.LoadValueHead(filepath.Join(dir, "value")); err != nil {
		t.Fatal(err)
	}
	if got := values(t, other); !near(got, want) {
		t.Errorf("values of a loaded head: %v, want %v", got, want)
	}
	if other.LoadValueHead(filepath.Join(dir, "value")) == nil {
		t.Error("a second head was loaded")
	}
}

// TestValueHeadAndAdapters come in either order, and leave each other alone.
func TestValueHeadAndAdapters(t *testing.T) {
	dir := t.TempDir()
	for _, headFirst := range []bool{true, false} {
		m := tinyModel(t, cpu)
		add := []func() error{func() error { return m.AddValueHead(3) }, func() error { return m.AddAdapters(decoder.LoRA{Rank: 4}, 7) }}
		if !headFirst {
			slices.Reverse(add)
		}
		for _, one := range add {
			if err := one(); err != nil {
				t.Fatal(err)
			}
		}
		for i, p := range m.Config.Params() {
			if got := m.Weights()[i].Dims(); !slices.Equal(got, p.Dims) {
				t.Fatalf("head first %v: weight %d is %v, want %s %v", headFirst, i, got, p.Name, p.Dims)
			}
		}
		train(t, m, learner.Options{})
		want, wantValues := scores(t, m), values(t, m)
		if err := m.SaveAdapters(filepath.Join(dir, "adapters")); err != nil {
			t.Fatal(err)
		}
		if err := m.SaveValueHead(filepath.Join(dir, "value")); err != nil {
			t.Fatal(err)
		}
		other := tinyModel(t, cpu)
		if err := other.LoadValueHead(filepath.Join(dir, "value")); err != nil {
			t.Fatal(err)
		}
		if err := other.LoadAdapters(filepath.Join(dir, "adapters")); err != nil {
			t.Fatal(err)
		}
		if got := scores(t, other); !near(got, want) || !near(values(t, other), wantValues) {
			t.Errorf("head first %v: loaded: %v, want %v", headFirst, got, want)
		}
		if err := m.MergeAdapters(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := scores(t, m); !near(got, want) || !near(values(t, m), wantValues) {
			t.Errorf("head first %v: merged: %v, want %v", headFirst, got, want)
		}
	}
}

// TestLoadValueHeadRefuses what is not there, and heads of other models.
func TestLoadValueHeadRefuses(t *testing.T) {
	m, dir := tinyModel(t, cpu), t.TempDir()
	if err := m.LoadValueHead(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v, want fs.ErrNotExist", err)
	}
	if err := m.AddValueHead(1); err != nil {
		t.Fatal(err)
	}
	if err := m.SaveValueHead(dir); err != nil {
		t.Fatal(err)
	}
	other := open(t, filepath.Join("decoder", "testdata", "llama_llama3"), "")
	if err := other.LoadValueHead(dir); err == nil || !strings.Contains(err.Error(), "shape [1 64], the model wants [1 24]") || other.Config.ValueHead {
		t.Errorf("a head of width %d for a model of width %d: %v", m.Config.HiddenSize, other.Config.HiddenSize, err)
	}
}

// TestHiddenOfAModel: the value of a token is the head's product with the hidden state before it.
func TestHiddenOfAModel(t *testing.T) {
	m, b := tinyModel(t, cpu), someRow()
	if err := m.AddValueHead(1); err != nil {
		t.Fatal(err)
	}
	const column = 4
	hidden, err := m.Hidden(context.Background(), b, []int{column}, 0)
	if err != nil {
		t.Fatal(err)
	}
	head, err := m.Weights()[len(m.Weights())-2].ToFloat32()
	if err != nil {
		t.Fatal(err)
	}
	sum := float32(0)
	for i := range head {
		sum += head[i] * hidden[i]
	}
	if want := values(t, m)[column]; len(hidden) != m.Config.HiddenSize || math.Abs(float64(sum-want)) > 1e-5 {
		t.Errorf("%d hidden states give the value %g, want %g", len(hidden), sum, want)
	}
}
