package engine

import (
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// features are the parts of sampling that cost time, and are compiled in only while a running request asks for them.
type features struct {
	adjust bool // penalties, logit bias, least number of tokens
	filter bool // top-k, top-p, min-p
	top    bool // alternatives
}

func featuresOf(slots []*job) features {
	var f features
	for _, j := range slots {
		if j == nil {
			continue
		}
		r := j.request
		f.adjust = f.adjust || r.PresencePenalty != 0 || r.FrequencyPenalty != 0 || !neutral(r.RepetitionPenalty) || len(r.LogitBias) > 0 || r.MinNewTokens > 0
		f.filter = f.filter || r.TopK > 0 || !neutral(r.TopP) || r.MinP > 0
		f.top = f.top || r.TopLogProbs > 0
	}
	return f
}

// neutral tells whether a factor or a share does nothing.
func neutral(x float64) bool { return x == 0 || x == 1 }

func orOne(x float64) float32 {
	if x == 0 {
		return 1
	}
	return float32(x)
}

// stopsOf is the number of places for stop tokens that the slots need, a power of two.
func stopsOf(slots []*job) int {
	n := 1
	for _, j := range slots {
		if j != nil {
			n = max(n, len(j.request.Stop))
		}
	}
	return powerOfTwo(n)
}

// Columns of the uploaded integers, one row a slot.
const (
	intIdle      = iota // 1 for a slot without a job
	intPosition         // cached tokens, the position of the next one
	intRemaining        // tokens the response may still gain
	intAtLeast          // steps before which no stop token may be sampled
	intTopK             // 0: all
	intStops            // the first of the stop tokens; −1 fills the rest
)

// Columns of the uploaded floats, one row a slot.
const (
	floatTemperature = iota // 0: greedy
	floatScoring            // temperature of the reported log-probs
	floatTopP               // 1: all
	floatMinP
	floatPresence
	floatFrequency
	floatRepetition // 1: none
	floatUniforms   // the first of the numbers in [0, 1), one a step
)

// upload puts what the next call of the decode program needs beside the cache on the mesh: bounds, integers, floats and, for
// features.adjust, each slot's history and bias. [slots, vocab]
//
// The history holds 2 for each time the response has a token, and 1 more if the prompt has it.
func (b *batcher) upload(k decodeKey, tokens int) (in []*mesh.Array, err error) {
	intWidth, floatWidth := intStops+k.stops, floatUniforms+k.chunk
	ints, floats := make([]int32, k.slots*intWidth), make([]float32, k.slots*floatWidth)
	for slot, j := range b.slots {
		row, reals := ints[slot*intWidth:][:intWidth], floats[slot*floatWidth:][:floatWidth]
		if j == nil {
			row[intIdle], reals[floatScoring], reals[floatTopP], reals[floatRepetition] = 1, 1, 1, 1
			continue
		}
		j.integers(row)
		j.reals(reals, tokens)
	}
	idle := k.slots // idle slots at which to stop: all, or enough to fill while requests wait
	if waiting := b.queued(); waiting > 0 {
		idle = min(idle, k.slots-b.running()+min(b.opt.RefillSlots, waiting))
	}
	m := b.engine.mesh
	put := func(a *mesh.Array, failed error) {
		if failed != nil && err == nil {
			err = failed
		}
		in = append(in, a)
	}
	put(m.FromInt32([]int32{int32(b.cache.column), int32(tokens), int32(idle)}, mesh.Replicated, 3))
	put(m.FromInt32(ints, batched, k.slots, intWidth))
	put(m.FromFloat32(floats, batched, k.slots, floatWidth))
	if k.features.adjust {
		history, bias := b.adjustments()
		put(m.FromInt32(history, batched, k.slots, b.engine.cfg.VocabSize))
		put(m.FromFloat32(bias, batched, k.slots, b.engine.cfg.VocabSize))
	}
	if err != nil {
		release(in)
		return nil, err
	}
	return in, nil
}

func (j *job) integers(row []int32) {
	row[intPosition], row[intRemaining] = int32(j.cached()), int32(j.remaining())
	row[intAtLeast] = int32(max(0, j.request.MinNewTokens-len(j.out.Tokens)))
	row[intTopK] = int32(j.request.TopK)
	n := copy(row[intStops:], j.request.Stop)
	for i := intStops + n; i < len(row); i++ {
		row[i] = -1
	}
}

func (j *job) reals(row []float32, tokens int) {
	r := j.request
	scoring := r.Temperature
	if r.RawLogProbs {
		scoring = 1
	}
	copy(row, []float32{float32(r.Temperature), orOne(scoring), orOne(r.TopP), float32(r.MinP),
		float32(r.PresencePenalty), float32(r.FrequencyPenalty), orOne(r.RepetitionPenalty)})
	for i := range min(tokens, len(row)-floatUniforms) {
		row[floatUniforms+i] = j.uniform(i)
	}
}

func (b *batcher) adjustments() (history []int32, bias []float32) {
	vocab := b.engine.cfg.VocabSize
	history, bias = make([]int32, len(b.slots)*vocab), make([]float32, len(b.slots)*vocab)
	for slot, j := range b.slots {
		if j == nil {
			continue
		}
		seen := history[slot*vocab:][:vocab]
		for _, id := range j.request.Prompt {
			seen[id] = 1
		}
		for _, id := range j.out.Tokens {
			seen[id] += 2
		}
		for id, x := range j.request.LogitBias {
			bias[slot*vocab+int(id)] = float32(x)
		}
	}
	return history, bias
}
