package decoder

import (
	"context"
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/plugin"
)

// TestBFloat16ProductsStaySo: with bfloat16 weights no product of either pass has float32 operands, in or out of blocks.
func TestBFloat16ProductsStaySo(t *testing.T) {
	m, err := mesh.Open(context.Background(), mesh.Options{Plugin: plugin.Options{Device: plugin.CPU}})
	if err != nil {
		t.Fatal(err)
	}
	c := Tiny(1024) // looks embeddings up: one-hot products are for small vocabularies
	c.LoRA = &LoRA{Rank: 2}
	c.Layers, c.FloatHead = 1, true
	n, tokens := len(c.Params()), []int{2, 6}
	var in []mesh.Port
	var args []*mesh.Array
	for _, p := range c.Params() {
		a, err := m.FromBytes(make([]byte, 2*p.Size()), dtypes.BFloat16, mesh.Replicated, p.Dims...)
		if err != nil {
			t.Fatal(err)
		}
		in, args = append(in, mesh.Port{Rank: len(p.Dims)}), append(args, a)
	}
	ids, err := m.FromInt32(make([]int32, 12), mesh.Replicated, tokens...)
	if err != nil {
		t.Fatal(err)
	}
	products := 0
	prog, err := m.Program("gradients", func(nodes []*Node) []*Node {
		ids, w := nodes[n], c.Bind(nodes[:n])
		hidden, _ := c.Forward(w, Tokens{IDs: ids, Positions: ids, Segments: ids}, true)
		logProbs, entropy := c.LogProbs(w, hidden, ids, Scoring{Temperature: Const(ids.Graph(), float32(1)), Entropy: true, Columns: 2})
		grads := Gradient(Add(ReduceAllSum(logProbs), ReduceAllSum(entropy)), nodes[:n]...)
		for _, node := range ids.Graph().Nodes() {
			if node.Type() != NodeTypeDotGeneral {
				continue
			}
			products++
			for _, operand := range node.Inputs() {
				if operand.DType() != dtypes.BFloat16 {
					t.Errorf("a product has an operand %s", operand.Shape())
				}
			}
		}
		return grads
	}, append(in[:n:n], mesh.Port{Rank: 2}), in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prog.Run(context.Background(), append(args, ids)...); err == nil && products < 3*(7*3+2+1) {
		t.Errorf("%d products seen: not both passes", products)
	} else if err != nil {
		t.Fatal(err)
	}
}

// TestFloatHead: logits of a bfloat16 model are bfloat16 numbers, unless the head is asked for float32.
func TestFloatHead(t *testing.T) {
	m, err := mesh.Open(context.Background(), mesh.Options{Plugin: plugin.Options{Device: plugin.CPU}})
	if err != nil {
		t.Fatal(err)
	}
	for _, float := range []bool{false, true} {
		c := Tiny(32)
		c.FloatHead = float
		prog, err := m.Program("logits", func(in []*Node) []*Node {
			half := func(x *Node) *Node { return ConvertDType(x, dtypes.BFloat16) }
			return []*Node{c.toVocab(half(in[0]), half(in[1]))}
		}, []mesh.Port{{Rank: 2}, {Rank: 2}}, []mesh.Port{{Rank: 2}})
		if err != nil {
			t.Fatal(err)
		}
		var args []*mesh.Array
		for i, rows := range []int{4, c.VocabSize} {
			a, err := m.FromFloat32(c.Random(Param{"weight", []int{rows, c.HiddenSize}}, uint64(i)), mesh.Replicated, rows, c.HiddenSize)
			if err != nil {
				t.Fatal(err)
			}
			args = append(args, a)
		}
		out, err := prog.Run(context.Background(), args...)
		if err != nil {
			t.Fatal(err)
		}
		logits, err := out[0].ToFloat32()
		if err != nil {
			t.Fatal(err)
		}
		finer := 0
		for _, x := range logits {
			if math.Float32bits(x)&0xffff != 0 {
				finer++
			}
		}
		if finer > 0 != float {
			t.Errorf("FloatHead %v: %d of %d logits are finer than bfloat16", float, finer, len(logits))
		}
	}
}
