package main

import "github.com/dcpo-go/godcpo/backend/decoder"

// Operations count a multiplication and an addition as two, and only matrix products: those with the weights, and those of attention, where a
// token meets half of its row on average. A backward pass takes twice the operations of the forward pass. What is computed anew to save memory
// counts once, so that shares of the peak are of useful work.

// productWeights are the weights of the layers' matrix products, without the projection on the vocabulary. Vectors are so few that they are
// counted in.
func productWeights(c decoder.Config) float64 {
	tables := 1
	if !c.TieEmbeddings {
		tables = 2
	}
	return float64(c.NumParams() - tables*c.VocabSize*c.HiddenSize)
}

// forwardOperations are those of tokens that see context positions on average, of which scored are projected on the vocabulary.
func forwardOperations(c decoder.Config, tokens, context, scored float64) float64 {
	attention := 4 * context * float64(c.Layers*c.Heads*c.HeadDim)
	return tokens*(2*productWeights(c)+attention) + scored*2*float64(c.VocabSize*c.HiddenSize)
}

// decodeBytes are what the steps that draw so many tokens for each of rows must read: all weights that are multiplied by, and each row's keys
// and values so far. width is the bytes of a number.
func decodeBytes(c decoder.Config, rows, prompt, drawn, width float64) float64 {
	steps := drawn - 1 // the first token comes from the prompt's own pass
	weights := productWeights(c) + float64(c.VocabSize*c.HiddenSize)
	cache := float64(2*c.Layers*c.KVHeads*c.HeadDim) * (prompt + drawn/2)
	return width * steps * (weights + rows*cache)
}
