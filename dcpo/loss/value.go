package loss

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// valueLoss is PPO's clipped value loss, ½·max((V − R)², (clip(V, V_old ± clip) − R)²), and where the clip acts (1 or 0).
// All [rows, window].
func valueLoss(values, old, returns *Node, clip float64) (loss, clipped *Node) {
	bounded := Add(old, ClipScalar(Sub(values, old), -clip, clip))
	plain, cut := Square(Sub(values, returns)), Square(Sub(bounded, returns))
	return MulScalar(Max(plain, cut), 0.5), one(GreaterThan(cut, plain))
}
