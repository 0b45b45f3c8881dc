package explore

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// made is a view with everything a page shows.
func made() *View {
	shares := make([]float64, 101)
	shares[50], shares[90] = 0.25, 0.75
	d := &Distribution{Decimals: 2, Shares: shares, Stated: 0.9, Outside: 0.04, Other: 0.06, Sampled: 0.5, HasSampled: true}
	moved := &Distribution{Decimals: 2, Shares: make([]float64, 101), Stated: 1, Sampled: 0.5, HasSampled: true}
	moved.Shares[10] = 1
	v := &View{Title: "made", Model: "one", Question: "1+1=", Response: "2 \xe4\xbd\xa0\nCONFIDENCE: 0.5", Confidences: d,
		Variants: []Variant{{Edit: Edit{"2", "3"}, Reasoning: "3 你\n", Confidences: moved}}}
	for _, text := range []string{"2 ", "\xe4\xbd", "\xa0", "\n", "CON", "FIDENCE: ", "0.5", "<|im_end|>"} {
		t := blank(int32(len(v.Tokens)))
		t.Text, t.LogProb, t.Entropy, t.Rank = text, -1, 0.5, 2
		t.Top = []Alternative{{ID: 99, Text: "\xff", LogProb: -0.5}, {ID: t.ID, Text: text, LogProb: -1}}
		v.Tokens = append(v.Tokens, t)
	}
	v.Tokens[7].Special = true
	v.Tokens[1].Part, v.Tokens[2].Part = "你", "你"
	v.Stated = verbal.Parse(v.Response, "")
	v.Span = verbal.Span{Start: 4, End: 8}
	return v
}

func TestPageBySubstance(t *testing.T) {
	document, err := made().HTML()
	if err != nil {
		t.Fatal(err)
	}
	spans := regexp.MustCompile(`class="t[^"]* span`).FindAllString(document, -1)
	if len(spans) != 4 || strings.Count(document, " opens") < 1 || !regexp.MustCompile(`class="t special span closes"`).MatchString(document) ||
		!regexp.MustCompile(`class="t span opens"[^>]*>CON</span>`).MatchString(document) {
		t.Errorf("the outline holds %d tokens: %q", len(spans), spans)
	}
	for _, want := range []string{
		"<i>E4</i><i>BD</i></span>", "<i>A0</i>", "<i>⏎</i><br>", "some bytes of 你", "--logprob:-0.2;", "--entropy:0.167;",
		"mean 0.800, median 0.9, 5 to 95 %: 0.5 to 0.9; the answer says 0.5, which has 25.0 %", "mean 0.100 (−0.700)",
		"Left out: 4.0 % for other numbers, such as 95 or 1.7; 6.0 % for anything that is no number.", "<title>0.9: 75.00 %</title>", "&lt;|im_end|&gt;",
	} {
		if !strings.Contains(document, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, no := range []string{`name="colour-0" value="advantage"`, `name="colour-0" value="reward"`, `name="colour-0" value="difference"`, "NaN", "ZgotmplZ"} {
		if strings.Contains(document, no) {
			t.Errorf("the page has %q", no)
		}
	}
}

func TestComparisonBySubstance(t *testing.T) {
	a, b := made(), made()
	b.Model = "two"
	b.Tokens[6].LogProb = -3
	both, err := Compare(a, b)
	if err != nil {
		t.Fatal(err)
	}
	document, err := both.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"A: one", "B: two", `name="colour-0" value="difference" checked`, "log-prob −1.000 in A, −3.000 in B: −2.000"} {
		if !strings.Contains(document, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if n := strings.Count(document, "--difference:-1;"); n != 2 {
		t.Errorf("%d tokens are coloured as less likely, want one in each column", n)
	}
	if text := both.String(); !strings.Contains(text, "two, of the same answer") {
		t.Error(text)
	}
}

// The notebook's form is a frame whose document is the page, escaped.
func TestMIMEBundle(t *testing.T) {
	bundle := made().MIMEBundle()
	frame, _ := bundle["text/html"].(string)
	if !strings.HasPrefix(frame, "<iframe sandbox=\"allow-scripts\"") || strings.Count(frame, "<") != 2 || strings.Count(frame, `"`) != 8 {
		t.Errorf("%.300s", frame)
	}
	if text, _ := bundle["text/plain"].(string); !strings.Contains(text, "⟦CONFIDENCE: 0.5<|im_end|>⟧") || !strings.Contains(text, "  0.9– 75.0 % ") {
		t.Error(text)
	}
}

func TestCharacterAround(t *testing.T) {
	text := "a你\xffé"
	for _, c := range []struct {
		from, to int
		want     string
	}{{0, 1, ""}, {1, 2, "你"}, {2, 4, "你"}, {1, 4, ""}, {0, 2, "你"}, {3, 5, "你"}, {4, 5, ""}, {5, 6, "é"}, {6, 7, "é"}, {5, 7, ""}, {2, 2, ""}} {
		if got := characterAround(text, c.from, c.to); got != c.want {
			t.Errorf("[%d, %d): %q, want %q", c.from, c.to, got, c.want)
		}
	}
}

func TestQuantilesOfShares(t *testing.T) {
	d := made().Confidences
	for q, want := range map[float64]float64{0: 0.5, 0.25: 0.5, 0.26: 0.9, 1: 0.9} {
		if got := d.Quantile(q); math.Abs(got-want) > 1e-12 {
			t.Errorf("the quantile %v is %v, want %v", q, got, want)
		}
	}
}
