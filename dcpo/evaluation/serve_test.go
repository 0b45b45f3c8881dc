package evaluation

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/serve"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/datasets"
)

// TestOwnServer asks the whole of MATH-500 four times of a tiny model of random weights behind our own server. GODCPO_TEST_SLOW must be set.
func TestOwnServer(t *testing.T) {
	if os.Getenv("GODCPO_TEST_SLOW") == "" {
		t.Skip("takes minutes: set GODCPO_TEST_SLOW")
	}
	shared := filepath.Join("..", "..", "..", "shared")
	tok, template, err := tokenizer.Load(filepath.Join(shared, "tokenizers", "qwen3"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	bench, err := datasets.Open(t.Context(), "math500", datasets.Options{Dir: filepath.Join(shared, "data"), Offline: true})
	if err != nil {
		t.Skip(err)
	}
	cfg := decoder.Tiny(tok.VocabSize())
	cfg.MaxPositions = 2048
	m, err := backend.New(t.Context(), cfg, tok, backend.Options{Device: "cpu", Devices: 1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	loop, err := m.Start(engine.Options{Slots: 32})
	if err != nil {
		t.Fatal(err)
	}
	defer loop.Close()
	server, err := serve.New(serve.Options{Name: "tiny", Engine: loop, Config: m.Config, Tokenizer: tok, Template: template, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(server.Handler())
	defer s.Close()
	o := quick(t.TempDir(), s.URL, bench)
	o.Client.Timeout, o.Settings.MaxTokens = 10*time.Minute, 6
	began := time.Now()
	p, err := Run(t.Context(), o)
	if err != nil || p.Answered != 2000 {
		t.Fatalf("%+v, %v", p, err)
	}
	t.Logf("2000 answers in %v", time.Since(began).Round(time.Second))
	r, err := Open(o.Dir, MeasureOptions{NoIntervals: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%v", r)
	c := r.Methods[1].Sets[0].Counts
	if r.Missing != 0 || c.Problems != 500 || c.Answers != 2000 || c.NoConfidence != 0 || c.Tokens < 2000 {
		t.Errorf("%d missing, counts %+v", r.Missing, c)
	}
}
