package tokenizer

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shared is where the fixtures are looked for, beside the repository.
var shared = filepath.Join("..", "..", "..", "shared")

// fixture gives the path of a shared file, or skips the test.
func fixture(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{shared}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is absent: the tokenizer fixtures are not part of the repository", path)
	}
	return path
}

// loadQwen loads the fixture tokenizer once for all tests.
var loadQwen = sync.OnceValues(func() (*BPE, error) {
	tok, _, err := Load(filepath.Join(shared, "tokenizers", "qwen3"))
	if err != nil {
		return nil, err
	}
	return tok.(*BPE), nil
})

// qwen gives the fixture tokenizer, or skips the test.
func qwen(t testing.TB) *BPE {
	t.Helper()
	fixture(t, "tokenizers", "qwen3")
	tok, err := loadQwen()
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// readFixture reads a JSON fixture.
func readFixture(t *testing.T, target any, parts ...string) {
	t.Helper()
	text, err := os.ReadFile(fixture(t, parts...))
	if err == nil {
		err = json.Unmarshal(text, target)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// eachLine calls f for each line of a JSON Lines fixture.
func eachLine(t *testing.T, f func(line int, text []byte), parts ...string) {
	t.Helper()
	file, err := os.Open(fixture(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for n := 1; lines.Scan(); n++ {
		f(n, lines.Bytes())
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
}

func TestQwenEncodeDecode(t *testing.T) {
	tok := qwen(t)
	var rows []struct {
		Text        string   `json:"text"`
		IDs         []int32  `json:"ids"`
		Keep        string   `json:"decode_keep_special"`
		Skip        string   `json:"decode_skip_special"`
		RoundTrip   bool     `json:"roundtrip"`
		EachDecoded []string `json:"tokens_decoded_singly"`
	}
	readFixture(t, &rows, "fixtures", "tokenizer", "encode_decode.json")
	for _, row := range rows {
		ids := tok.Encode(row.Text)
		if diff := cmp.Diff(row.IDs, ids); diff != "" {
			t.Errorf("%q: ids (-want +got):\n%s", row.Text, diff)
			continue
		}
		if got := tok.Decode(ids); got != row.Skip {
			t.Errorf("%q: decoded %q, want %q", row.Text, got, row.Skip)
		}
		if (tok.Decode(ids) == row.Text) != (row.Skip == row.Text) {
			t.Errorf("%q: round trip differs", row.Text)
		}
		keep := ""
		for _, id := range ids {
			keep += tok.Token(id)
		}
		if lossy(keep) != row.Keep {
			t.Errorf("%q: with special tokens %q, want %q", row.Text, lossy(keep), row.Keep)
		}
		for i, want := range row.EachDecoded {
			if got := lossy(tok.Token(ids[i])); got != want {
				t.Errorf("%q: token %d alone is %q, want %q", row.Text, i, got, want)
			}
		}
	}
	t.Logf("%d texts", len(rows))
}

func TestQwenOffsets(t *testing.T) {
	tok := qwen(t)
	count := 0
	eachLine(t, func(line int, text []byte) {
		var row struct {
			Text    string   `json:"text"`
			IDs     []int32  `json:"ids"`
			Offsets [][2]int `json:"offsets"`
			Decoded *string  `json:"decoded_skip"`
		}
		if err := json.Unmarshal(text, &row); err != nil {
			t.Fatal(err)
		}
		count++
		ids, offsets := tok.EncodeOffsets(row.Text)
		if diff := cmp.Diff(row.IDs, ids); diff != "" {
			t.Errorf("line %d, %q: ids (-want +got):\n%s", line, row.Text, diff)
			return
		}
		if diff := cmp.Diff(row.Offsets, offsets); diff != "" {
			t.Errorf("line %d, %q: offsets (-want +got):\n%s", line, row.Text, diff)
		}
		if diff := cmp.Diff(ids, tok.Encode(row.Text)); diff != "" {
			t.Errorf("line %d: Encode and EncodeOffsets differ:\n%s", line, diff)
		}
		if row.Decoded != nil && *row.Decoded != tok.Decode(ids) {
			t.Errorf("line %d: decoded %q, want %q", line, tok.Decode(ids), *row.Decoded)
		}
	}, "fixtures", "tokenizer", "public.jsonl")
	t.Logf("%d texts", count)
}

func TestQwenSpecialTokens(t *testing.T) {
	tok := qwen(t)
	if got := tok.EOS(); len(got) != 1 || got[0] != 151645 {
		t.Errorf("EOS = %v, want [151645]", got)
	}
	if tok.Pad() != 151643 || tok.VocabSize() != 151669 {
		t.Errorf("pad %d, size %d, want 151643 and 151669", tok.Pad(), tok.VocabSize())
	}
	if id, ok := tok.ID("<|im_start|>"); !ok || id != 151644 || !tok.Special(id) || tok.Special(151667) {
		t.Errorf("<|im_start|> = %d, %v; special tokens are wrong", id, ok)
	}
}
