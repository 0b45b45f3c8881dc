package tokenizer

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parseTestdata opens one of the small tokenizers of testdata.
func parseTestdata(t testing.TB, name string) *BPE {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	tok, err := ParseBPE(text)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// TestReference compares small tokenizers of every supported construction with what the Hugging Face library makes of the same files. The files
// are written by testdata/reference.py.
func TestReference(t *testing.T) {
	files, err := filepath.Glob("testdata/*.jsonl")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v, want 10 or more", len(files), err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".jsonl")
		t.Run(name, func(t *testing.T) {
			tok := parseTestdata(t, name)
			file, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			lines := bufio.NewScanner(file)
			lines.Buffer(nil, 1<<20)
			for lines.Scan() {
				var row referenceRow
				if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
					t.Fatal(err)
				}
				row.check(t, tok)
			}
			if lines.Err() != nil {
				t.Fatal(lines.Err())
			}
		})
	}
}

// referenceRow is one text and what the reference makes of it.
type referenceRow struct {
	Text           string   `json:"text"`
	IDs            []int32  `json:"ids"`
	Offsets        [][2]int `json:"offsets"`
	Decoded        string   `json:"decoded"`
	SpecialIDs     []int32  `json:"special_ids"` // absent where nothing stands around the text
	SpecialOffsets [][2]int `json:"special_offsets"`
	Random         []int32  `json:"random"`
	RandomDecoded  string   `json:"random_decoded"`
}

// check compares everything.
func (row referenceRow) check(t *testing.T, tok *BPE) {
	t.Helper()
	ids, offsets := tok.EncodeOffsets(row.Text)
	specialIDs, specialOffsets := tok.EncodeSpecial(row.Text)
	if row.SpecialIDs == nil {
		row.SpecialIDs, row.SpecialOffsets = row.IDs, row.Offsets
	}
	for _, c := range []struct {
		what      string
		want, got any
	}{
		{"ids", row.IDs, ids}, {"offsets", row.Offsets, offsets}, {"Encode", row.IDs, tok.Encode(row.Text)}, {"decoded", row.Decoded, tok.Decode(ids)},
		{"special ids", row.SpecialIDs, specialIDs}, {"special offsets", row.SpecialOffsets, specialOffsets},
		{"decoded random ids", row.RandomDecoded, tok.Decode(row.Random)},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%q: %s (-want +got):\n%s", row.Text, c.what, diff)
		}
	}
}
