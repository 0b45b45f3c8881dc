package explore

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

const (
	recordHead       = `{"name":"after","task":"arithmetic","bins":20,"seed":1}` + "\n"
	recordEvaluation = `{"problem":"p1","group":0,"question":"79%8=","gold":"7","response":"7\nCONFIDENCE: 0.8","answer":"7","correct":true,"reason":"same number","confidence":0.8,"truncated":false,"prompt":[10,12,16,11,17],"tokens":[10,20,3,18,11,1],"logprobs":[-0.1,-0.2,null,-0.4,-0.5,-0.6]}` + "\n"
	recordSample     = `{"step":20,"problem":"p2","group":1,"chosen":"worst","question":"q","response":"56 or 54\nCONFIDENCE: 0.95","gold":"56","answer":"54","correct":false,"confidence":0.95,"rewards":{"accuracy":0,"calibration":-0.45,"boxed":0.1},"answer_advantage":-0.9,"confidence_advantage":null,"truncated":true}` + "\n"
)

func readOne(t *testing.T, line string) Record {
	t.Helper()
	records, err := Read(strings.NewReader(line))
	if err != nil || len(records) != 1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	return records[0]
}

func view(t *testing.T, line string, tok tokenizer.Tokenizer) *View {
	t.Helper()
	r := readOne(t, line)
	v, err := r.View(tok, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func chars(t *testing.T) tokenizer.Tokenizer {
	t.Helper()
	tok, err := tokenizer.NewChars(arithmetic.Alphabet, arithmetic.ConfidencePiece)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// A saved evaluation has tokens and log-probs; the tokenizer gives them their text and the span its place.
func TestRecordedEvaluation(t *testing.T) {
	v := view(t, recordHead+recordEvaluation, chars(t))
	var texts []string
	for _, tok := range v.Tokens {
		texts = append(texts, tok.Text)
	}
	if want := []string{"7", "\nCONFIDENCE: ", "0", ".", "8", "<eos>"}; !slices.Equal(texts, want) {
		t.Errorf("tokens %q, want %q", texts, want)
	}
	if v.Span != (verbal.Span{Start: 1, End: 6}) || v.Tokens[4].LogProb != -0.5 || !math.IsNaN(v.Tokens[2].LogProb) || v.Question != "79%8=" || v.Title != "p1" || len(v.Prompt) != 5 {
		t.Errorf("%+v", v)
	}
	text := v.String()
	for _, want := range []string{"7⟦⏎\nCONFIDENCE: 0.8<eos>⟧", "right answer: 7", "verdict: right", "because: same number", "(the record)"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
}

func TestRecordWithoutOrWithAnotherTokenizer(t *testing.T) {
	other, err := tokenizer.NewChars("abcdefghijklmnopqrstuvwxyz")
	if err != nil {
		t.Fatal(err)
	}
	for name, tok := range map[string]tokenizer.Tokenizer{"No tokenizer": nil, "another model's": other} {
		v := view(t, recordEvaluation, tok)
		if len(v.Tokens) != 6 || v.Tokens[0].Text != "" || v.Tokens[4].LogProb != -0.5 || !v.Span.Empty() || v.Stated.Confidence != 0.8 || !strings.Contains(strings.Join(v.Notes, " "), name) {
			t.Errorf("%s: %+v", name, v)
		}
		if text := v.String(); !strings.Contains(text, "#10 #20") || !strings.Contains(text, "CONFIDENCE: 0.8") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// A sample has no tokens: two pieces, each with what its part earned.
func TestRecordedSample(t *testing.T) {
	v := view(t, recordSample, chars(t))
	if len(v.Tokens) != 2 || v.Span != (verbal.Span{Start: 1, End: 2}) || v.Tokens[0].Text != "56 or 54\n" || v.Tokens[1].Text != "CONFIDENCE: 0.95" {
		t.Fatalf("%+v", v.Tokens)
	}
	a, b := v.Tokens[0], v.Tokens[1]
	if a.Advantage != -0.9 || !math.IsNaN(b.Advantage) || a.Reward != 0.1 || b.Reward != -0.45 || a.ID != -1 {
		t.Errorf("%+v, %+v", a, b)
	}
	facts := fmt.Sprint(v.Facts)
	for _, want := range []string{"{step 20}", "{chosen as worst}", "{verdict wrong}", "{reward calibration -0.45}", "{length cut off by the limit}"} {
		if !strings.Contains(facts, want) {
			t.Errorf("facts %s lack %s", facts, want)
		}
	}
	// Nothing stated: the whole answer is one piece with the answer's credit; which token was the last is not known.
	v = view(t, strings.Replace(recordSample, "CONFIDENCE", "SURE", 1), nil)
	if len(v.Tokens) != 1 || !v.Span.Empty() || v.Tokens[0].Advantage != -0.9 {
		t.Errorf("%+v", v)
	}
	// With tokens, the last one carries the confidence's.
	line := strings.Replace(recordEvaluation, `7\nCONFIDENCE: 0.8`, "7", 1)
	line = strings.Replace(line, `[10,20,3,18,11,1]`, "[10,1]", 1)
	line = strings.Replace(line, `"logprobs":[-0.1,-0.2,null,-0.4,-0.5,-0.6]`, `"answer_advantage":1,"confidence_advantage":-2`, 1)
	v = view(t, line, chars(t))
	if len(v.Tokens) != 2 || v.Tokens[0].Advantage != 1 || v.Tokens[1].Advantage != -2 {
		t.Errorf("%+v", v)
	}
}

func TestReadNamesTheLine(t *testing.T) {
	for line, want := range map[string]string{
		"{":                               "line 2",
		`{"prompt":"x"}`:                  `no field "response"`,
		`{"response":"x","prompt":{}}`:    "neither text nor token ids",
		`{"response":1}`:                  "line 2",
		`{"response":"","logprobs":[-1]}`: "1 log-probs of 0 tokens",
		`{"response":"","tokens":[1],"logprobs":[0.5]}`: "expected 0 or less",
		recordHead: `no field "response"`, // a head is the first line only
	} {
		if _, err := Read(strings.NewReader("{\"response\":\"\"}\n" + line)); line != recordHead && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "line 2")) {
			t.Errorf("%s: want %q, got %v", line, want, err)
		}
	}
	both, err := Read(strings.NewReader(recordHead + recordEvaluation + "\n" + recordSample))
	if err != nil || len(both) != 2 || both[0].Line != 2 || both[1].Line != 4 {
		t.Errorf("%v, %v", both, err)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{recordHead, recordEvaluation, recordSample, `{"prompt":"a","response":"\ud800"}`, "{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		records, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, r := range records {
			v, err := r.View(nil, Options{})
			if err != nil {
				t.Fatalf("%q was read and cannot be shown: %v", text, err)
			}
			if _, err := v.HTML(); err != nil {
				t.Fatal(err)
			}
			_ = v.String()
		}
	})
}
