package tokenizer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChars(t *testing.T) {
	tok, err := NewChars("0123456789+=é\n.", "\nCONFIDENCE: ", "CON")
	if err != nil {
		t.Fatal(err)
	}
	text := "12+é=\nCONFIDENCE: 0.5\n?<eos>"
	ids, offsets := tok.EncodeOffsets(text)
	want := []int32{4, 5, 13, 15, 14, 18, 3, 17, 8, 16, 2, 1}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if offsets[5] != [2]int{5, 18} || offsets[11] != [2]int{23, 28} {
		t.Errorf("offsets %v", offsets)
	}
	decoded, ends := tok.DecodeOffsets(ids)
	if decoded != "12+é=\nCONFIDENCE: 0.5\n" || ends[3] != 5 || ends[10] != ends[9] || ends[11] != len(decoded) {
		t.Errorf("decoded %q, ends %v", decoded, ends)
	}
	if r, ok := tok.Knows("1+2x"); ok || r != 'x' {
		t.Errorf("Knows = %q, %v", r, ok)
	}
	if _, ok := tok.Knows("1+2"); !ok {
		t.Error("1+2 is not known")
	}
	if tok.VocabSize() != 20 || tok.Pad() != 0 || !cmp.Equal(tok.EOS(), []int32{1}) || tok.Token(18) != "\nCONFIDENCE: " || tok.Token(99) != "" {
		t.Errorf("size %d, pad %d, EOS %v, token 18 %q", tok.VocabSize(), tok.Pad(), tok.EOS(), tok.Token(18))
	}
}

func TestCharsSaveAndLoad(t *testing.T) {
	tok, err := NewChars(" abc\"\\é<>", "\nCONFIDENCE: ", "ab")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := tok.Save(dir); err != nil {
		t.Fatal(err)
	}
	loaded, template, err := Load(dir)
	if err != nil || template != nil {
		t.Fatal(err, template)
	}
	text := "ab a\"\\é<>\nCONFIDENCE: c<pad>?"
	if diff := cmp.Diff(tok.Encode(text), loaded.Encode(text)); diff != "" {
		t.Errorf("ids differ: %s", diff)
	}
	if diff := cmp.Diff(tok.tokens, loaded.(*Chars).tokens); diff != "" {
		t.Errorf("vocabulary differs: %s", diff)
	}
	saved, err := os.ReadFile(filepath.Join(dir, "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	for old, want := range map[string]string{`"Fuse"`: "character tokenizer writes", `"<unk>": 2`: "ids 0", `"id": 12`: "added_tokens"} {
		text := strings.Replace(string(saved), old, map[string]string{`"Fuse"`: `"Strip"`, `"<unk>": 2`: `"<unk>": 1`, `"id": 12`: `"id": 13`}[old], 1)
		if text == string(saved) {
			t.Fatalf("%s is not in the file:\n%s", old, saved)
		}
		if err := os.WriteFile(filepath.Join(dir, "tokenizer.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Load(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s changed: error %v, want %q", old, err, want)
		}
	}
}

func TestCharsRefuses(t *testing.T) {
	for _, c := range []struct {
		alphabet string
		words    []string
	}{{"", nil}, {"aa", nil}, {"a\xff", nil}, {"ab", []string{"a"}}, {"ab", []string{"x", ""}}, {"ab", []string{"abc", "abc"}}, {"ab", []string{"<pad>"}}} {
		if tok, err := NewChars(c.alphabet, c.words...); err == nil {
			t.Errorf("%q, %q gave %v, want an error", c.alphabet, c.words, tok.tokens)
		}
	}
}
