package tokenizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// fileSpec is tokenizer.json as it stands; the parts are kept raw until the builder of each looks at them.
type fileSpec struct {
	Version string `json:"version"`
	// Truncation and padding are settings of the last call that were saved by accident; transformers resets them on loading, and so do we.
	Truncation    json.RawMessage `json:"truncation"`
	Padding       json.RawMessage `json:"padding"`
	AddedTokens   []addedToken    `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor json.RawMessage `json:"post_processor"`
	Decoder       json.RawMessage `json:"decoder"`
	Model         modelSpec       `json:"model"`
}

// modelSpec is the model of tokenizer.json, BPE or WordLevel.
type modelSpec struct {
	Type         string           `json:"type"` // missing in the oldest files, which are BPE
	Dropout      *float64         `json:"dropout,omitempty"`
	Unknown      *string          `json:"unk_token"`
	Prefix       *string          `json:"continuing_subword_prefix,omitempty"`
	Suffix       *string          `json:"end_of_word_suffix,omitempty"`
	FuseUnknown  bool             `json:"fuse_unk,omitempty"`
	ByteFallback bool             `json:"byte_fallback,omitempty"`
	IgnoreMerges bool             `json:"ignore_merges,omitempty"`
	Vocab        map[string]int32 `json:"vocab"`
	Merges       []mergePair      `json:"merges,omitempty"`
}

// mergePair is one merge, written "a b" in older files and ["a", "b"] in newer ones.
type mergePair [2]string

// UnmarshalJSON reads both spellings. There are hundreds of thousands, so the plain ones are cut out without the JSON package.
func (m *mergePair) UnmarshalJSON(text []byte) error {
	plain := bytes.IndexByte(text, '\\') < 0
	if len(text) > 0 && text[0] == '[' {
		if parts := bytes.Split(text, []byte{'"'}); plain && len(parts) == 5 {
			*m = mergePair{string(parts[1]), string(parts[3])}
			return nil
		}
		var pair []string
		if err := json.Unmarshal(text, &pair); err != nil {
			return err
		}
		if len(pair) != 2 {
			return fmt.Errorf("merge %s: expected two tokens", text)
		}
		*m = mergePair(pair)
		return nil
	}
	var joined string
	if plain && len(text) > 1 && text[0] == '"' {
		joined = string(text[1 : len(text)-1])
	} else if err := json.Unmarshal(text, &joined); err != nil {
		return err
	}
	left, right, ok := strings.Cut(joined, " ")
	if !ok || strings.Contains(right, " ") {
		return fmt.Errorf("merge %q: expected two tokens with a space between", joined)
	}
	*m = mergePair{left, right}
	return nil
}

// addedToken is one entry of added_tokens: a string that is cut out of the text before anything else happens to it.
type addedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // only where no word character stands beside it
	LStrip     bool   `json:"lstrip"`      // swallows the white space before it
	RStrip     bool   `json:"rstrip"`      // and after it
	Normalized bool   `json:"normalized"`  // sought in the normalised text
	Special    bool   `json:"special"`     // left out when decoding
}

// parseSpec parses tokenizer.json; fields this package does not know are errors.
func parseSpec(text []byte) (*fileSpec, error) {
	var s fileSpec
	err := strict(text, &s)
	if err != nil { // a model of another type has other fields: say that rather than what field it was
		var kind struct {
			Model struct {
				Type string `json:"type"`
			} `json:"model"`
		}
		if json.Unmarshal(text, &kind) == nil {
			s.Model.Type = kind.Model.Type
		}
	}
	if kind := s.Model.Type; kind != "" && kind != "BPE" && kind != "WordLevel" {
		return nil, fmt.Errorf("model type %q is not supported (known: byte-level BPE, and WordLevel as Chars writes it)", kind)
	}
	if err == nil && len(s.Model.Vocab) == 0 {
		err = errors.New("model: vocab is missing or empty")
	}
	return &s, err
}

// typeOf reads the "type" of a component.
func typeOf(text json.RawMessage) (string, error) {
	var t struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(text, &t); err != nil {
		return "", err
	}
	return t.Type, nil
}

// isNull tells whether an optional component is absent.
func isNull(text json.RawMessage) bool {
	return len(text) == 0 || bytes.Equal(bytes.TrimSpace(text), []byte("null"))
}

// strict decodes JSON and refuses fields the target does not have: an option that is not understood must not be ignored.
func strict(text []byte, target any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	return dec.Decode(target)
}
