package plan

import "strings"

// kept is how many arrays of a width the backward pass of a layer reads for each token. What package decoder's graph leaves in memory depends on
// what XLA fuses, so the counts were found from its statistics over many shapes (see the tests); they stand for
//
//   - hidden: the residual stream before attention and before the feed-forward, with its norms;
//   - query and keyValue: the projections, their norms and their rotation, and what attention gives;
//   - intermediate: gate, its sigmoid, their product, up and the product of both;
//   - scores: the attention's exponentials and their normalised form, in part, and the mask.
var kept = struct{ hidden, query, keyValue, intermediate, scores float64 }{7, 6, 6, 5, 1.65}

const (
	// logitCopies is how many arrays of the size of a block of logits exist at once: the logits, their gradient, and half of another.
	logitCopies = 2.5
	// logitBytes is what a block of logits may take before it is cut (learner.Options.LogitTokens).
	logitBytes = 512 << 20
)

// layerBytes is what the backward pass of one layer reads, for so many tokens on a device.
func (j Job) layerBytes(tokens int64) int64 {
	c, t := j.Model, float64(tokens)
	values := kept.hidden*float64(c.HiddenSize) + kept.query*float64(c.Heads*c.HeadDim) + kept.keyValue*float64(c.KVHeads*c.HeadDim) +
		kept.intermediate*float64(c.IntermediateSize)
	bytes := t * values * float64(j.width())
	if !j.Flash {
		bytes += t * kept.scores * float64(c.Heads*j.seq()) * 4 // float32 whatever the weights are
	}
	return int64(bytes)
}

// checkpointBytes is what is kept of a layer that is computed again.
func (j Job) checkpointBytes(tokens int64) int64 {
	return tokens * int64(j.Model.HiddenSize) * j.width()
}

// logitsBytes is the memory of the vocabulary projection for so many tokens on a device. Block by block, the gradient of the head is summed
// up, for which the next block's must be there too.
func (j Job) logitsBytes(tokens int64) int64 {
	token := int64(j.Model.VocabSize) * 4
	block := max(1, logitBytes/token)
	if j.LogitTokens > 0 {
		block = int64(j.LogitTokens)
	}
	if tokens <= block {
		return int64(logitCopies * float64(tokens*token))
	}
	return int64(logitCopies*float64(block*token)) + j.width()*int64(j.Model.VocabSize*j.Model.HiddenSize)
}

// backward walks through the backward pass of a micro-batch. Before it, all layers' activations (or checkpoints) are in memory; each layer
// then takes its own away and leaves its gradients.
func (j Job) backward() Memory {
	rows := int64(j.perDevice(j.microRows()))
	tokens := rows * int64(j.seq())
	layer, saved := j.layerBytes(tokens), j.layerBytes(tokens)
	if j.Remat {
		saved = j.checkpointBytes(tokens)
	}
	largest, perLayer := j.width()*int64(j.largest()), j.layerParameters()
	perLayerMade := perLayer
	if j.Model.LoRA != nil {
		perLayerMade = j.trained(false) / int64(j.Model.Layers)
	}
	accumulators := 4 * j.trained(true)
	passes := (j.UpdateRows + j.microRows() - 1) / j.microRows()
	var best Memory
	layers := int64(j.Model.Layers)
	for left := layers; left >= 0; left-- {
		activations, logits := left*saved, int64(0)
		if left == layers {
			logits = j.logitsBytes(rows * int64(j.Response))
		} else if j.Remat {
			activations += layer
		}
		made := j.gradientsAfter(layers-left, perLayerMade)
		gradients, temporaries := accumulators, largest // one gradient on its way into the sum
		switch {
		case j.Devices > 1 && j.OneExchange:
			temporaries = j.width() * made
		case j.Devices == 1 && passes == 1:
			if gradients = 4 * made; !j.BFloat16 {
				temporaries = 0 // they are made where they stay
			}
		}
		if j.FSDP && j.Devices > 1 {
			temporaries += j.width() * perLayer // gathered
		}
		m := Memory{At: "backward pass", Items: append(j.resident(), Item{Gradients, gradients}, Item{Activations, activations},
			Item{Logits, logits}, Item{Temporaries, temporaries})}
		if m.Total() > best.Total() {
			best = m
		}
	}
	return best
}

// gradientsAfter counts the parameters that have a gradient once the backward pass has gone through the head and so many layers, each
// of perLayer parameters.
func (j Job) gradientsAfter(layers, perLayer int64) int64 {
	c := j.Model
	if c.LoRA != nil {
		return layers * perLayer // the head and the embeddings are frozen
	}
	n := int64(c.VocabSize*c.HiddenSize) + layers*perLayer
	if int(layers) == c.Layers && !c.TieEmbeddings {
		n += int64(c.VocabSize * c.HiddenSize)
	}
	return n
}

// layerParameters is the size of one layer.
func (j Job) layerParameters() (n int64) {
	for _, p := range j.params {
		if strings.HasPrefix(p.Name, "model.layers.0.") {
			n += int64(p.Size())
		}
	}
	return n
}

// largest is the size of the largest parameter that is trained.
func (j Job) largest() (n int) {
	for _, p := range j.trainable() {
		n = max(n, p.Size())
	}
	return n
}

// adam is the optimizer's step: weights and state are written in place; the new moments of all parameters wait for their masters.
func (j Job) adam() Memory {
	cut := j.trained(true)
	return Memory{At: "optimizer", Items: append(j.resident(), Item{Gradients, 4 * cut}, Item{Temporaries, 2 * 4 * cut})}
}
