package serve

import (
	"context"
	"errors"
	"net/http"

	"github.com/dcpo-go/godcpo/backend/engine"
)

// chatRequest is the body of /v1/chat/completions.
type chatRequest struct {
	*sampling
	ids []int32 // the prompt
}

// readChat reads and checks a request, its prompt included.
func (s *Server) readChat(f *fields) (*chatRequest, error) {
	if err := s.checkModel(f); err != nil {
		return nil, err
	}
	p := readSampling(f)
	c := readConversation(f)
	f.bool("logprobs", &p.logprobs)
	topGiven := f.size("top_logprobs", &p.top)
	p.readMaxTokens(f, "max_tokens")
	p.readMaxTokens(f, "max_completion_tokens") // the newer name wins
	if err := f.err(); err != nil {
		return nil, err
	}
	if err := checkRefused(f, "echo"); err != nil {
		return nil, err
	}
	if topGiven && p.top > 0 && !p.logprobs {
		return nil, badField("top_logprobs", nil, "when using `top_logprobs`, `logprobs` must be set to true.")
	}
	if err := p.check(s.opt.MaxModelLen); err != nil {
		return nil, err
	}
	if err := errors.Join(s.checkText(p), s.checkRows(1, p.n)); err != nil {
		return nil, err
	}
	ids, err := s.prompt(c)
	f.logUnknown(s.log)
	return &chatRequest{p, ids}, err
}

// readMaxTokens reads the bound of a response's length from the given field.
func (p *sampling) readMaxTokens(f *fields, name string) {
	var most int
	if f.size(name, &most) {
		p.maxTokens, p.maxTokensKey = &most, name
	}
}

// chat answers /v1/chat/completions.
func (s *Server) chat(w http.ResponseWriter, r *http.Request) error {
	f, err := s.body(w, r)
	if err != nil {
		return err
	}
	asked, err := s.readChat(f)
	if err != nil {
		return err
	}
	rows, err := s.requests(asked.ids, asked.sampling)
	if err != nil {
		return err
	}
	head := s.newHead("chatcmpl-", w)
	if asked.stream {
		return s.streamChat(w, r, asked, rows, head)
	}
	answer := chatAnswer{head: head.of("chat.completion"), SystemFingerprint: s.fingerprint, PromptTokenIDs: asked.promptIDs(asked.ids)}
	if answer.PromptLogProbs, err = s.promptLogProbsOf(r.Context(), asked.ids, asked.sampling); err != nil {
		return err
	}
	responses, err := s.wait(r.Context(), rows)
	if err != nil {
		return err
	}
	for i := range responses {
		answer.Choices = append(answer.Choices, s.chatChoice(i, &responses[i], asked.sampling))
		answer.Usage.Completion += len(responses[i].Tokens)
	}
	answer.Usage.sum(len(asked.ids))
	return s.writeJSON(w, http.StatusOK, answer)
}

// promptIDs are the prompt's tokens if they were asked for, else nil.
func (p *sampling) promptIDs(ids []int32) []int32 {
	if !p.returnIDs {
		return nil
	}
	return ids
}

// promptLogProbsOf gives the field prompt_logprobs; nil when it was not asked for.
func (s *Server) promptLogProbsOf(ctx context.Context, ids []int32, p *sampling) ([]*dictionary[promptLogProb], error) {
	if p.promptTop == nil {
		return nil, nil
	}
	scored, err := s.score(ctx, ids, *p.promptTop)
	if err != nil {
		return nil, err
	}
	return s.promptLogProbs(ids, scored, *p.promptTop), nil
}

// head is what every answer and every chunk of a stream begins with.
type head struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"` // Unix seconds
	Model   string `json:"model"`
}

func (h head) of(object string) head {
	h.Object = object
	return h
}

// chatAnswer is the whole answer to a chat.
type chatAnswer struct {
	head
	Choices           []chatChoice                 `json:"choices"`
	ServiceTier       *string                      `json:"service_tier"`
	SystemFingerprint string                       `json:"system_fingerprint"`
	Usage             usage                        `json:"usage"`
	PromptLogProbs    []*dictionary[promptLogProb] `json:"prompt_logprobs"`
	PromptTokenIDs    []int32                      `json:"prompt_token_ids"`
}

// chatChoice is one response.
type chatChoice struct {
	Index        int           `json:"index"`
	Message      chatMessage   `json:"message"`
	LogProbs     *chatLogProbs `json:"logprobs"`
	FinishReason string        `json:"finish_reason"`
	StopReason   any           `json:"stop_reason"`
	TokenIDs     []int32       `json:"token_ids"`
}

// chatMessage is the text of a response. The fields that are always null are those of OpenAI's message.
type chatMessage struct {
	Role         string  `json:"role"`
	Content      string  `json:"content"`
	Refusal      *string `json:"refusal"`
	Annotations  *string `json:"annotations"`
	Audio        *string `json:"audio"`
	FunctionCall *string `json:"function_call"`
	Reasoning    *string `json:"reasoning"`
}

func (s *Server) chatChoice(index int, g *engine.Generation, p *sampling) chatChoice {
	t := s.newTranscript(p)
	choice := chatChoice{Index: index, Message: chatMessage{Role: "assistant", Content: t.whole(g)}, LogProbs: t.chatLogProbs(g), TokenIDs: t.ids(g.Tokens)}
	choice.FinishReason, choice.StopReason = t.finish(g)
	return choice
}

// usage counts tokens.
type usage struct {
	Prompt     int      `json:"prompt_tokens"`
	Total      int      `json:"total_tokens"`
	Completion int      `json:"completion_tokens"`
	PromptMore *details `json:"prompt_tokens_details"`
	More       *details `json:"completion_tokens_details"`
}

// details of a usage, which this server does not give.
type details struct{}

// sum adds the prompt and makes the total.
func (u *usage) sum(prompt int) {
	u.Prompt += prompt
	u.Total = u.Prompt + u.Completion
}
