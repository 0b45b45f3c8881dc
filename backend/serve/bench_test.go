package serve

import (
	"context"
	"testing"

	"github.com/dcpo-go/godcpo/backend/engine"
)

// instant tells of all tokens of a response one by one, without delay.
type instant struct{ tokens []int32 }

func (e instant) Submit(_ context.Context, r engine.Request) (engine.Generation, error) {
	all := engine.Generation{Tokens: e.tokens, LogProbs: make([]float32, len(e.tokens))}
	for i := range e.tokens {
		part := engine.Generation{Tokens: all.Tokens[:i+1], LogProbs: all.LogProbs[:i+1]}
		if r.Ends != nil {
			r.Ends(part.Tokens)
		}
		r.OnTokens(&part, i)
	}
	all.Finish = engine.Length
	return all, nil
}

func (instant) Stats() engine.Stats { return engine.Stats{Slots: 1} }

// BenchmarkChat measures what the server adds to the engine's work, a token.
func BenchmarkChat(b *testing.B) {
	opt := letterOptions(b, &fakeEngine{})
	opt.Config.MaxPositions = 1 << 16
	tokens := make([]int32, 4096)
	for i := range tokens {
		tokens[i] = int32(3 + i%26)
	}
	opt.Engine = instant{tokens}
	s := mustNew(b, opt)
	for name, fields := range map[string]string{"whole": ``, "stream": `,"stream":true`, "logprobs": `,"stream":true,"logprobs":true,"stop":["zz","stop"]`} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if w := post(s.Handler(), "/v1/chat/completions", userSays(fields)); w.Code != 200 {
					b.Fatal(w.Body)
				}
			}
			b.ReportMetric(float64(b.N*len(tokens))/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
