package verbal

import "testing"

// cut gives the byte ends of tokens; "" is a special token of zero width.
func cut(tokens ...string) (text string, ends []int) {
	for _, token := range tokens {
		text += token
		ends = append(ends, len(text))
	}
	return text, ends
}

func TestTokenSpan(t *testing.T) {
	cases := []struct {
		name   string
		tokens []string
		mode   SpanMode
		want   Span
	}{
		{"clean boundary", []string{"It is 7.", "\n", "CONF", "IDENCE", ":", " 0", ".8", ""}, SpanLine, Span{2, 8}},
		{"from the number", []string{"It is 7.", "\n", "CONF", "IDENCE", ":", " 0", ".8", ""}, SpanNumber, Span{5, 8}},
		{"newline and marker in one token", []string{"7.", "\nCONF", "IDENCE: ", "0.8"}, SpanLine, Span{1, 4}},
		{"marker and number in one token", []string{"7.\n", "CONFIDENCE: 0", ".8"}, SpanNumber, Span{1, 3}},
		{"a character split over two tokens before it", []string{"\xe4\xbd", "\xa0", "CONFIDENCE:", "0.5"}, SpanLine, Span{2, 4}},
		{"a token with the tail of a character and the marker", []string{"\xf0\x9f\x98", "\x80CON", "FIDENCE: 1"}, SpanLine, Span{1, 3}},
		{"zero-width special token just before", []string{"7", "", "CONFIDENCE: 1", ""}, SpanLine, Span{2, 4}},
		{"one token a byte", []string{"7", "C", "O", "N", "F", "I", "D", "E", "N", "C", "E", ":", "1"}, SpanNumber, Span{12, 13}},
		{"whole response", []string{"CONFIDENCE: 1"}, SpanLine, Span{0, 1}},
		{"text goes on after the line", []string{"7\n", "CONFIDENCE: 1", "\nDone"}, SpanLine, Span{1, 3}},
		{"no confidence", []string{"It is", " 7"}, SpanLine, Span{2, 2}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text, ends := cut(c.tokens...)
			stated := Parse(text, Last)
			if got := TokenSpan(stated.SpanStart(c.mode), ends); got != c.want {
				t.Errorf("span %v, want %v (part starts at byte %d, ends %v)", got, c.want, stated.SpanStart(c.mode), ends)
			}
		})
	}
	if got := TokenSpan(0, nil); got != (Span{}) || !got.Empty() {
		t.Errorf("no tokens: %v", got)
	}
	if got := (Span{2, 5}); got.Len() != 3 || got.Empty() {
		t.Errorf("span %v has %d tokens", got, got.Len())
	}
}
