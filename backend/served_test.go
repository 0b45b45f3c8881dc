package backend_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/serve"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// TestServe asks a served model, and once more when it is closed.
func TestServe(t *testing.T) {
	tok, err := tokenizer.NewChars("abc \n")
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.NewTiny(context.Background(), tok, backend.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	s, err := m.Serve(backend.ServeOptions{Options: serve.Options{Name: "letters"}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() (text string, status int, err error) {
		r, err := http.Post(s.URL+"/v1/completions", "application/json", strings.NewReader(`{"model": "letters", "prompt": "ab", "max_tokens": 3, "temperature": 0}`))
		if err != nil {
			return "", 0, err
		}
		defer r.Body.Close()
		var answer struct{ Choices []struct{ Text string } }
		if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
			return "", 0, err
		}
		for _, c := range answer.Choices {
			text += c.Text
		}
		return text, r.StatusCode, nil
	}
	served, status, err := ask()
	if err != nil || status != http.StatusOK {
		t.Fatalf("status %d, %v", status, err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if _, _, err := ask(); err == nil {
		t.Error("it answers after Close")
	}
	direct, err := m.Generate(context.Background(), [][]int32{tok.Encode("ab")}, backend.Sampling{MaxNewTokens: 3, Greedy: true})
	if err != nil {
		t.Fatal(err)
	}
	if direct[0].Text != served {
		t.Errorf("served %q, generated %q", served, direct[0].Text)
	}
	if _, err := m.Serve(backend.ServeOptions{Options: serve.Options{Addr: "nowhere:-1"}}); err == nil {
		t.Error("an impossible address is accepted")
	}
}
