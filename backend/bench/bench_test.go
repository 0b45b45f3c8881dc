package main

import (
	"bytes"
	"context"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/decoder"
)

// benchmark times our side of a case as the command does, without peers.
func benchmark(b *testing.B, name string) {
	b.Helper()
	s := spec{Case: name, Device: "cpu", Model: small, Text: "../../../shared/data/olympiadbench.jsonl", Tokenizer: "../../../shared/tokenizers/qwen3"}.withDefaults()
	if _, err := os.Stat(s.Text); name == "encode" && err != nil {
		b.Skip("../shared is absent: there is no text to encode")
	}
	ctx := context.Background()
	w, err := newWork(ctx, s)
	if err != nil {
		b.Fatal(err)
	}
	defer w.release()
	if _, err := w.step(ctx); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := w.step(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(w.about.Tokens)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func BenchmarkTrain(b *testing.B)   { benchmark(b, "train") }
func BenchmarkScore(b *testing.B)   { benchmark(b, "score") }
func BenchmarkPrefill(b *testing.B) { benchmark(b, "prefill") }
func BenchmarkDecode(b *testing.B)  { benchmark(b, "decode") }
func BenchmarkStep(b *testing.B)    { benchmark(b, "step") }
func BenchmarkEncode(b *testing.B)  { benchmark(b, "encode") }

// TestCases runs every case of a model through the protocol, as a GPU would run it.
func TestCases(t *testing.T) {
	for name := range cases {
		t.Run(name, func(t *testing.T) {
			s := spec{Case: name, Device: "cpu", Model: tiny, GPU: "H200", Rows: 8, Seq: 12, Prompt: 4, New: 6, Group: 4}.withDefaults()
			var out bytes.Buffer
			if err := takeTurns(context.Background(), s, strings.NewReader("2\n"), &out); err != nil {
				t.Fatal(err)
			}
			var h hello
			var got turn
			decodeLines(t, &out, &h, &got)
			if len(got.Seconds) != 2 || len(got.CPUSeconds) != 2 || got.ProgramBytes <= 0 || got.PeakBytes <= 0 {
				t.Errorf("a turn of two steps: %+v", got)
			}
			r := newRecord(s, "godcpo", 1, h, h.About, got, origin{})
			want := map[string]float64{"prefill": 1, "decode": 6, "step": 10}
			switch check, ok := want[name]; {
			case ok && got.Check != check:
				t.Errorf("check %g, want %g tokens a row", got.Check, check)
			case !ok && !(math.Abs(got.Check) > 3 && math.Abs(got.Check) < 6): // near the logarithm of 64 tokens
				t.Errorf("check %g, want about %.2f nats a token", got.Check, math.Log(64))
			}
			if bound := r.MFU + r.BandwidthShare; name != "step" && !(bound > 0 && bound < 1) {
				t.Errorf("a share of %g of the bound, want one within 0 and 1", bound)
			}
		})
	}
}

// TestRoofline holds the counts against ones made by hand.
func TestRoofline(t *testing.T) {
	// Layers of q: 4×2, k and v: 2×2 each, o: 2×4, three products of 2×3, and norms of 2, 2, 2 and 2; at the end a norm of 2.
	c := decoder.Config{ModelType: "qwen3", VocabSize: 10, HiddenSize: 2, IntermediateSize: 3, Layers: 3, Heads: 2, KVHeads: 1, HeadDim: 2, QKNorm: true}
	weights := 3.0*(8+4+4+8+18+8) + 2
	for _, tied := range []bool{true, false} {
		c.TieEmbeddings = tied
		if got := productWeights(c); got != weights {
			t.Errorf("tied %v: %g weights in products, want %g", tied, got, weights)
		}
	}
	// Five tokens, each of which meets four: 2 products of 2·4·2 operations for each of 2 heads in 3 layers. One is projected.
	if got, want := forwardOperations(c, 5, 4, 1), 5*(2*weights+2*2*4*2*2*3)+2*20; got != want {
		t.Errorf("%g operations, want %g", got, want)
	}
	// Two steps of two bytes a number: weights and projection, and for each of 7 rows 2·1·2 numbers in 3 layers at 4 + 3/2 positions.
	if got, want := decodeBytes(c, 7, 4, 3, 2), 2*2*(weights+20+7*12*5.5); got != want {
		t.Errorf("%g bytes, want %g", got, want)
	}
}
