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

// score runs the model and returns the log-probs and entropies of the window's tokens, 0 where there are none.
// → [rows, window] float32 each.
func (t windowed) score(cfg decoder.Config, w decoder.Weights, s decoder.Scoring, remat bool) (logProbs, entropy *Node) {
	hidden, _ := cfg.Forward(w, t.tokens, remat)
	seq := hidden.Shape().Dimensions[1]
	before := Slice(hidden, AxisRange(), AxisRange(seq-t.window-1, seq-1), AxisRange())
	logProbs, entropy = cfg.LogProbs(w, before, t.targets, s)
	logProbs = Where(t.scored, logProbs, ZerosLike(logProbs))
	if entropy != nil {
		entropy = Where(t.scored, entropy, ZerosLike(entropy))
	}
	return logProbs, entropy
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
