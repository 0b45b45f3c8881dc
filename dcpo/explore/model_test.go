package explore

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/plugin"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// tiny is one random character model for all tests.
var tiny = sync.OnceValues(func() (*backend.Model, error) {
	tok, err := tokenizer.NewChars(arithmetic.Alphabet, arithmetic.ConfidencePiece)
	if err != nil {
		return nil, err
	}
	return backend.NewTiny(context.Background(), tok, backend.Options{Device: plugin.CPU, Seed: 5})
})

func tinyModel(t *testing.T) *backend.Model {
	t.Helper()
	m, err := tiny()
	if err != nil {
		t.Skipf("no PJRT devices: %v", err)
	}
	return m
}

// writesNumber is what a reader takes for a confidence: independent of the enumeration.
var writesNumber = regexp.MustCompile(`^([01]?)(?:\.(\d*))?$`)

// bruteForce asks for the probability of every token of the vocabulary after every beginning of a number, and books what stands there by
// reading the finished text.
func bruteForce(t *testing.T, m *backend.Model, prefix []int32, score probability) (shares map[int]float64, outside, other float64) {
	t.Helper()
	shares = map[int]float64{}
	type open struct {
		ids  []int32
		text string
		p    float64
	}
	vocab := m.Config.VocabSize
	for level := []open{{}}; len(level) > 0; {
		var next []open
		for _, o := range level {
			p := 1.0
			if len(o.ids) > 0 {
				p = o.p
			}
			sequences := make([][]int32, vocab)
			for id := range sequences {
				sequences[id] = slices.Concat(prefix, o.ids, []int32{int32(id)})
			}
			logProbs, err := score(context.Background(), sequences)
			if err != nil {
				t.Fatal(err)
			}
			for id, l := range logProbs {
				piece, _ := m.Tokenizer.DecodeOffsets([]int32{int32(id)})
				q, text := p*math.Exp(l), o.text+piece
				_, decimals, _ := strings.Cut(o.text, ".")
				goesOn := piece != "" && strings.Trim(piece, "0123456789") == "" || piece == "." && !strings.Contains(o.text, ".")
				switch {
				case goesOn && len(decimals) < 2 && writesNumber.MatchString(text):
					next = append(next, open{append(slices.Clone(o.ids), int32(id)), text, q})
				case goesOn && piece != "." && len(decimals) < 2:
					outside += q
				case o.text == "" || o.text == ".":
					other += q
				default:
					value, err := strconv.ParseFloat(strings.TrimSuffix(o.text, "."), 64)
					if err != nil {
						t.Fatal(err)
					}
					if value > 1 {
						outside += q
					} else {
						shares[int(math.Round(100*value))] += q
					}
				}
			}
		}
		// Two decimals are enough: what follows changes nothing.
		level = level[:0]
		for _, o := range next {
			whole, decimals, _ := strings.Cut(o.text, ".")
			value, _ := strconv.ParseFloat(o.text, 64)
			switch {
			case whole == "1" && strings.Trim(decimals, "0") != "":
				outside += o.p
			case len(decimals) == 2:
				shares[int(math.Round(100*value))] += o.p
			case o.p > 0 && strings.Trim(o.text, ".") == "" && o.text != ".":
				other += o.p
			default:
				level = append(level, o)
			}
		}
	}
	return shares, outside, other
}

// agree compares a distribution with brute force.
func agree(t *testing.T, d *Distribution, shares map[int]float64, outside, other float64) {
	t.Helper()
	const tolerance = 2e-5 // float32 log-probs, and what was too small to follow
	all := outside + other
	for i, share := range d.Shares {
		if math.Abs(share*d.Stated-shares[i]) > tolerance {
			t.Errorf("the probability of %v is %v, by brute force %v", d.Value(i), share*d.Stated, shares[i])
		}
		all += shares[i]
	}
	if math.Abs(d.Outside-outside) > tolerance || math.Abs(d.Other-other) > tolerance || math.Abs(all-1) > 1e-4 {
		t.Errorf("outside %v and other %v, by brute force %v and %v (all %v)", d.Outside, d.Other, outside, other, all)
	}
}

func TestEqualsBruteForceOnCharacters(t *testing.T) {
	m := tinyModel(t)
	v, err := Answer(context.Background(), m, "12+7=", "19\nCONFIDENCE: 0.7", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if d := v.Confidences; d.Sampled != 0.7 || !d.HasSampled || d.Unfollowed > 1e-4 || d.Stated < 1e-4 {
		t.Errorf("%+v", d)
	}
	prefix := m.Tokenizer.Encode("12+7=19\nCONFIDENCE: ")
	if !slices.Equal(v.place.prefix(), prefix) || v.place.lead != "" {
		t.Errorf("the number stands after %v and %q, want %v", v.place.prefix(), v.place.lead, prefix)
	}
	if testing.Short() {
		t.Skip("brute force is slow")
	}
	shares, outside, other := bruteForce(t, m, prefix, lastTokens(m, defaultBatchTokens))
	agree(t, v.Confidences, shares, outside, other)
}

// Tokens equal those of the model's other ways of scoring, the span is verbal's, and shape and alternatives are as asked.
func TestTokens(t *testing.T) {
	m := tinyModel(t)
	ids := append(m.Tokenizer.Encode("19\nCONFIDENCE: 0.7"), m.Tokenizer.EOS()[0])
	prompt, err := m.Prompt("12+7=")
	if err != nil {
		t.Fatal(err)
	}
	v, err := AnswerTokens(context.Background(), m, prompt, ids, Options{Top: 3, NoDistribution: true})
	if err != nil {
		t.Fatal(err)
	}
	stated := verbal.Parse("19\nCONFIDENCE: 0.7", "")
	_, ends := m.Tokenizer.DecodeOffsets(ids)
	if v.Stated != stated || v.Span != verbal.TokenSpan(stated.Start, ends) || v.Confidences != nil {
		t.Errorf("stated %+v, span %+v", v.Stated, v.Span)
	}
	one := lastTokens(m, defaultBatchTokens)
	for i, tok := range v.Tokens {
		got, err := one(context.Background(), [][]int32{slices.Concat(prompt, ids[:i+1])})
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(got[0]-tok.LogProb) > 1e-4 {
			t.Errorf("token %d: log-prob %v, alone %v", i, tok.LogProb, got[0])
		}
		if len(tok.Top) != 3 || tok.Rank < 1 || tok.Rank <= 3 != slices.ContainsFunc(tok.Top, func(a Alternative) bool { return a.ID == tok.ID && math.Abs(a.LogProb-tok.LogProb) < 1e-4 }) {
			t.Errorf("token %d: rank %d, alternatives %+v", i, tok.Rank, tok.Top)
		}
		if tok.Entropy < 0 || tok.Entropy > math.Log(float64(m.Config.VocabSize))+1e-4 {
			t.Errorf("token %d: entropy %v", i, tok.Entropy)
		}
	}
	last := v.Tokens[len(v.Tokens)-1]
	if !last.Special || last.Text != "<eos>" || v.Tokens[2].Text != "\nCONFIDENCE: " || v.Tokens[2].Special {
		t.Errorf("the last token is %+v", last)
	}
}

// An edit that changes nothing leaves the distribution; another one moves it to that of the edited answer.
func TestWhatIf(t *testing.T) {
	ctx, m := context.Background(), tinyModel(t)
	v, err := Answer(ctx, m, "12+7=", "19\nCONFIDENCE: 0.7", Options{Decimals: 1})
	if err != nil {
		t.Fatal(err)
	}
	changed, err := WhatIf(ctx, m, v, Options{Decimals: 1}, Edit{}, Edit{"9", "9"}, Edit{"1", "20-"})
	if err != nil {
		t.Fatal(err)
	}
	if len(changed.Variants) != 3 || len(v.Variants) != 0 {
		t.Fatalf("%d variants, and %d in the original", len(changed.Variants), len(v.Variants))
	}
	other, err := Answer(ctx, m, "12+7=", "20-9\nCONFIDENCE: 0.4", Options{Decimals: 1})
	if err != nil {
		t.Fatal(err)
	}
	empty, err := Answer(ctx, m, "12+7=", "\nCONFIDENCE: 0.7", Options{Decimals: 1})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []*View{empty, v, other} {
		for k, share := range changed.Variants[i].Confidences.Shares {
			if math.Abs(share-want.Confidences.Shares[k]) > 1e-6 {
				t.Errorf("variant %d: the share of %v is %v, want %v", i, float64(k)/10, share, want.Confidences.Shares[k])
			}
		}
	}
	if math.Abs(other.Confidences.Mean()-v.Confidences.Mean()) < 1e-6 {
		t.Error("the edit did not move the mean")
	}
	if got := changed.Variants[2].Reasoning; got != "20-9" {
		t.Errorf("the edited reasoning is %q", got)
	}
	if _, err := WhatIf(ctx, m, v, Options{}, Edit{"8", "9"}); !errors.Is(err, ErrNotThere) {
		t.Errorf("an edit of what is not there: %v", err)
	}
}

// An answer that states nothing is asked only where that is wanted, and then as if it had been about to.
func TestElicit(t *testing.T) {
	ctx, m := context.Background(), tinyModel(t)
	v, err := Answer(ctx, m, "12+7=", "19", Options{Decimals: 1})
	if err != nil || v.Confidences != nil || !v.Span.Empty() {
		t.Fatalf("%v, %+v", err, v.Confidences)
	}
	if _, err := WhatIf(ctx, m, v, Options{}, Edit{}); err == nil {
		t.Error("what-if on an answer without a confidence")
	}
	asked, err := Answer(ctx, m, "12+7=", "19", Options{Decimals: 1, Elicit: "\nCONFIDENCE: "})
	if err != nil {
		t.Fatal(err)
	}
	said, err := Answer(ctx, m, "12+7=", "19\nCONFIDENCE: 0.7", Options{Decimals: 1})
	if err != nil {
		t.Fatal(err)
	}
	d := asked.Confidences
	if d == nil || d.HasSampled || d.Elicited == "" || !strings.Contains(d.Account(), "was appended") || math.Abs(d.Mean()-said.Confidences.Mean()) > 1e-6 {
		t.Errorf("%+v", d)
	}
	if _, err := Answer(ctx, m, "12+7=", "19", Options{Elicit: "Sure? "}); err == nil || !strings.Contains(err.Error(), "cannot write") {
		t.Errorf("letters outside the alphabet: %v", err)
	}
}

// A recorded evaluation is scored by its very tokens, a sample by its text, and the record's facts and credit stay.
func TestScoreRecords(t *testing.T) {
	ctx, m := context.Background(), tinyModel(t)
	opt := Options{NoDistribution: true}
	r := readOne(t, recordEvaluation)
	v, err := r.Score(ctx, m, opt)
	if err != nil {
		t.Fatal(err)
	}
	want, err := AnswerTokens(ctx, m, []int32{10, 12, 16, 11, 17}, []int32{10, 20, 3, 18, 11, 1}, opt)
	if err != nil {
		t.Fatal(err)
	}
	if v.Tokens[4].LogProb != want.Tokens[4].LogProb || len(v.Tokens) != 6 || len(v.Facts) == 0 || v.Title != "p1" || v.Question != "79%8=" {
		t.Errorf("%+v", v)
	}
	line := strings.Replace(strings.Replace(recordSample, "56 or 54", "54", 1), `"question":"q"`, `"question":"7*8="`, 1)
	r = readOne(t, line)
	if v, err = r.Score(ctx, m, opt); err != nil {
		t.Fatal(err)
	}
	if len(v.Tokens) != 7 || v.Tokens[0].Advantage != -0.9 || v.Tokens[6].Reward != -0.45 || math.IsNaN(v.Tokens[0].LogProb) || !strings.Contains(strings.Join(v.Notes, " "), "what was appended") {
		t.Errorf("%+v", v)
	}
	r = readOne(t, strings.Replace(recordEvaluation, `7\n`, `8\n`, 1))
	if _, err := r.Score(ctx, m, opt); err == nil || !strings.Contains(err.Error(), "another model's answer") {
		t.Errorf("a text that its tokens do not say: %v", err)
	}
}

func TestCompare(t *testing.T) {
	ctx, m := context.Background(), tinyModel(t)
	opt := Options{NoDistribution: true}
	a, err := Answer(ctx, m, "1+1=", "2\nCONFIDENCE: 0.9", opt)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Answer(ctx, m, "1+1=", "3\nCONFIDENCE: 0.9", opt)
	if err != nil {
		t.Fatal(err)
	}
	both, err := Compare(a, a)
	if err != nil || both.Against != a || a.Against != nil {
		t.Errorf("%v", err)
	}
	if _, err := Compare(a, b); err == nil {
		t.Error("two answers were compared token by token")
	}
}

func TestRefusals(t *testing.T) {
	ctx, m := context.Background(), tinyModel(t)
	for name, c := range map[string]struct {
		prompt, response []int32
		opt              Options
	}{
		"the prompt is empty":  {nil, []int32{5}, Options{}},
		"the vocabulary has":   {[]int32{5}, []int32{999}, Options{}},
		"alternatives":         {[]int32{5}, []int32{5}, Options{Top: 21}},
		"64 positions":         {[]int32{5}, make([]int32, 64), Options{}},
		"confidence.prompt":    {[]int32{5}, []int32{5}, Options{Ask: "x"}},
		"9 decimals: use 1":    {[]int32{5}, []int32{5}, Options{Decimals: 9}},
		"confidence policy \"": {[]int32{5}, []int32{5}, Options{Policy: "x"}},
	} {
		if _, err := AnswerTokens(ctx, m, c.prompt, c.response, c.opt); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want %q, got %v", name, err)
		}
	}
}

// TestEqualsBruteForceOnBytes reads a byte-level tokenizer of a large vocabulary beside a model of a small one: digits are tokens of
// their own, and the letters of the marker are spelled one by one, as a model may sample them.
func TestEqualsBruteForceOnBytes(t *testing.T) {
	if testing.Short() {
		t.Skip("brute force is slow")
	}
	root := filepath.Join("..", "..", "..", "shared")
	text, err := os.ReadFile(filepath.Join(root, "tokenizers", "qwen3", "tokenizer.json"))
	if err != nil {
		t.Skip("../shared/tokenizers/qwen3 is absent")
	}
	tok, err := tokenizer.ParseBPE(text)
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Open(context.Background(), filepath.Join(root, "fixtures", "models", "qwen3_tiny"), backend.Options{Device: plugin.CPU})
	if err != nil {
		t.Skipf("the reference model cannot be opened: %v", err)
	}
	defer m.Release()
	m.Tokenizer = tok
	var response []int32
	for _, r := range "7\nCONFIDENCE: 0.62" {
		response = append(response, tok.Encode(string(r))...)
	}
	v, err := AnswerTokens(context.Background(), m, tok.Encode("3"), response, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if v.Span != (verbal.Span{Start: 2, End: len(response)}) || v.Stated.Confidence != 0.62 {
		t.Errorf("span %+v, stated %+v", v.Span, v.Stated)
	}
	shares, outside, other := bruteForce(t, m, v.place.prefix(), lastTokens(m, defaultBatchTokens))
	agree(t, v.Confidences, shares, outside, other)
}
