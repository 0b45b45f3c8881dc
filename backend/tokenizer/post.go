package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// trimmer takes the spaces at the ends of tokens out of their offsets (ByteLevel with trim_offsets, as a post-processor).
type trimmer struct{ prefixSpace bool }

// apply trims the offsets of the i-th token of a text. An added token is given as it is written; of any other the bytes are given, among which
// only the space counts: line breaks and tabs are not white space in the alphabet the reference spells them in.
func (t *trimmer) apply(i int, token string, added bool, offset [2]int) [2]int {
	blank := func(r rune) bool { return r == ' ' || added && (unicode.IsSpace(r) || r == byteRunes[' ']) }
	inner := strings.TrimLeftFunc(token, blank)
	leading := utf8.RuneCountInString(token[:len(token)-len(inner)])
	trailing := utf8.RuneCountInString(token[len(strings.TrimRightFunc(token, blank)):])
	if leading == 1 && t.prefixSpace && (i == 0 || offset[0] == 0) {
		leading = 0 // the space that add_prefix_space is supposed to have put there
	}
	if leading > 0 {
		offset[0] = min(offset[0]+leading, offset[1])
	}
	if trailing > 0 && offset[1] >= trailing {
		offset[1] = max(offset[1]-trailing, offset[0])
	}
	return offset
}

// readPostProcessor reads what happens to the tokens in the end: trimmed offsets, special tokens around the text.
func (t *BPE) readPostProcessor(text json.RawMessage) error {
	if isNull(text) {
		return nil
	}
	return eachStep(text, "processors", func(kind string, step json.RawMessage) error {
		switch kind {
		case "ByteLevel":
			var b byteLevelSpec
			if err := strict(step, &b); err != nil {
				return err
			}
			if b.TrimOffsets == nil || *b.TrimOffsets {
				t.trim = &trimmer{b.AddPrefixSpace}
			}
			return nil
		case "TemplateProcessing":
			return t.readTemplate(step)
		}
		return fmt.Errorf("%s is not supported (known: ByteLevel, TemplateProcessing and a Sequence of them)", kind)
	})
}

// readTemplate reads the ids that stand before and after a single text.
func (t *BPE) readTemplate(text json.RawMessage) error {
	var s struct {
		Type   string `json:"type"`
		Single []struct {
			SpecialToken *struct {
				ID string `json:"id"`
			} `json:"SpecialToken"`
			Sequence *struct {
				ID string `json:"id"`
			} `json:"Sequence"`
		} `json:"single"`
		SpecialTokens map[string]struct {
			IDs []int32 `json:"ids"`
		} `json:"special_tokens"`
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("TemplateProcessing: %w", err)
	}
	if len(t.before)+len(t.after) > 0 {
		return errors.New("two TemplateProcessing steps are not supported")
	}
	seen := false
	for _, part := range s.Single {
		switch {
		case part.Sequence != nil && part.Sequence.ID == "A" && !seen:
			seen = true
		case part.SpecialToken != nil:
			special, ok := s.SpecialTokens[part.SpecialToken.ID]
			if !ok {
				return fmt.Errorf("TemplateProcessing: special token %q is not described", part.SpecialToken.ID)
			}
			if seen {
				t.after = append(t.after, special.IDs...)
			} else {
				t.before = append(t.before, special.IDs...)
			}
		default:
			return errors.New("TemplateProcessing: expected special tokens around the one sequence A")
		}
	}
	if !seen {
		return errors.New("TemplateProcessing: the template for a single text leaves the text out")
	}
	return nil
}

// checkDecoder accepts the byte-level decoder, which is implied here.
func checkDecoder(text json.RawMessage) error {
	if isNull(text) {
		return errors.New("is null, expected ByteLevel")
	}
	return eachStep(text, "decoders", func(kind string, step json.RawMessage) error {
		if kind != "ByteLevel" {
			return fmt.Errorf("%s is not supported, expected ByteLevel", kind)
		}
		return nil
	})
}
