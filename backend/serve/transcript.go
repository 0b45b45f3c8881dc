package serve

import (
	"slices"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// transcript turns the tokens of one choice into what clients read.
type transcript struct {
	server  *Server
	asked   *sampling
	stream  *tokenizer.Stream
	endings []int32
	eos     []int32
	tokens  int // so far
	offset  int // code points of the tokens so far, for text_offset
}

func (s *Server) newTranscript(p *sampling) *transcript {
	return &transcript{server: s, asked: p, stream: tokenizer.NewStream(s.tok, p.text()), endings: s.endings(p), eos: s.tok.EOS()}
}

// add takes further tokens and gives the text that is certain. A token that ends the response is no part of the text unless that was asked for.
func (t *transcript) add(tokens []int32) string {
	t.tokens += len(tokens)
	if n := len(tokens); n > 0 && !t.asked.includeStop && slices.Contains(t.endings, tokens[n-1]) {
		tokens = tokens[:n-1]
	}
	return t.stream.Push(tokens...)
}

// whole gives the text of a finished response.
func (t *transcript) whole(g *engine.Generation) string { return t.add(g.Tokens) + t.stream.Flush() }

// finish gives finish_reason and stop_reason of a response whose text is complete: the stop string or the stop token asked for, null for an
// end-of-sequence token.
func (t *transcript) finish(g *engine.Generation) (reason string, stop any) {
	if text, ok := t.stream.Stopped(); ok {
		return string(engine.Stop), text
	}
	if n := len(g.Tokens); n > 0 && g.Finish == engine.Stop {
		last := g.Tokens[n-1]
		if slices.Contains(t.asked.stopIDs, last) && (t.asked.ignoreEOS || !slices.Contains(t.eos, last)) {
			return string(engine.Stop), last
		}
	}
	return string(g.Finish), nil
}

// ids are the tokens if they were asked for, else nil.
func (t *transcript) ids(tokens []int32) []int32 {
	if !t.asked.returnIDs {
		return nil
	}
	if tokens == nil {
		return []int32{}
	}
	return tokens
}
