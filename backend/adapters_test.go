package backend_test

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

func tinyModel(t *testing.T, opt backend.Options) *backend.Model {
	t.Helper()
	tok, err := tokenizer.NewChars("0123456789+= ")
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.NewTiny(context.Background(), tok, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Release)
	return m
}

var likelihood = learner.Objective{Name: "likelihood", Build: func(in learner.Inputs) (*Node, []*Node) { return Neg(ReduceAllSum(in.LogProbs)), nil }}

func someRow() *learner.Batch {
	b := &learner.Batch{Rows: 1, Seq: 8, Window: 7}
	for i := range b.Seq {
		b.IDs, b.Positions, b.Segments = append(b.IDs, int32(1+i%5)), append(b.Positions, int32(i)), append(b.Segments, 1)
	}
	return b
}

func scores(t *testing.T, m *backend.Model) []float32 {
	t.Helper()
	s, err := m.Score(context.Background(), someRow(), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s.LogProbs
}

func near(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Abs(float64(x-y)) < 1e-4 })
}

// TestAdaptersOfAModel trains adapters and takes them through a directory, a second model and a merge: all compute the same.
func TestAdaptersOfAModel(t *testing.T) {
	ctx := context.Background()
	m := tinyModel(t, cpu)
	base := scores(t, m)
	if err := m.AddAdapters(decoder.LoRA{Rank: 4}, 7); err != nil {
		t.Fatal(err)
	}
	if !near(scores(t, m), base) {
		t.Error("fresh adapters changed the model")
	}
	l, err := m.Learner(learner.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	for range 3 {
		if _, err := l.Update(ctx, someRow(), likelihood, 1, 0.01); err != nil {
			t.Fatal(err)
		}
	}
	want := scores(t, m)
	if near(want, base) {
		t.Error("training changed nothing")
	}
	dir := t.TempDir()
	if err := m.SaveAdapters(filepath.Join(dir, "adapters")); err != nil {
		t.Fatal(err)
	}
	if err := m.Save(filepath.Join(dir, "model")); err == nil {
		t.Error("a model with adapters was saved as a plain one")
	}
	other := tinyModel(t, cpu)
	if err := other.LoadAdapters(filepath.Join(dir, "adapters")); err != nil {
		t.Fatal(err)
	}
	if got := scores(t, other); !near(got, want) {
		t.Errorf("with loaded adapters: %v, want %v", got, want)
	}
	if err := m.MergeAdapters(ctx); err != nil {
		t.Fatal(err)
	}
	if got := scores(t, m); !near(got, want) {
		t.Errorf("merged: %v, want %v", got, want)
	}
	if err := m.Save(filepath.Join(dir, "model")); err != nil {
		t.Fatal(err)
	}
	if got := scores(t, open(t, filepath.Join(dir, "model"), "")); !near(got, want) {
		t.Errorf("merged, saved and opened: %v, want %v", got, want)
	}
}

// TestShardedModelGenerates compares a model whose weights are cut over eight devices with one on one device.
func TestShardedModelGenerates(t *testing.T) {
	if testing.Short() {
		t.Skip("programs for several devices compile slowly")
	}
	eight := cpu
	eight.Devices, eight.Sharding = 8, learner.FSDP
	var got [2][]backend.Response
	for i, opt := range []backend.Options{cpu, eight} {
		m := tinyModel(t, opt)
		cut := 0
		for _, w := range m.Weights() {
			if w.Layout().Axis() >= 0 {
				cut++
			}
		}
		if (cut > 0) != (i == 1) {
			t.Errorf("%d devices: %d weights are cut", m.Devices(), cut)
		}
		var err error
		got[i], err = m.Generate(context.Background(), [][]int32{{1, 2, 3}, {4, 5}}, backend.Sampling{Seed: 3, MaxNewTokens: 9})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range got[0] {
		if !slices.Equal(got[0][i].Tokens, got[1][i].Tokens) {
			t.Errorf("response %d: %v on eight devices, %v on one", i, got[1][i].Tokens, got[0][i].Tokens)
		}
	}
	if _, err := backend.Open(context.Background(), t.TempDir(), backend.Options{Sharding: "half"}); err == nil {
		t.Error("an unknown sharding was accepted")
	}
}
