package plan

import (
	"path"
	"strings"

	"github.com/dcpo-go/godcpo/backend/decoder"
)

// qwen3 is a published size of the family, with the figures of its config.json.
type qwen3 struct {
	name                                string
	hidden, intermediate, layers, heads int
	tied                                bool
}

var shapes = []qwen3{
	{"Qwen3-0.6B", 1024, 3072, 28, 16, true},
	{"Qwen3-1.7B", 2048, 6144, 28, 16, true},
	{"Qwen3-4B", 2560, 9728, 36, 32, true},
	{"Qwen3-8B", 4096, 12288, 36, 32, false},
	{"Qwen3-14B", 5120, 17408, 40, 40, false},
	{"Qwen3-32B", 5120, 25600, 64, 64, false},
}

// Shape returns the configuration of a published model by its name, with or without its organisation ("Qwen/Qwen3-8B").
func Shape(name string) (decoder.Config, bool) {
	for _, s := range shapes {
		if strings.EqualFold(s.name, path.Base(name)) {
			return decoder.Config{ModelType: "qwen3", VocabSize: 151936, HiddenSize: s.hidden, IntermediateSize: s.intermediate, Layers: s.layers,
				Heads: s.heads, KVHeads: 8, HeadDim: 128, NormEps: 1e-6, RopeTheta: 1e6, MaxPositions: 40960, TieEmbeddings: s.tied, QKNorm: true}, true
		}
	}
	return decoder.Config{}, false
}

// Shapes lists the names that Shape knows.
func Shapes() []string {
	var names []string
	for _, s := range shapes {
		names = append(names, s.name)
	}
	return names
}
