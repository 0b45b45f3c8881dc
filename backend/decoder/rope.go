package decoder

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// RopeScaling says how rotary frequencies are stretched for contexts longer than the model was first trained on. Names and
// defaults are those of rope_scaling in a config.json.
type RopeScaling struct {
	Type              string  // "" or "default" (none), "linear", "llama3" or "yarn"
	Factor            float64 // how much longer the context became, at least 1
	OriginalPositions int     // context length before stretching, in tokens (llama3, yarn)
	LowFreqFactor     float64 // llama3: wavelengths above OriginalPositions/LowFreqFactor are stretched in full
	HighFreqFactor    float64 // llama3: wavelengths below OriginalPositions/HighFreqFactor are left alone
	BetaFast          float64 // yarn: dimensions that turn more often than this are left alone; 0 means 32
	BetaSlow          float64 // yarn: dimensions that turn less often than this are stretched in full; 0 means 1
	AttentionFactor   float64 // yarn: scale of cosines and sines; 0 derives it from Factor and the two below
	MScale            float64 // yarn
	MScaleAllDim      float64 // yarn
	NoTruncate        bool    // yarn: the ramp's bounds are not rounded to whole dimensions
}

func (r RopeScaling) none() bool { return r.Type == "" || r.Type == "default" }

func (r RopeScaling) validate() error {
	switch r.Type {
	case "", "default":
		return nil
	case "linear":
	case "llama3":
		if r.LowFreqFactor <= 0 || r.HighFreqFactor <= r.LowFreqFactor {
			return fmt.Errorf("llama3 rotary embeddings want 0 < low_freq_factor < high_freq_factor, got %g and %g", r.LowFreqFactor, r.HighFreqFactor)
		}
	case "yarn":
		if r.AttentionFactor < 0 || r.BetaFast < 0 || r.BetaSlow < 0 {
			return fmt.Errorf("yarn rotary embeddings want positive attention_factor, beta_fast and beta_slow, got %g, %g and %g", r.AttentionFactor, r.BetaFast, r.BetaSlow)
		}
	default:
		return fmt.Errorf("rotary embedding scaling %q is not supported: want default, linear, llama3 or yarn", r.Type)
	}
	if r.Factor <= 0 {
		return fmt.Errorf("%s rotary embeddings want a positive factor, got %g", r.Type, r.Factor)
	}
	if r.Type != "linear" && r.OriginalPositions <= 0 {
		return fmt.Errorf("%s rotary embeddings want a positive original_max_position_embeddings, got %d", r.Type, r.OriginalPositions)
	}
	return nil
}

// frequencies returns the angle a position turns each pair of dimensions, in radians, and the factor on cosines and sines.
// → [HeadDim/2]. Steps are rounded to float32 in the reference's order: at position 30,000 one unit in the last place of a
// frequency is a visible angle.
func (c Config) frequencies() (freq []float32, scale float32) {
	freq = make([]float32, c.HeadDim/2)
	for i := range freq {
		exponent := float32(2*i) / float32(c.HeadDim)
		freq[i] = 1 / float32(math.Pow(c.RopeTheta, float64(exponent)))
	}
	switch c.Rope.Type {
	case "linear":
		for i := range freq {
			freq[i] /= float32(c.Rope.Factor)
		}
	case "llama3":
		c.Rope.llama3(freq)
	case "yarn":
		c.Rope.yarn(freq, c.RopeTheta)
		return freq, float32(c.Rope.attentionFactor())
	}
	return freq, 1
}

// llama3 stretches long wavelengths, leaves short ones, and blends in between (Llama 3.1).
func (r RopeScaling) llama3(freq []float32) {
	original, factor := float32(r.OriginalPositions), float32(r.Factor)
	low, high := float32(r.LowFreqFactor), float32(r.HighFreqFactor)
	for i, f := range freq {
		wavelength := 2 * math.Pi / f
		switch {
		case wavelength > original/low:
			freq[i] = f / factor
		case wavelength >= original/high:
			blend := (original/wavelength - low) / (high - low)
			freq[i] = (1-blend)*f/factor + blend*f
		}
	}
}

// yarn stretches the dimensions that turn slowly, leaves those that turn fast, with a linear ramp between (arXiv 2309.00071).
func (r RopeScaling) yarn(freq []float32, theta float64) {
	dim := 2 * len(freq)
	// The (real-valued) pair of dimensions that makes the given number of turns within the original context.
	turns := func(n float64) float64 {
		return float64(dim) * math.Log(float64(r.OriginalPositions)/(n*2*math.Pi)) / (2 * math.Log(theta))
	}
	from, to := turns(orElse(r.BetaFast, 32)), turns(orElse(r.BetaSlow, 1))
	if !r.NoTruncate {
		from, to = math.Floor(from), math.Ceil(to)
	}
	from, to = max(from, 0), min(to, float64(dim-1))
	if from == to {
		to += 0.001
	}
	for i, f := range freq {
		keep := 1 - min(max((float32(i)-float32(from))/float32(to-from), 0), 1)
		freq[i] = f/float32(r.Factor)*(1-keep) + f*keep
	}
}

func (r RopeScaling) attentionFactor() float64 {
	if r.AttentionFactor != 0 {
		return r.AttentionFactor
	}
	temper := func(m float64) float64 {
		if r.Factor <= 1 {
			return 1
		}
		return 0.1*m*math.Log(r.Factor) + 1
	}
	if r.MScale != 0 && r.MScaleAllDim != 0 {
		return temper(r.MScale) / temper(r.MScaleAllDim)
	}
	return temper(1)
}

func orElse(x, otherwise float64) float64 {
	if x == 0 {
		return otherwise
	}
	return x
}

// RopeTable holds the cosines and sines of every position below its limit. [limit, dim/2] in the compute type.
//
// Rotations are looked up in it: XLA on CPU would otherwise compute sine and cosine again for every head of every layer, fused
// into their consumers.
type RopeTable struct{ cos, sin *Node }

// RopeTable prepares the rotations of positions 0 to limit−1. It makes no cached scalar, so that it can be used from a While
// body of the same graph (see package engine).
func (c Config) RopeTable(g *Graph, limit int, dtype dtypes.DType) RopeTable {
	freq, scale := c.frequencies()
	angles := Mul(Iota(g, shapes.Make(dtypes.Float32, limit, len(freq)), 0), Reshape(Const(g, freq), 1, len(freq)))
	cos, sin := Cos(angles), Sin(angles)
	if scale != 1 {
		factor := BroadcastToDims(Const(g, scale), limit, len(freq))
		cos, sin = Mul(cos, factor), Mul(sin, factor)
	}
	return RopeTable{ConvertDType(cos, dtype), ConvertDType(sin, dtype)}
}

// Nodes lists the table's two arrays, to carry them through a loop's state.
func (t RopeTable) Nodes() []*Node { return []*Node{t.cos, t.sin} }

// RopeTableOf is the inverse of Nodes.
func RopeTableOf(nodes []*Node) RopeTable { return RopeTable{nodes[0], nodes[1]} }

// rotation holds the cosines and sines of a batch's tokens. [batch, seq, 1, dim/2]
type rotation struct{ cos, sin *Node }

// at looks up the rotations of positions. positions: [batch, seq] int32, all below the table's limit.
func (t RopeTable) at(positions *Node) rotation {
	look := func(table *Node) *Node { return InsertAxes(Gather(table, InsertAxes(positions, -1)), 2) }
	return rotation{look(t.cos), look(t.sin)}
}

// apply turns pairs (i, i+dim/2), as Hugging Face checkpoints expect. x: [batch, seq, heads, dim].
func (r rotation) apply(x *Node) *Node {
	half := x.Shape().Dimensions[3] / 2
	a := Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisRange(0, half))
	b := Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisRange(half))
	return Concatenate([]*Node{Sub(Mul(a, r.cos), Mul(b, r.sin)), Add(Mul(b, r.cos), Mul(a, r.sin))}, -1)
}
