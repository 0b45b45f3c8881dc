package tokenizer

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// byteTokens is a tokenizer whose ids are bytes, with one special token.
type byteTokens struct{ Tokenizer }

const byteSpecial = 256

func (byteTokens) Token(id int32) string {
	if id == byteSpecial {
		return "<end>"
	}
	return string([]byte{byte(id)})
}

func (b byteTokens) DecodeOffsets(ids []int32) (string, []int) {
	var out strings.Builder
	var ends []int
	for _, id := range ids {
		if id != byteSpecial {
			out.WriteString(b.Token(id))
		}
		ends = append(ends, out.Len())
	}
	return out.String(), ends
}

func bytesAsIDs(text string) []int32 {
	ids := make([]int32, len(text))
	for i := range len(text) {
		ids[i] = int32(text[i])
	}
	return ids
}

func TestStreamHoldsBack(t *testing.T) {
	tests := []struct {
		name   string
		opt    StreamOptions
		pushes []string
		want   []string // one more than pushes: Flush
		stop   string
	}{
		{"plain", StreamOptions{}, []string{"ab", "", "c"}, []string{"ab", "", "c", ""}, ""},
		{"character in pieces", StreamOptions{}, []string{"a\xf0\x9f", "\x98", "\x80b"}, []string{"a", "", "😀b", ""}, ""},
		{"character cut off", StreamOptions{}, []string{"a\xf0\x9f\x98"}, []string{"a", "\ufffd"}, ""},
		{"broken character", StreamOptions{}, []string{"\xe2\x82", "x\xff"}, []string{"", "\ufffdx\ufffd", ""}, ""},
		{"stop", StreamOptions{Stop: []string{"END"}}, []string{"aE", "N", "Db", "c"}, []string{"a", "", "", "", ""}, "END"},
		{"stop kept", StreamOptions{Stop: []string{"END"}, KeepStop: true}, []string{"aE", "ND", "c"}, []string{"a", "END", "", ""}, "END"},
		{"beginning of a stop", StreamOptions{Stop: []string{"END"}}, []string{"aE", "N", "xEN"}, []string{"a", "", "ENx", "EN"}, ""},
		{"overlapping beginnings", StreamOptions{Stop: []string{"aab"}}, []string{"aaa", "a", "b"}, []string{"a", "a", "", ""}, "aab"},
		{"first complete one counts", StreamOptions{Stop: []string{"long stop", "g"}}, []string{"a long", " stop"}, []string{"a lon", "", ""}, "g"},
		{"longest at the same place", StreamOptions{Stop: []string{"b", "ab"}}, []string{"xab"}, []string{"x", ""}, "ab"},
		{"stop inside another's beginning", StreamOptions{Stop: []string{"abcd", "bc"}}, []string{"ab", "c"}, []string{"", "a", ""}, "bc"},
		{"stop in a cut character", StreamOptions{Stop: []string{"\ufffd"}}, []string{"a\xe2\x82"}, []string{"a", ""}, "\ufffd"},
		{"empty stop", StreamOptions{Stop: []string{""}}, []string{"ab"}, []string{"ab", ""}, ""},
		{"minimum of tokens", StreamOptions{Stop: []string{"ab"}, MinTokens: 2}, []string{"ab", "ab"}, []string{"", "ab", ""}, "ab"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := NewStream(byteTokens{}, tt.opt)
			var got []string
			for _, p := range tt.pushes {
				got = append(got, s.Push(bytesAsIDs(p)...))
			}
			got = append(got, s.Flush())
			if strings.Join(got, "|") != strings.Join(tt.want, "|") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if stop, ok := s.Stopped(); stop != tt.stop || ok != (tt.stop != "") {
				t.Errorf("stopped by %q, %v, want %q", stop, ok, tt.stop)
			}
			if more := s.Push('x') + s.Flush(); more != "" {
				t.Errorf("%q after the end", more)
			}
		})
	}
}

// cutAtStop is the meaning of stop strings, written down plainly.
func cutAtStop(text string, stops []string, keep bool) (string, string) {
	for end := range len(text) + 1 {
		found := ""
		for _, stop := range stops {
			if stop != "" && strings.HasSuffix(text[:end], stop) && len(stop) > len(found) {
				found = stop
			}
		}
		if found != "" && keep {
			return text[:end], found
		}
		if found != "" {
			return text[:end-len(found)], found
		}
	}
	return text, ""
}

// checkStream pushes ids in pieces of random sizes and compares with the whole text.
func checkStream(t *testing.T, tok Tokenizer, ids []int32, whole string, opt StreamOptions, r *rand.Rand) {
	t.Helper()
	want, wantStop := cutAtStop(whole, opt.Stop, opt.KeepStop)
	s := NewStream(tok, opt)
	got := ""
	for rest := ids; len(rest) > 0; {
		n := 1 + r.IntN(min(5, len(rest)))
		piece := s.Push(rest[:n]...)
		if !utf8.ValidString(piece) {
			t.Fatalf("piece %q is not valid UTF-8", piece)
		}
		got += piece
		if !strings.HasPrefix(want, got) {
			t.Fatalf("gave %q, which %q does not begin with", got, want)
		}
		rest = rest[n:]
	}
	got += s.Flush()
	if stop, _ := s.Stopped(); got != want || stop != wantStop {
		t.Fatalf("got %q stopped by %q, want %q by %q (%+v)", got, stop, want, wantStop, opt)
	}
}

func FuzzStream(f *testing.F) {
	f.Add("hello world", "o w", "ld", uint64(1), false)
	f.Add("aaaab aab\xf0\x9f\x98", "aab", "\ufffd", uint64(2), true)
	f.Add("\xff\xe2\x82\xac\xe2\x82", "€", "a", uint64(3), false)
	f.Fuzz(func(t *testing.T, text, stop, other string, seed uint64, keep bool) {
		opt := StreamOptions{Stop: []string{lossy(stop), lossy(other)}, KeepStop: keep}
		checkStream(t, byteTokens{}, bytesAsIDs(text), lossy(text), opt, rand.New(rand.NewPCG(seed, 0)))
	})
}

// TestStreamQwen compares with decoding at once, for random ids of a real vocabulary: most responses hold broken characters.
func TestStreamQwen(t *testing.T) {
	tok := qwen(t)
	r := rand.New(rand.NewPCG(7, 7))
	im, _ := tok.ID("<|im_end|>")
	for range 300 {
		ids := make([]int32, r.IntN(40))
		for i := range ids {
			switch r.IntN(4) {
			case 0:
				ids[i] = int32(r.IntN(256)) // single bytes
			case 1:
				ids[i] = im
			default:
				ids[i] = int32(r.IntN(tok.VocabSize() + 5))
			}
		}
		whole := tok.Decode(ids)
		stops := []string{"\ufffd\ufffd", "a"}
		if runes := []rune(whole); len(runes) > 4 {
			stops = append(stops, string(runes[len(runes)-3:]))
		}
		checkStream(t, tok, ids, whole, StreamOptions{}, r)
		checkStream(t, tok, ids, whole, StreamOptions{Stop: stops}, r)
		checkStream(t, tok, ids, Spell(tok, ids...), StreamOptions{Special: true, Stop: []string{"_end|"}, KeepStop: true}, r)
	}
}

func TestSpelling(t *testing.T) {
	tok := qwen(t)
	for text, want := range map[string][]string{" is 7\n": {"Ġis", "Ġ", "7", "Ċ"}, "é<|im_end|>": {"Ã©", "<|im_end|>"}} {
		var got []string
		for _, id := range tok.Encode(text) {
			got = append(got, tok.Spelling(id))
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q is spelled %q, want %q", text, got, want)
		}
	}
	if got := tok.Spelling(-1) + tok.Spelling(1<<20); got != "" {
		t.Errorf("ids out of range are spelled %q", got)
	}
}

func BenchmarkStream(b *testing.B) {
	tok := qwen(b)
	ids := tok.Encode(strings.Repeat("The quick brown fox jumps over the lazy dog. ", 100))
	opt := StreamOptions{Stop: []string{"\n\n", "The lazy", "fox runs"}}
	for b.Loop() {
		s := NewStream(tok, opt)
		for _, id := range ids {
			s.Push(id)
		}
	}
	b.ReportMetric(float64(b.N*len(ids))/b.Elapsed().Seconds(), "tokens/s")
}
