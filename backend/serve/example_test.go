package serve_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/serve"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// parrot says its prompt again. A real server is given an engine.Loop.
type parrot struct{}

func (parrot) Submit(_ context.Context, r engine.Request) (engine.Generation, error) {
	return engine.Generation{Tokens: r.Prompt, LogProbs: make([]float32, len(r.Prompt)), Finish: engine.Stop}, nil
}

func (parrot) Stats() engine.Stats { return engine.Stats{Slots: 1} }

func Example() {
	tok, err := tokenizer.NewChars("helo")
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := serve.New(serve.Options{Name: "parrot", Engine: parrot{}, Tokenizer: tok, Log: slog.New(slog.DiscardHandler),
		Config: decoder.Config{VocabSize: tok.VocabSize(), MaxPositions: 32}})
	if err != nil {
		fmt.Println(err)
		return
	}
	// server.Run(ctx) would listen on 127.0.0.1:8000.
	request := httptest.NewRequest("POST", "/v1/completions", strings.NewReader(`{"prompt":"hello"}`))
	request.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	server.Handler().ServeHTTP(answer, request)
	var body struct {
		Choices []struct {
			Text   string `json:"text"`
			Finish string `json:"finish_reason"`
		} `json:"choices"`
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &body); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Code, body.Choices)
	// Output: 200 [{hello stop}]
}
