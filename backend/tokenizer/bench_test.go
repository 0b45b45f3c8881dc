package tokenizer

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// corpus joins the fixture texts into one long text, repeated to at least size bytes.
func corpus(b *testing.B, size int) string {
	b.Helper()
	text, err := os.ReadFile(fixture(b, "fixtures", "tokenizer", "public.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	var all strings.Builder
	for line := range strings.Lines(string(text)) {
		var row struct {
			Text string `json:"text"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			b.Fatal(err)
		}
		all.WriteString(row.Text + "\n")
	}
	return strings.Repeat(all.String(), size/all.Len()+1)
}

// BenchmarkEncode measures encoding of mixed English, mathematics and Chinese, in tokens a second.
func BenchmarkEncode(b *testing.B) {
	tok, text := qwen(b), corpus(b, 1<<20)
	count := 0
	for b.Loop() {
		count = len(tok.Encode(text))
	}
	b.SetBytes(int64(len(text)))
	b.ReportMetric(float64(count)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

// BenchmarkEncodeOffsets is BenchmarkEncode with offsets.
func BenchmarkEncodeOffsets(b *testing.B) {
	tok, text := qwen(b), corpus(b, 1<<20)
	count := 0
	for b.Loop() {
		ids, _ := tok.EncodeOffsets(text)
		count = len(ids)
	}
	b.SetBytes(int64(len(text)))
	b.ReportMetric(float64(count)*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

// BenchmarkDecode measures decoding.
func BenchmarkDecode(b *testing.B) {
	tok := qwen(b)
	ids := tok.Encode(corpus(b, 1<<20))
	for b.Loop() {
		tok.Decode(ids)
	}
	b.ReportMetric(float64(len(ids))*float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

// BenchmarkLoad measures opening a vocabulary of 151,669 tokens.
func BenchmarkLoad(b *testing.B) {
	dir := fixture(b, "tokenizers", "qwen3")
	for b.Loop() {
		if _, _, err := Load(dir); err != nil {
			b.Fatal(err)
		}
	}
}
