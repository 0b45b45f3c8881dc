package tokenizer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// The special tokens of Chars and their ids.
const (
	charsPad, charsEOS, charsUnknown       = "<pad>", "<eos>", "<unk>"
	charsPadID, charsEOSID, charsUnknownID = 0, 1, 2
)

// Chars is a character-level tokenizer for synthetic tasks: one token for each character of an alphabet, and optionally one for each of a
// few whole strings, such as "\nCONFIDENCE: ". Its ids are <pad> 0, <eos> 1, <unk> 2, then the alphabet in the given order, then the
// strings. A character outside the alphabet becomes <unk>, which, like the other two, decodes to nothing: check a data set once with Knows.
type Chars struct {
	tokens []string // id → text
	chars  map[rune]int32
	added  *addedMatcher // special tokens and whole strings
}

// NewChars makes a tokenizer of an alphabet, whose characters must differ, and of whole strings, which are preferred to single characters
// (the longest first) wherever they stand in a text.
func NewChars(alphabet string, words ...string) (*Chars, error) {
	if !utf8.ValidString(alphabet) || alphabet == "" {
		return nil, fmt.Errorf("character tokenizer: alphabet %q is empty or not valid UTF-8", alphabet)
	}
	c := &Chars{tokens: []string{charsPad, charsEOS, charsUnknown}, chars: map[rune]int32{}}
	added := []addedToken{
		{ID: charsPadID, Content: charsPad, Special: true}, {ID: charsEOSID, Content: charsEOS, Special: true},
		{ID: charsUnknownID, Content: charsUnknown, Special: true},
	}
	for _, r := range alphabet {
		if _, ok := c.chars[r]; ok {
			return nil, fmt.Errorf("character tokenizer: %q is twice in the alphabet", r)
		}
		c.chars[r] = int32(len(c.tokens))
		c.tokens = append(c.tokens, string(r))
	}
	for _, word := range words {
		if utf8.RuneCountInString(word) < 2 || !utf8.ValidString(word) || slices.Contains(c.tokens, word) {
			return nil, fmt.Errorf("character tokenizer: %q is no further string of two characters or more", word)
		}
		added = append(added, addedToken{ID: int32(len(c.tokens)), Content: word})
		c.tokens = append(c.tokens, word)
	}
	c.added = newAddedMatcher(added, func(a addedToken) string { return a.Content })
	return c, nil
}

// Encode implements Tokenizer.
func (c *Chars) Encode(text string) []int32 {
	ids, _ := c.EncodeOffsets(text)
	return ids
}

// EncodeOffsets implements Tokenizer.
func (c *Chars) EncodeOffsets(text string) ([]int32, [][2]int) {
	if !utf8.ValidString(text) {
		text = string([]rune(text))
	}
	ids, offsets := make([]int32, 0, len(text)), make([][2]int, 0, len(text))
	at := 0
	for _, cut := range c.added.split(text) {
		part := text[cut.start:cut.end]
		if cut.token != nil {
			end := at + utf8.RuneCountInString(part)
			ids, offsets = append(ids, cut.token.ID), append(offsets, [2]int{at, end})
			at = end
			continue
		}
		for _, r := range part {
			id, ok := c.chars[r]
			if !ok {
				id = charsUnknownID
			}
			ids, offsets = append(ids, id), append(offsets, [2]int{at, at + 1})
			at++
		}
	}
	return ids, offsets
}

// Knows tells whether a text encodes without <unk>, and if not, gives the first unknown character.
func (c *Chars) Knows(text string) (unknown rune, ok bool) {
	ids, offsets := c.EncodeOffsets(text)
	if i := slices.Index(ids, charsUnknownID); i >= 0 {
		return []rune(text)[offsets[i][0]], false
	}
	return 0, true
}

// Decode implements Tokenizer.
func (c *Chars) Decode(ids []int32) string {
	text, _ := c.DecodeOffsets(ids)
	return text
}

// DecodeOffsets implements Tokenizer.
func (c *Chars) DecodeOffsets(ids []int32) (string, []int) {
	var out strings.Builder
	ends := make([]int, len(ids))
	for i, id := range ids {
		if id > charsUnknownID {
			out.WriteString(c.Token(id))
		}
		ends[i] = out.Len()
	}
	return out.String(), ends
}

// VocabSize implements Tokenizer.
func (c *Chars) VocabSize() int { return len(c.tokens) }

// EOS implements Tokenizer.
func (c *Chars) EOS() []int32 { return []int32{charsEOSID} }

// Pad implements Tokenizer.
func (c *Chars) Pad() int32 { return charsPadID }

// Token implements Tokenizer.
func (c *Chars) Token(id int32) string {
	if id < 0 || int(id) >= len(c.tokens) {
		return ""
	}
	return c.tokens[id]
}

// charsPreTokenizer, charsDecoder and charsConfig are what Save writes around the vocabulary: Hugging Face's libraries cut the text into single
// characters with the first and join them again with the second.
const (
	charsPreTokenizer = `{"type":"Split","pattern":{"Regex":"[\\s\\S]"},"behavior":"Isolated","invert":false}`
	charsDecoder      = `{"type":"Fuse"}`
	charsConfig       = `{
  "tokenizer_class": "PreTrainedTokenizerFast",
  "pad_token": "<pad>",
  "eos_token": "<eos>",
  "unk_token": "<unk>",
  "clean_up_tokenization_spaces": false
}
`
)

// Save implements Saver: it writes tokenizer.json and tokenizer_config.json, which Load and Hugging Face's libraries read.
func (c *Chars) Save(dir string) error {
	vocab := make(map[string]int32, len(c.tokens))
	for id, token := range c.tokens {
		vocab[token] = int32(id)
	}
	unknown := charsUnknown
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent("", " ")
	err := out.Encode(fileSpec{
		Version:      "1.0",
		AddedTokens:  c.added.tokens,
		PreTokenizer: json.RawMessage(charsPreTokenizer),
		Decoder:      json.RawMessage(charsDecoder),
		Model:        modelSpec{Type: "WordLevel", Vocab: vocab, Unknown: &unknown},
	})
	if err == nil {
		err = writeFile(filepath.Join(dir, mainFile), text.Bytes())
	}
	if err == nil {
		err = writeFile(filepath.Join(dir, configFile), []byte(charsConfig))
	}
	if err == nil {
		err = removeTemplates(dir)
	}
	if err != nil {
		return fmt.Errorf("save tokenizer: %w", err)
	}
	return nil
}

// removeTemplates deletes the chat template of an earlier tokenizer, which Load would take for this one's.
func removeTemplates(dir string) error {
	for _, name := range []string{templateFile, "chat_template.json", "special_tokens_map.json"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	return nil
}

// parseChars reads what Save wrote; any other WordLevel tokenizer is an error.
func parseChars(spec *fileSpec) (*Chars, error) {
	model := &spec.Model
	if !sameJSON(spec.PreTokenizer, charsPreTokenizer) || !sameJSON(spec.Decoder, charsDecoder) || !isNull(spec.Normalizer) || !isNull(spec.PostProcessor) {
		return nil, fmt.Errorf("a WordLevel model is supported only as this program's character tokenizer writes it")
	}
	tokens := make([]string, len(model.Vocab))
	for token, id := range model.Vocab {
		if id < 0 || int(id) >= len(tokens) || tokens[id] != "" || token == "" {
			return nil, fmt.Errorf("model: token %q has id %d, expected the ids 0 to %d, each once", token, id, len(tokens)-1)
		}
		tokens[id] = token
	}
	if len(tokens) < 4 || !slices.Equal(tokens[:3], []string{charsPad, charsEOS, charsUnknown}) {
		return nil, fmt.Errorf("model: expected the ids 0, 1 and 2 to be %s, %s and %s", charsPad, charsEOS, charsUnknown)
	}
	alphabet, words := "", []string(nil)
	for _, token := range tokens[3:] {
		switch n := utf8.RuneCountInString(token); {
		case n == 1 && words == nil:
			alphabet += token
		case n > 1:
			words = append(words, token)
		default:
			return nil, fmt.Errorf("model: the single character %q comes after a longer token", token)
		}
	}
	c, err := NewChars(alphabet, words...)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(c.added.tokens, spec.AddedTokens) {
		return nil, fmt.Errorf("added_tokens do not agree with the vocabulary")
	}
	return c, nil
}

// sameJSON compares JSON texts regardless of white space and order.
func sameJSON(a json.RawMessage, b string) bool {
	var left, right any
	if json.Unmarshal(a, &left) != nil || json.Unmarshal([]byte(b), &right) != nil {
		return false
	}
	x, _ := json.Marshal(left)
	y, _ := json.Marshal(right)
	return string(x) == string(y)
}
