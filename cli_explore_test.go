package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/plugin"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
)

const (
	exploreSample = `{"step":3,"problem":"p","question":"6+1=","response":"7\nCONFIDENCE: 0.8","gold":"7","correct":true,"confidence":0.8,"rewards":{"accuracy":1,"calibration":-0.02},"answer_advantage":0.7,"confidence_advantage":-0.3}` + "\n"
	exploreHead   = `{"name":"after","task":"arithmetic","bins":20,"seed":1}` + "\n"
	exploreAnswer = `{"problem":"p","question":"6+1=","gold":"7","response":"7\nCONFIDENCE: 0.8","correct":true,"confidence":0.8,"prompt":[9,13,4,17],"tokens":[10,20,3,18,11,1],"logprobs":[-0.1,-0.2,-0.3,-0.4,-0.5,-0.6]}` + "\n"
)

func TestExploreRecords(t *testing.T) {
	dir := plotFiles(t, map[string]string{"samples.jsonl": exploreSample + exploreSample, "evaluations/step-000001.jsonl": exploreHead + exploreAnswer})
	run := func(args string) (int, string, string) {
		t.Helper()
		cmd := command(t, append([]string{"explore"}, strings.Fields(args)...)...)
		cmd.Dir = dir
		return execute(t, cmd)
	}
	status, out, errs := run("samples.jsonl --limit 1")
	if status != 0 || !strings.Contains(out, "7⏎\n⟦CONFIDENCE: 0.8⟧") || !strings.Contains(out, "reward calibration: -0.02") || !strings.Contains(errs, "1 of 2 answers shown") {
		t.Errorf("status %d, %s%s", status, out, errs)
	}
	if status, out, errs = run("evaluations/step-000001.jsonl"); status != 0 || !strings.Contains(out, "#10 #20") || !strings.Contains(out, "60.7 %") {
		t.Errorf("status %d, %s%s", status, out, errs)
	}
	if status, out, errs = run("samples.jsonl -o page.html --quiet"); status != 0 || out != "" || errs != "" {
		t.Errorf("status %d, %s%s", status, out, errs)
	}
	page, err := os.ReadFile(filepath.Join(dir, "page.html"))
	if err != nil || strings.Count(string(page), "<article") != 2 || !strings.Contains(string(page), "--advantage:-0.15;") {
		t.Errorf("%v: %.200s", err, page)
	}
}

func TestExploreUsage(t *testing.T) {
	dir := plotFiles(t, map[string]string{"a.jsonl": exploreSample, "bad.jsonl": "{}\n", "empty.jsonl": exploreHead})
	for args, want := range map[string]string{
		"":                            "accepts 1 arg",
		"missing.jsonl":               "missing.jsonl",
		"bad.jsonl":                   `line 1: it has no field "response"`,
		"empty.jsonl":                 "holds no answers",
		"a.jsonl -o page.png":         "use .html",
		"a.jsonl --replace x":         "expected OLD=NEW",
		"a.jsonl --compare x":         "need a --model",
		"a.jsonl --top 99":            "99 alternatives",
		"a.jsonl --prompt x":          "confidence.prompt",
		"a.jsonl --limit -1":          "--limit -1",
		"a.jsonl --policy last1":      "confidence policy",
		"a.jsonl --model m --top -1 ": "-1 alternatives",
	} {
		cmd := command(t, append([]string{"explore"}, strings.Fields(args)...)...)
		cmd.Dir = dir
		if status, out, errs := execute(t, cmd); status != 2 || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d, want 2 and %q: %s%s", args, status, want, out, errs)
		}
	}
}

// A model of another vocabulary than the answer's is refused by name; its own answers get a distribution, edits and a comparison.
func TestExploreWithAModel(t *testing.T) {
	if testing.Short() {
		t.Skip("programs compile slowly")
	}
	model := shared(t, "fixtures", "models", "qwen3_tiny")
	cmd := withDevices(t, "explore", "a.jsonl", "--model", model)
	if err := os.WriteFile(filepath.Join(cmd.Dir, "a.jsonl"), []byte(exploreHead+exploreAnswer), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := execute(t, cmd); status != 1 || !strings.Contains(errs, "line 2") || !strings.Contains(errs, "no tokenizer") {
		t.Errorf("status %d: %s", status, errs)
	}
	dir := exploreModel(t)
	cmd = withDevices(t, "explore", "a.jsonl", "--model", dir, "--compare", dir, "--replace", "7=8", "--replace", "5=6", "--decimals", "1", "-o", "page.html")
	if err := os.WriteFile(filepath.Join(cmd.Dir, "a.jsonl"), []byte(exploreHead+exploreAnswer), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := execute(t, cmd); status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	page, err := os.ReadFile(filepath.Join(cmd.Dir, "page.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`value="difference" checked`, "with &#34;8&#34; in place of &#34;7&#34;", "No what-if for &#34;5&#34;", "to 1 decimals", "(0.000)"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(string(page), "<svg"); n != 3 {
		t.Errorf("%d charts, want those of both models and of one edit", n)
	}
}

// exploreModel saves a random character model.
func exploreModel(t *testing.T) string {
	t.Helper()
	tok, err := tokenizer.NewChars(arithmetic.Alphabet, arithmetic.ConfidencePiece)
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.NewTiny(t.Context(), tok, backend.Options{Device: plugin.CPU, Seed: 1})
	if err != nil {
		t.Skipf("no PJRT devices: %v", err)
	}
	defer m.Release()
	dir := filepath.Join(t.TempDir(), "model")
	if err := m.Save(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}
