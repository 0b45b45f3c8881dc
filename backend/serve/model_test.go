package serve

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
)

// TestModel serves a real tiny model: a greedy response, whole and streamed, is the reference's.
func TestModel(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a model's programs")
	}
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	loop, err := engine.New(m, f.Config).Start(f.Weights, engine.Options{Slots: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	s := mustNew(t, Options{Name: "tiny", Engine: loop, Config: f.Config, Log: slog.New(slog.DiscardHandler)})
	prompt := tokensOf(f.JSON["ids"].([]any)[0])
	want := tokensOf(f.JSON["greedy"].(map[string]any)["tokens"].([]any)[0])
	ids, err := json.Marshal(prompt)
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"prompt":%s,"temperature":0,"max_tokens":%d,"return_token_ids":true`, ids, len(want))
	for _, rest := range []string{`}`, `,"stream":true}`} {
		w := post(s.Handler(), "/v1/completions", body+rest)
		if got := sentTokens(t, w.Body.String()); w.Code != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("%s: status %d, tokens %v, want %v", rest, w.Code, got, want)
		}
	}
}

func tokensOf(list any) []int32 {
	var out []int32
	for _, id := range list.([]any) {
		out = append(out, int32(id.(float64)))
	}
	return out
}

// sentTokens reads the token ids of an answer or of all chunks of a stream.
func sentTokens(t *testing.T, body string) []int32 {
	t.Helper()
	var out []int32
	for line := range strings.SplitSeq(strings.TrimSuffix(body, "data: [DONE]\n\n"), "\n\n") {
		var answer struct {
			Choices []struct {
				TokenIDs []int32 `json:"token_ids"`
			}
		}
		if line == "" {
			continue
		}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &answer); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		for _, c := range answer.Choices {
			out = append(out, c.TokenIDs...)
		}
	}
	return out
}
