package verbal

import (
	"math"
	"strings"
	"testing"
	"unicode"
)

// TestParseLast lists what the default policy reads after the marker. want < 0
// means no confidence.
func TestParseLast(t *testing.T) {
	cases := []struct {
		after string
		want  float64
	}{
		{"0.83", .83}, {".83", .83}, {"1", 1}, {"1.0", 1}, {"0", 0}, {"0.0", 0}, {"1.", 1}, {"0.8.", .8},
		{"0.999999999999999999", 1}, {"00.5", .5}, {"0.830000", .83},
		{"\t0.31", .31}, {"\r\n0.47", .47}, {"\u00a00.6", .6}, {"\u30000.6", .6}, {"0.8   ", .8}, {"0.8\n\nDone: 7 works.", .8},
		{"0.95**", .95}, {"0.72`", .72}, {"0.4</think>", .4}, {"0.4<|im_end|>", .4}, {"0.8)", .8}, {"0.8。", .8},
		{"0.66 because I checked it twice", .66}, {"0.9 - I checked", .9}, {"0.9, as 7 fits", .9}, {"0.8 (1 is certain)", .8},
		{"1\n2", 1},
		// Out of range.
		{"1.7", -1}, {"2", -1}, {"95", -1}, {"83.5", -1}, {"1.0000001", -1}, {strings.Repeat("9", 400), -1},
		// Another number than its first digits say.
		{"83%", -1}, {"1%", -1}, {"0.5 %", -1}, {`1\%`, -1}, {"1 percent", -1}, {"0,85", -1}, {"1，5", -1}, {"0.8.3", -1}, {"1..", -1},
		{"1e-3", -1}, {"0.8e-1", -1}, {"1/2", -1}, {"1.0/1.0", -1}, {"1 / 2", -1}, {"1 out of 10", -1}, {"1 of 10", -1}, {"0.8-0.9", -1},
		{"0.8–0.9", -1}, {"0.8 - 0.9", -1}, {"0.5 to 0.7", -1}, {"0.5 or 0.7", -1}, {"0 .5", -1}, {"0.5 0.7", -1}, {"0.5 ± 0.1", -1}, {"0.9^2", -1},
		{"1x", -1}, {"0x1", -1}, {"1_0", -1}, {"0.5٥", -1}, {"**1** / 2", -1}, {"1 \\times 0.5", -1},
		// Not a plain number at all.
		{"", -1}, {"high", -1}, {"-0.5", -1}, {"+0.5", -1}, {"−0.5", -1}, {"~0.5", -1}, {".", -1}, {"..5", -1}, {"٠.٥", -1}, {"½", -1},
		{`\frac{4}{5}`, -1}, {`\boxed{0.9}`, -1}, {"<0.9>", -1}, {"NaN", -1}, {"inf", -1},
	}
	for _, c := range cases {
		text := "The answer is \\boxed{7}.\nCONFIDENCE: " + c.after
		got := Parse(text, "")
		if got != Parse(text, Last) {
			t.Errorf("%q: the zero policy differs from Last", c.after)
		}
		if got.HasConfidence != (c.want >= 0) || got.HasConfidence && got.Confidence != c.want {
			t.Errorf("%q: confidence %v, %v (%s), want %v", c.after, got.Confidence, got.HasConfidence, got.Problem, c.want)
		}
		checkStated(t, text, got)
	}
}

// checkStated holds for every result, whatever the policy.
func checkStated(t *testing.T, text string, s Stated) {
	t.Helper()
	if s.HasConfidence != (s.Problem == "") {
		t.Errorf("%q: HasConfidence is %v and Problem %q", text, s.HasConfidence, s.Problem)
	}
	if s.End != len(text) || s.Start < 0 || s.Start > s.NumberStart || s.NumberStart > s.NumberEnd || s.NumberEnd > s.End {
		t.Fatalf("%q: offsets out of order: %+v", text, s)
	}
	if !s.HasConfidence {
		if s.Start != len(text) || s.Confidence != 0 {
			t.Errorf("%q: without confidence the part must be empty and the number 0, got %+v", text, s)
		}
		return
	}
	if !strings.HasPrefix(text[s.Start:], "CONFIDENCE:") || s.NumberStart == s.NumberEnd {
		t.Errorf("%q: the part is %q and the number %q", text, text[s.Start:s.End], text[s.NumberStart:s.NumberEnd])
	}
	if math.IsNaN(s.Confidence) || math.IsInf(s.Confidence, 0) {
		t.Errorf("%q: confidence %v is not finite", text, s.Confidence)
	}
}

func TestParseWhichMatch(t *testing.T) {
	const two = "<think>CONFIDENCE: 0.1</think>\\boxed{7}\nCONFIDENCE: 0.9"
	cases := []struct {
		name, text string
		policy     Policy
		want       float64
		start      int // -1: none
	}{
		{"last of two", two, Last, .9, strings.LastIndex(two, "CONFIDENCE")},
		{"reference takes the first", two, Reference, .1, strings.Index(two, "CONFIDENCE")},
		{"a bad last one is not replaced by an earlier one", "CONFIDENCE: 0.3\nCONFIDENCE: 95", Last, 0, -1},
		{"nor a negative one", "CONFIDENCE: 0.3\nCONFIDENCE: -0.5", Last, 0, -1},
		{"a later mention without a number does not count", "CONFIDENCE: 0.3\n(the CONFIDENCE: line is above)", Last, .3, 0},
		{"marker after marker", "CONFIDENCE: CONFIDENCE: 0.4", Last, .4, 12},
		{"lower case is not the marker", "confidence: 0.8", Last, 0, -1},
		{"full-width colon is not the marker", "CONFIDENCE：0.83", Last, 0, -1},
		{"reference keeps 95", "CONFIDENCE: 95", Reference, 95, 0},
		{"reference keeps 95%", "CONFIDENCE: 95%", Reference, 95, 0},
		{"invalid UTF-8 around it", "\xff\xe4\xbdCONFIDENCE: 0.5 \xe4", Last, .5, 3},
		{"empty", "", Last, 0, -1},
		{"unknown policy", "CONFIDENCE: 0.5", "first", 0, -1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := Parse(c.text, c.policy)
			checkStated(t, c.text, got)
			if got.HasConfidence != (c.start >= 0) {
				t.Fatalf("HasConfidence is %v (%s)", got.HasConfidence, got.Problem)
			}
			if c.start >= 0 && (got.Confidence != c.want || got.Start != c.start) {
				t.Errorf("got %v at %d, want %v at %d", got.Confidence, got.Start, c.want, c.start)
			}
		})
	}
}

func TestSpanStart(t *testing.T) {
	s := Parse("x\nCONFIDENCE:  0.5", Last)
	if got := s.SpanStart(SpanLine); got != 2 {
		t.Errorf("line: %d, want 2", got)
	}
	if got := s.SpanStart(""); got != 2 {
		t.Errorf("zero value: %d, want 2", got)
	}
	if got := s.SpanStart(SpanNumber); got != 15 {
		t.Errorf("number: %d, want 15", got)
	}
}

func TestValidate(t *testing.T) {
	for _, p := range []Policy{"", Last, Reference} {
		if err := p.Validate(); err != nil {
			t.Errorf("policy %q: %v", p, err)
		}
	}
	if err := Policy("first").Validate(); err == nil || !strings.Contains(err.Error(), `"last"`) {
		t.Errorf("policy first: error %v does not name the choices", err)
	}
	for _, m := range []SpanMode{"", SpanLine, SpanNumber} {
		if err := m.Validate(); err != nil {
			t.Errorf("span %q: %v", m, err)
		}
	}
	if err := SpanMode("word").Validate(); err == nil {
		t.Error("span mode word was accepted")
	}
}

// TestInstruction: a model that repeats the instruction has not stated anything.
func TestInstruction(t *testing.T) {
	for _, p := range []Policy{Last, Reference} {
		if s := Parse(Ask("What is 3 + 4?"), p); s.HasConfidence {
			t.Errorf("%s reads %v from the instruction itself", p, s.Confidence)
		}
	}
	if !strings.Contains(Instruction, `\boxed{}`) || strings.ContainsRune(Instruction, '\b') {
		t.Errorf("the instruction must ask for \\boxed{} literally: %q", Instruction)
	}
}

// TestDigitRows pins the layout that asciiDigit relies on.
func TestDigitRows(t *testing.T) {
	for _, row := range unicode.Nd.R16 {
		if row.Stride != 1 || (row.Hi-row.Lo+1)%10 != 0 {
			t.Errorf("digits %x-%x are not whole rows", row.Lo, row.Hi)
		}
	}
	for _, row := range unicode.Nd.R32 {
		if row.Stride != 1 || (row.Hi-row.Lo+1)%10 != 0 {
			t.Errorf("digits %x-%x are not whole rows", row.Lo, row.Hi)
		}
	}
	if got := asciiDigits("٣.१𝟗7"); got != "3.197" {
		t.Errorf("asciiDigits gave %q", got)
	}
}

// FuzzParse checks the promises of Stated and, for the default policy, that the
// number read is exactly the one the text spells out.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "CONFIDENCE: 0.83", "CONFIDENCE:1.", "CONFIDENCE: 1.7", "CONFIDENCE: 0,85", "CONFIDENCE: 83%", "CONFIDENCE: ٠.٥",
		"a\xffCONFIDENCE:\u2003.5CONFIDENCE:", "CONFIDENCE: 0.8.3", "CONFIDENCE: 1e-3", "CONFIDENCE: 0 .5", "CONFIDENCE: -1", "CONFIDENCE: 0.5\\%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last, first := Parse(text, Last), Parse(text, Reference)
		checkStated(t, text, last)
		checkStated(t, text, first)
		if !last.HasConfidence {
			return
		}
		if last.Confidence < 0 || last.Confidence > 1 {
			t.Errorf("%q: %v is outside [0, 1]", text, last.Confidence)
		}
		// Where the default policy reads a number the reference finds some match
		// too, at the same place or earlier.
		if !first.HasConfidence || first.Start > last.Start {
			t.Errorf("%q: reference %+v, last %+v", text, first, last)
		}
		if end := last.NumberEnd; end < len(text) && (isASCIIDigit(text[end]) || text[end] == '%' || text[end] == ',' && end+1 < len(text) && isASCIIDigit(text[end+1])) {
			t.Errorf("%q: the number goes on after %q", text, text[last.NumberStart:end])
		}
	})
}
