package tokenizer

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Decode implements Tokenizer.
func (t *BPE) Decode(ids []int32) string {
	text, _ := t.DecodeOffsets(ids)
	return lossy(text)
}

// DecodeOffsets implements Tokenizer.
func (t *BPE) DecodeOffsets(ids []int32) (string, []int) {
	var out strings.Builder
	out.Grow(4 * len(ids))
	ends := make([]int, len(ids))
	for i, id := range ids {
		if !t.added[id].Special {
			out.WriteString(t.Token(id))
		}
		ends[i] = out.Len()
	}
	return out.String(), ends
}

// VocabSize implements Tokenizer.
func (t *BPE) VocabSize() int { return len(t.tokens) }

// EOS implements Tokenizer.
func (t *BPE) EOS() []int32 { return slices.Clone(t.ending.eos) }

// Pad implements Tokenizer.
func (t *BPE) Pad() int32 { return t.ending.pad }

// Token implements Tokenizer.
func (t *BPE) Token(id int32) string {
	if id < 0 || int(id) >= len(t.tokens) {
		return ""
	}
	return t.tokens[id]
}

// ID gives the id of a token by its spelling in tokenizer.json, such as <|im_end|>; false when there is none.
func (t *BPE) ID(spelling string) (int32, bool) {
	id, ok := t.ids[spelling]
	return id, ok
}

// Special tells whether a token is left out when decoding.
func (t *BPE) Special(id int32) bool { return t.added[id].Special }

// Save implements Saver: it copies the files the tokenizer was loaded from, which must still be there.
func (t *BPE) Save(dir string) error {
	if t.source == "" {
		return errors.New("save tokenizer: it was not loaded from a directory")
	}
	for _, name := range tokenizerFiles {
		text, err := os.ReadFile(filepath.Join(t.source, name))
		if errors.Is(err, os.ErrNotExist) && name != mainFile {
			continue
		}
		if err == nil {
			err = writeFile(filepath.Join(dir, name), text)
		}
		if err != nil {
			return fmt.Errorf("save tokenizer: %w", err)
		}
	}
	return nil
}

// writeFile replaces a file in one step, so that a kill leaves the old one or the new one.
func writeFile(path string, text []byte) error {
	temporary := path + ".tmp"
	if err := os.WriteFile(temporary, text, 0o644); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		os.Remove(temporary)
		return err
	}
	return nil
}
