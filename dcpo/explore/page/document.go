package page

import "math"

// Document is what a page shows.
type Document struct {
	Title   string
	Answers []Answer
}

// Answer is one answer of a page.
type Answer struct {
	Title    string
	Question string // any bytes
	Facts    [][2]string
	Notes    []string
	Columns  []Column // its tokens, once a model: side by side
	Colours  []Colour // what they can be coloured by; the first is chosen
	Charts   []Chart
	About    string // says what the charts show
}

// Colour is a value of tokens that they can be coloured by.
type Colour struct {
	Key   string // letters only
	Label string
	Scale string // says which colour means what
}

// Column is one model's view of the tokens.
type Column struct {
	Name   string
	Tokens []Token
}

// Token is a token of a column.
type Token struct {
	Text    string // any bytes; a special token's spelling
	ID      int32  // shown where there is no text; -1 for text that is no single token
	Special bool
	Span    bool // in the confidence span
	Opens   bool // first of the span
	Closes  bool // last of the span
	// Shades are the token's colours by key: 1 is all blue, -1 all orange, 0 none.
	Shades map[string]float64
	// Lines are said of it, best first.
	Lines []string
	// Others are what might have stood there.
	Others []Other
}

// Other is an alternative to a token.
type Other struct {
	Text        string // any bytes
	Probability float64
	Own         bool // it is the token itself
}

// Chart is a distribution over [0, 1].
type Chart struct {
	Name      string
	Text      string    // any bytes, such as the reasoning it is after; "" for none
	Shares    []float64 // of equally spaced values from 0 to 1; they sum to 1
	Mean      float64
	Quantiles [3]float64 // 5, 50 and 95 %
	Sampled   float64    // NaN for none
	Summary   string
	Original  bool // the answer's own, not a variant
}

// clamp puts a shade into [-1, 1]; what is no number has none.
func clamp(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return math.Max(-1, math.Min(1, x))
}
