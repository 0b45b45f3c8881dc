package serve

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/dcpo-go/godcpo/backend/engine"
)

// eventStream writes server-sent events. A client that takes none for the write timeout is given up.
type eventStream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration
	failed  error // of the first write that failed: there are no others after it
}

func (s *Server) newEventStream(w http.ResponseWriter) *eventStream {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no") // proxies pass events on at once
	w.WriteHeader(http.StatusOK)
	return &eventStream{w: w, control: http.NewResponseController(w), timeout: s.opt.WriteTimeout}
}

func (e *eventStream) send(v any) error {
	text, err := marshal(v)
	if err != nil {
		return err
	}
	return e.line(text)
}

func (e *eventStream) line(data []byte) error {
	if e.failed == nil {
		_ = e.control.SetWriteDeadline(time.Now().Add(e.timeout)) // not every writer has deadlines
		_, e.failed = e.w.Write(append(append([]byte("data: "), data...), "\n\n"...))
	}
	if e.failed == nil {
		e.failed = e.control.Flush()
	}
	return e.failed
}

// optional is a member that may be absent, which differs from null.
type optional struct {
	set   bool
	value any
}

func some(v any) optional { return optional{true, v} }

// IsZero tells encoding/json to leave the member out.
func (o optional) IsZero() bool { return !o.set }

// MarshalJSON implements json.Marshaler.
func (o optional) MarshalJSON() ([]byte, error) { return json.Marshal(o.value) }

// chunk is one event of a stream.
type chunk struct {
	head
	Choices           []any    `json:"choices"`
	Usage             optional `json:"usage,omitzero"`
	PromptTokenIDs    optional `json:"prompt_token_ids,omitzero"`
	PromptText        optional `json:"prompt_text,omitzero"`
	SystemFingerprint string   `json:"system_fingerprint,omitempty"`
}

// streamUsage counts tokens in a stream.
type streamUsage struct {
	Prompt     int `json:"prompt_tokens"`
	Total      int `json:"total_tokens"`
	Completion int `json:"completion_tokens"`
}

// news is what has come of one choice since the last chunk.
type news struct {
	index int
	engine.Generation
	text   string
	finish string // "" before the end
	stop   any
}

// chatDelta is a choice in a chat's chunk.
type chatDelta struct {
	Index        int            `json:"index"`
	Delta        map[string]any `json:"delta"`
	LogProbs     *chatLogProbs  `json:"logprobs"`
	FinishReason *string        `json:"finish_reason"`
	StopReason   optional       `json:"stop_reason,omitzero"`
	TokenIDs     optional       `json:"token_ids,omitzero"`
}

// streamChat answers a chat event by event.
func (s *Server) streamChat(w http.ResponseWriter, r *http.Request, asked *chatRequest, rows []engine.Request, h head) error {
	h = h.of("chat.completion.chunk")
	first := func(out *eventStream) error {
		for i := range rows {
			opening := chatDelta{Index: i, Delta: map[string]any{"role": "assistant", "content": ""}}
			c := chunk{head: h, Choices: []any{opening}, PromptTokenIDs: some(asked.promptIDs(asked.ids)), PromptText: some(nil)}
			if err := out.send(c); err != nil {
				return err
			}
		}
		return nil
	}
	return s.stream(w, r, &streaming{
		sampling: asked.sampling, head: h, rows: rows, promptTokens: len(asked.ids), first: first,
		choice: func(t *transcript, n *news) any {
			d := chatDelta{Index: n.index, Delta: map[string]any{"content": n.text}, LogProbs: t.chatLogProbs(&n.Generation), TokenIDs: some(t.ids(n.Tokens))}
			if n.finish != "" {
				d.FinishReason, d.StopReason = &n.finish, some(n.stop)
			}
			return d
		},
	})
}

// textDelta is a choice in a completion's chunk.
type textDelta struct {
	Index          int           `json:"index"`
	Text           string        `json:"text"`
	LogProbs       *textLogProbs `json:"logprobs"`
	FinishReason   *string       `json:"finish_reason"`
	StopReason     any           `json:"stop_reason"`
	PromptTokenIDs []int32       `json:"prompt_token_ids"`
	TokenIDs       []int32       `json:"token_ids"`
}

// streamText answers a completion request event by event.
func (s *Server) streamText(w http.ResponseWriter, r *http.Request, asked *textRequest, rows []engine.Request, h head) error {
	opened := make([]bool, len(rows))
	return s.stream(w, r, &streaming{
		sampling: asked.sampling, head: h, rows: rows, promptTokens: asked.promptTokens(), silent: asked.silent,
		choice: func(t *transcript, n *news) any {
			d := textDelta{Index: n.index, Text: n.text, TokenIDs: t.ids(n.Tokens), StopReason: n.stop, LogProbs: t.newTextLogProbs()}
			if !opened[n.index] {
				opened[n.index] = true
				which := n.index / asked.n
				text, logProbs := asked.opening(t, which)
				d.Text, d.LogProbs, d.PromptTokenIDs = text+n.text, logProbs, asked.promptIDs(asked.prompts[which].ids)
			}
			t.addText(d.LogProbs, &n.Generation)
			if n.finish != "" {
				d.FinishReason = &n.finish
			}
			return d
		},
	})
}

// streaming is a stream under way.
type streaming struct {
	*sampling
	head         head
	rows         []engine.Request
	promptTokens int
	silent       bool // end at once, with nothing generated
	first        func(*eventStream) error
	choice       func(*transcript, *news) any // a chunk's choice
	transcripts  []*transcript
	completion   int // tokens so far
}

// stream runs rows and writes their news as they come. Errors before the first event are the caller's to answer; later ones are events.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, st *streaming) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	for range st.rows {
		st.transcripts = append(st.transcripts, s.newTranscript(st.sampling))
	}
	f := newFeed()
	if st.silent {
		for i := range st.rows {
			f.put(event{row: i, end: &outcome{Generation: engine.Generation{Finish: engine.Length}}})
		}
	} else {
		var err error
		if f, err = s.start(ctx, st.rows, true); err != nil {
			return err
		}
	}
	out := s.newEventStream(w)
	if err := s.relay(ctx, out, f, st); err != nil {
		if out.failed != nil || r.Context().Err() != nil {
			return err
		}
		if err := out.send(asAPIError(err, s.log)); err != nil {
			return err
		}
	}
	return out.line([]byte("[DONE]"))
}

// relay writes all events of the rows.
func (s *Server) relay(ctx context.Context, out *eventStream, f *feed, st *streaming) error {
	if st.first != nil {
		if err := st.first(out); err != nil {
			return err
		}
	}
	for left := len(st.rows); left > 0; {
		events, err := f.take(ctx)
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.end != nil {
				left--
			}
			if err := s.tell(out, st, e, left == 0); err != nil {
				return err
			}
		}
	}
	if !st.usage {
		return nil
	}
	return out.send(chunk{head: st.head, Choices: []any{}, Usage: some(st.count()), SystemFingerprint: s.fingerprint})
}

// tell writes one event; last says that no row is left.
func (s *Server) tell(out *eventStream, st *streaming, e event, last bool) error {
	t := st.transcripts[e.row]
	n := news{index: e.row, Generation: e.part}
	if e.end != nil {
		if e.end.err != nil {
			return e.end.err
		}
		n.Generation = since(&e.end.Generation, t.tokens)
	}
	n.text = t.add(n.Tokens)
	st.completion += len(n.Tokens)
	if e.end != nil {
		n.text += t.stream.Flush()
		n.finish, n.stop = t.finish(&e.end.Generation)
	} else if n.text == "" && !st.logprobs && !st.returnIDs {
		return nil // all of it is held back
	}
	c := chunk{head: st.head, Choices: []any{st.choice(t, &n)}}
	if st.usageAlways {
		c.Usage = some(st.count())
	}
	if last && !st.usage {
		c.SystemFingerprint = s.fingerprint
	}
	return out.send(c)
}

func (st *streaming) count() streamUsage {
	return streamUsage{st.promptTokens, st.promptTokens + st.completion, st.completion}
}
