// Package engine generates text: it samples responses for many prompts at once on a mesh, with a key-value cache, and returns
// each sampled token's log-prob. It knows token ids only; text is the tokenizer's business.
//
// Prompts are left-padded to a common length, the cache is filled by one program (prefill) and then extended by another
// (decode), a While loop on the devices that stops when every row has ended. Both read the trainer's own weights, so there
// is nothing to synchronise after an update.
package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// Request asks for one response.
type Request struct {
	// Prompt token ids; at least one.
	Prompt []int32
	// Seed of this row's randomness. Equal prompt, seed and weights give equal tokens whatever else is in the batch.
	Seed uint64
	// Temperature divides the logits; 0 decodes greedily.
	Temperature float64
}

// Finish tells why a response ended.
type Finish string

const (
	Stop   Finish = "stop"   // a stop token was sampled; it is the response's last token
	Length Finish = "length" // MaxNewTokens were sampled
)

// Generation is one response.
type Generation struct {
	// Tokens are the sampled ids, with the stop token if there was one.
	Tokens []int32
	// LogProbs[t] is the log-prob, in nats, of Tokens[t] under softmax(logits/Temperature) over the whole vocabulary (under
	// softmax(logits) when greedy).
	LogProbs []float32
	Finish   Finish
}

// Options bound a call of Generate. The zero value of each field takes its documented default.
type Options struct {
	MaxNewTokens int     // default 256
	Stop         []int32 // ids that end a response, e.g. the tokenizer's end-of-sequence ids
	MaxRows      int     // rows decoded at once; default 256. Less needs less memory for the cache.
	ChunkTokens  int     // tokens a row may gain between two looks at the context; default 64
	// Done, if set, is called after each finished batch with the number of finished and of all requests.
	Done func(finished, all int)
}

func (o Options) withDefaults() Options {
	if o.MaxNewTokens == 0 {
		o.MaxNewTokens = 256
	}
	if o.MaxRows == 0 {
		o.MaxRows = 256
	}
	if o.ChunkTokens == 0 {
		o.ChunkTokens = 64
	}
	return o
}

// promptBucket is what prompt lengths are rounded up to, so that few shapes are compiled.
const promptBucket = 16

// Engine compiles and keeps the generation programs of one model shape.
type Engine struct {
	mesh *mesh.Mesh
	cfg  decoder.Config

	mu       sync.Mutex
	programs map[shape]programs
}

// shape is what the compiled programs depend on beside the number of rows.
type shape struct{ prompt, response, stops int }

type programs struct{ prefill, decode *mesh.Program }

// New returns an engine for models of the given configuration. Nothing is compiled yet.
func New(m *mesh.Mesh, cfg decoder.Config) *Engine {
	return &Engine{mesh: m, cfg: cfg, programs: map[shape]programs{}}
}

// Generate samples one response a request, in the order of the requests. It stops with ctx's error within ChunkTokens tokens
// once ctx is done.
func (e *Engine) Generate(ctx context.Context, weights []*mesh.Array, requests []Request, opt Options) ([]Generation, error) {
	opt = opt.withDefaults()
	if err := e.check(requests, opt); err != nil {
		return nil, err
	}
	// Rows of like length share a batch, so that padding is short.
	order := make([]int, len(requests))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(requests[a].Prompt) - len(requests[b].Prompt) })

	out := make([]Generation, len(requests))
	finished := 0
	for batch := range slices.Chunk(order, opt.MaxRows) {
		rows := make([]Request, len(batch))
		for i, at := range batch {
			rows[i] = requests[at]
		}
		got, err := e.generateBatch(ctx, weights, rows, opt, min(opt.MaxRows, len(order)))
		if err != nil {
			return nil, fmt.Errorf("generate: %w", err)
		}
		for i, at := range batch {
			out[at] = got[i]
		}
		if finished += len(batch); opt.Done != nil {
			opt.Done(finished, len(order))
		}
	}
	return out, nil
}

func (e *Engine) check(requests []Request, opt Options) error {
	if opt.MaxNewTokens < 0 || opt.MaxRows < 0 || opt.ChunkTokens < 0 {
		return fmt.Errorf("generate: want non-negative options, got %+v", opt)
	}
	for i, r := range requests {
		if len(r.Prompt) == 0 {
			return fmt.Errorf("generate: the prompt of request %d is empty", i)
		}
		if r.Temperature < 0 {
			return fmt.Errorf("generate: request %d has temperature %g, want 0 or more", i, r.Temperature)
		}
		for _, id := range r.Prompt {
			if id < 0 || int(id) >= e.cfg.VocabSize {
				return fmt.Errorf("generate: request %d holds token %d, the vocabulary has %d", i, id, e.cfg.VocabSize)
			}
		}
		if all := len(r.Prompt) + opt.MaxNewTokens; e.cfg.MaxPositions > 0 && all > e.cfg.MaxPositions {
			return fmt.Errorf("generate: request %d may need %d positions (%d prompt + %d new), the model has %d: shorten the prompt or lower MaxNewTokens",
				i, all, len(r.Prompt), opt.MaxNewTokens, e.cfg.MaxPositions)
		}
	}
	return nil
}

// generateBatch decodes up to one batch of rows, padded to fullRows so that a last, smaller batch compiles nothing new.
func (e *Engine) generateBatch(ctx context.Context, weights []*mesh.Array, rows []Request, opt Options, fullRows int) ([]Generation, error) {
	in := packRows(rows, opt, e.mesh.RoundUp(fullRows))
	progs, err := e.compiled(shape{in.prompt, opt.MaxNewTokens, max(1, len(opt.Stop))})
	if err != nil {
		return nil, err
	}
	prompt, err := in.uploadPrompt(e.mesh)
	if err != nil {
		return nil, err
	}
	filled, err := progs.prefill.Run(ctx, append(slices.Clone(weights), prompt...)...)
	release(prompt)
	if err != nil {
		return nil, err
	}
	state, err := in.newState(e.mesh, filled)
	if err != nil {
		return nil, err
	}
	defer state.release()
	if err := e.decode(ctx, progs.decode, weights, state, in, opt.ChunkTokens); err != nil {
		return nil, err
	}
	return collect(state, rows, opt)
}

// decode extends the responses until every row has ended or is full, looking at ctx between chunks.
func (e *Engine) decode(ctx context.Context, prog *mesh.Program, weights []*mesh.Array, state *loopState, in *packed, chunk int) error {
	for column, last := in.prompt, in.prompt+in.response; column < last; {
		next := min(column+chunk, last)
		limits, err := bounds(e.mesh, column, next)
		if err != nil {
			return err
		}
		out, err := prog.Run(ctx, slices.Concat(limits, state.written, state.read, weights)...)
		release(limits)
		if err != nil {
			return err
		}
		state.written, column = out[1:], next
		ended, err := out[0].ToBool()
		out[0].Release()
		if err != nil {
			return err
		}
		if ended[0] {
			return nil
		}
	}
	return nil
}

// collect reads the sampled tokens and log-probs and cuts each row after its stop token.
func collect(state *loopState, rows []Request, opt Options) ([]Generation, error) {
	tokens, err := state.tokens().ToInt32()
	if err != nil {
		return nil, err
	}
	logProbs, err := state.logProbs().ToFloat32()
	if err != nil {
		return nil, err
	}
	out := make([]Generation, len(rows))
	for i := range out {
		row, end, finish := tokens[i*opt.MaxNewTokens:][:opt.MaxNewTokens], opt.MaxNewTokens, Length
		if at := slices.IndexFunc(row, func(id int32) bool { return slices.Contains(opt.Stop, id) }); at >= 0 {
			end, finish = at+1, Stop
		}
		out[i] = Generation{slices.Clone(row[:end]), slices.Clone(logProbs[i*opt.MaxNewTokens:][:end]), finish}
	}
	return out, nil
}

func release(arrays []*mesh.Array) {
	for _, a := range arrays {
		a.Release()
	}
}

// uniforms draws one number in [0, 1) a step from the row's own stream.
func uniforms(seed uint64, n int) []float32 {
	r := rand.New(rand.NewPCG(seed, 0x5851f42d4c957f2d))
	u := make([]float32, n)
	for i := range u {
		u[i] = r.Float32()
	}
	return u
}
