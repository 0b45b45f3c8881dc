package loss

import (
	"maps"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// surrogate is one kind of policy loss.
type surrogate struct {
	fields                      []string // read beside Advantages, OldLogProbs and TokenWeight
	low, high, dualClip, weight float64  // defaults of ClipLow, ClipHigh, DualClip and Beta; 0 where the kind does not read them
	// mixed: a token's gradient depends on the advantages of the whole response, not on its own alone.
	mixed bool
	// build returns the loss of each token, and where its clips act (1 or 0; nil for never). All are [rows, window].
	build func(o Options, in learner.Inputs) (loss, clipped, clippedLower *Node)
}

// surrogates is the registry: a new kind is one file and one line here.
var surrogates = map[string]surrogate{
	"ccgspg":   {fields: []string{SequenceShare, Correct}, weight: 0.01, mixed: true, build: ccgspg},
	"cispo":    {low: 10, high: 0.2, build: cispo},
	"clip":     {low: 0.2, high: 0.28, dualClip: 3, build: clip},
	"dppo_kl":  {low: 0.05, high: 0.05, dualClip: 3, build: dppoKL},
	"dppo_tv":  {low: 0.2, high: 0.2, dualClip: 3, build: dppoTV},
	"dro":      {weight: 0.1, build: dro},
	"geo_mean": {fields: []string{SequenceShare}, low: 0.4, high: 0.4, mixed: true, build: geoMean},
	"gpg":      {build: gpg},
	"gspo":     {fields: []string{SequenceShare}, low: 3e-4, high: 4e-4, build: gspo},
	"sapo":     {build: sapo},
}

// Kinds lists the policy losses, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(surrogates)) }

// Reads tells which options the loss of that kind has a use for; the others have no effect on it.
func Reads(kind string) (clip, dualClip, beta bool) {
	s := surrogates[kind]
	return s.low != 0, s.dualClip != 0, s.weight != 0
}

// Decoupled tells whether the gradient on each token's log-prob depends on that token's advantage alone, which methods with two streams of
// advantages need. It does not where the loss is made of a response's mean advantage or of its probability as a whole.
func Decoupled(kind string) bool {
	s, known := surrogates[kind]
	return known && !s.mixed
}
