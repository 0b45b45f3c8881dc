package serve

import (
	"context"
	"net/http"

	"github.com/dcpo-go/godcpo/backend/engine"
)

// defaultMaxTokens bounds the responses of /v1/completions that ask for no bound, as OpenAI documents it.
const defaultMaxTokens = 16

// textRequest is the body of /v1/completions.
type textRequest struct {
	*sampling
	prompts []textPrompt
	echo    bool              // begin the text with the prompt
	silent  bool              // max_tokens 0 with echo: nothing is generated
	scored  [][]engine.Scored // of each prompt; nil unless echo or prompt_logprobs need it
}

// readText reads and checks a request.
func (s *Server) readText(f *fields) (*textRequest, error) {
	if err := s.checkModel(f); err != nil {
		return nil, err
	}
	p := readSampling(f)
	t := &textRequest{sampling: p}
	p.logprobs = f.size("logprobs", &p.top)
	f.bool("echo", &t.echo)
	special := true
	f.bool("add_special_tokens", &special)
	p.readMaxTokens(f, "max_tokens")
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := checkRefused(f); err != nil {
		return nil, err
	}
	if most := defaultMaxTokens; p.maxTokens == nil {
		p.maxTokens, p.maxTokensKey = &most, "max_tokens"
	}
	if t.echo && *p.maxTokens == 0 {
		one := 1
		t.silent, p.maxTokens = true, &one
	}
	if err := p.check(s.opt.MaxModelLen); err != nil {
		return nil, err
	}
	if err := s.checkText(p); err != nil {
		return nil, err
	}
	var err error
	if t.prompts, err = s.readPrompts(f, special); err != nil {
		return nil, err
	}
	f.logUnknown(s.log)
	return t, s.checkRows(len(t.prompts), p.n)
}

// scorePrompts fills scored where the request needs it.
func (t *textRequest) scorePrompts(ctx context.Context, s *Server) error {
	top := 0
	switch {
	case t.promptTop != nil:
		top = *t.promptTop
	case !t.echo || !t.logprobs:
		return nil
	}
	if t.echo && t.logprobs {
		top = max(top, t.top)
	}
	for _, p := range t.prompts {
		scored, err := s.score(ctx, p.ids, top)
		if err != nil {
			return err
		}
		t.scored = append(t.scored, scored)
	}
	return nil
}

// completions answers /v1/completions.
func (s *Server) completions(w http.ResponseWriter, r *http.Request) error {
	f, err := s.body(w, r)
	if err != nil {
		return err
	}
	asked, err := s.readText(f)
	if err != nil {
		return err
	}
	var rows []engine.Request
	for _, p := range asked.prompts {
		more, err := s.requests(p.ids, asked.sampling)
		if err != nil {
			return err
		}
		rows = append(rows, more...)
	}
	if err := asked.scorePrompts(r.Context(), s); err != nil {
		return err
	}
	head := s.newHead("cmpl-", w).of("text_completion")
	if asked.stream {
		return s.streamText(w, r, asked, rows, head)
	}
	responses := make([]engine.Generation, len(rows))
	if asked.silent {
		for i := range responses {
			responses[i].Finish = engine.Length
		}
	} else if responses, err = s.wait(r.Context(), rows); err != nil {
		return err
	}
	answer := textAnswer{head: head, SystemFingerprint: s.fingerprint}
	for i := range responses {
		answer.Choices = append(answer.Choices, s.textChoice(i, &responses[i], asked))
		answer.Usage.Completion += len(responses[i].Tokens)
	}
	answer.Usage.sum(asked.promptTokens())
	return s.writeJSON(w, http.StatusOK, answer)
}

// promptTokens counts the tokens of all prompts, each once.
func (t *textRequest) promptTokens() int {
	n := 0
	for _, p := range t.prompts {
		n += len(p.ids)
	}
	return n
}

// textAnswer is the whole answer to a completion request.
type textAnswer struct {
	head
	Choices           []textChoice `json:"choices"`
	ServiceTier       *string      `json:"service_tier"`
	SystemFingerprint string       `json:"system_fingerprint"`
	Usage             usage        `json:"usage"`
}

// textChoice is one response: choice i answers prompt i/n.
type textChoice struct {
	Index          int                          `json:"index"`
	Text           string                       `json:"text"`
	LogProbs       *textLogProbs                `json:"logprobs"`
	FinishReason   string                       `json:"finish_reason"`
	StopReason     any                          `json:"stop_reason"`
	TokenIDs       []int32                      `json:"token_ids"`
	PromptLogProbs []*dictionary[promptLogProb] `json:"prompt_logprobs"`
	PromptTokenIDs []int32                      `json:"prompt_token_ids"`
}

func (s *Server) textChoice(index int, g *engine.Generation, asked *textRequest) textChoice {
	t := s.newTranscript(asked.sampling)
	which := index / asked.n
	prompt := asked.prompts[which]
	text, logProbs := asked.opening(t, which)
	choice := textChoice{Index: index, Text: text + t.whole(g), LogProbs: logProbs, TokenIDs: t.ids(g.Tokens), PromptTokenIDs: asked.promptIDs(prompt.ids)}
	t.addText(choice.LogProbs, g)
	choice.FinishReason, choice.StopReason = t.finish(g)
	if asked.promptTop != nil {
		choice.PromptLogProbs = s.promptLogProbs(prompt.ids, asked.scored[which], *asked.promptTop)
	}
	return choice
}

// opening is what a choice begins with: the prompt when it is echoed (its text only if it was given as text), else nothing.
func (t *textRequest) opening(tr *transcript, which int) (string, *textLogProbs) {
	logProbs := tr.newTextLogProbs()
	if !t.echo {
		return "", logProbs
	}
	if t.logprobs {
		tr.addPrompt(logProbs, t.prompts[which].ids, t.scored[which])
	}
	return t.prompts[which].text, logProbs
}
