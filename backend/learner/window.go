package learner

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// windowed is a batch's tokens in a graph, with the targets of its window.
type windowed struct {
	tokens  decoder.Tokens
	targets *Node // [rows, window] int32
	scored  *Node // [rows, window] bool: the token before is of the same segment
	window  int
}

// windowTokens reads ids, positions and segments, [rows, seq] each.
func windowTokens(in []*Node, window int) windowed {
	ids, segments := in[0], in[2]
	seq := ids.Shape().Dimensions[1]
	own, before := Slice(segments, AxisRange(), AxisRange(seq-window, seq)), Slice(segments, AxisRange(), AxisRange(seq-window-1, seq-1))
	return windowed{
		tokens:  decoder.Tokens{IDs: ids, Positions: in[1], Segments: segments},
		targets: Slice(ids, AxisRange(), AxisRange(seq-window, seq)),
		scored:  LogicalAnd(Equal(own, before), NotEqual(own, ZerosLike(own))),
		window:  window,
	}
}

// scored is what score gives of a window's tokens, 0 where there are none. [rows, window] float32 each.
type scored struct{ logProbs, entropy, values *Node }

// score runs the model over the window. Entropies are computed where s asks for them, values with the value head where values is true.
func (t windowed) score(cfg decoder.Config, w decoder.Weights, s decoder.Scoring, values, remat bool) (out scored) {
	hidden, _ := cfg.Forward(w, t.tokens, remat)
	seq := hidden.Shape().Dimensions[1]
	before := Slice(hidden, AxisRange(), AxisRange(seq-t.window-1, seq-1), AxisRange())
	out.logProbs, out.entropy = cfg.LogProbs(w, before, t.targets, s)
	if values {
		out.values = cfg.Values(w, before)
	}
	for _, x := range []**Node{&out.logProbs, &out.entropy, &out.values} {
		if *x != nil {
			*x = Where(t.scored, *x, ZerosLike(*x))
		}
	}
	return out
}

// logitBytes is what the logits a device holds at once may take by default.
const logitBytes = 512 << 20

// columns is how many columns of the window are projected on the vocabulary at once, for at most the given number of tokens a
// device (0: as many as fit logitBytes).
func (t windowed) columns(m *mesh.Mesh, cfg decoder.Config, tokens int) int {
	if tokens <= 0 {
		tokens = logitBytes / (cfg.VocabSize * dtypes.Float32.Size())
	}
	rows := t.targets.Shape().Dimensions[0] / m.Devices()
	return min(max(1, tokens/rows), t.window)
}
