package engine

import (
	"context"
	"slices"

	"github.com/dcpo-go/godcpo/backend/decoder"
)

// job is one request on its way through a batcher.
type job struct {
	ctx     context.Context
	request Request
	key     string // the prompt, to compare it with others
	limit   int    // tokens the response may have
	ended   bool
	failure error // why it was aborted, if not by its context
	out     Generation
	done    chan struct{} // closed once ended
}

func newJob(ctx context.Context, r Request, cfg decoder.Config) *job {
	limit := r.MaxNewTokens
	if limit == 0 {
		limit = DefaultMaxNewTokens
		if cfg.MaxPositions > 0 {
			limit = min(limit, cfg.MaxPositions-len(r.Prompt))
		}
	}
	return &job{ctx: ctx, request: r, key: promptKey(r.Prompt), limit: limit, done: make(chan struct{})}
}

// cached is the number of tokens whose keys and values lie in the cache.
func (j *job) cached() int { return len(j.request.Prompt) + len(j.out.Tokens) }

// remaining is how many tokens the response may still gain.
func (j *job) remaining() int { return j.limit - len(j.out.Tokens) }

// take appends sampled tokens until the response ends, and reports to the caller. n is how many there are.
func (j *job) take(n int, at func(i int) (id int32, logProb float32, top []Alternative)) {
	from := len(j.out.Tokens)
	for i := range n {
		id, logProb, top := at(i)
		j.out.Tokens, j.out.LogProbs = append(j.out.Tokens, id), append(j.out.LogProbs, logProb)
		if j.request.TopLogProbs > 0 {
			j.out.Top = append(j.out.Top, top)
		}
		if j.endsWith(id) {
			break
		}
	}
	if j.request.OnTokens != nil && len(j.out.Tokens) > from {
		j.request.OnTokens(&j.out, from)
	}
}

func (j *job) endsWith(id int32) bool {
	switch {
	case slices.Contains(j.request.Stop, id):
		j.end(Stop)
	case j.request.Ends != nil && j.request.Ends(j.out.Tokens):
		j.end(Stop)
	case j.remaining() == 0:
		j.end(Length)
	}
	return j.ended
}

func (j *job) end(why Finish) {
	if !j.ended {
		j.out.Finish, j.ended = why, true
	}
}

// uniform is the number in [0, 1) that draws the next token but i: a function of the row's seed and the token's place alone, so
// that neither the batch nor the way decoding is cut into calls matters.
func (j *job) uniform(i int) float32 {
	x := j.request.Seed ^ mix(uint64(len(j.out.Tokens)+i)+0x9e3779b97f4a7c15)
	return float32(mix(x)>>40) / (1 << 24)
}

// RowSeed derives the seed of one of several rows, by SplitMix64: rows of one call differ, and each can be drawn again.
func RowSeed(seed uint64, row int) uint64 { return mix(seed + 0x9e3779b97f4a7c15*uint64(row)) }

// mix is a step of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
