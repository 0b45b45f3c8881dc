package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// The files of a model directory that describe its tokenizer.
const (
	mainFile     = "tokenizer.json"
	configFile   = "tokenizer_config.json"
	templateFile = "chat_template.jinja"
)

// tokenizerFiles is what Save copies. The first must exist.
var tokenizerFiles = []string{mainFile, configFile, "special_tokens_map.json", templateFile, "chat_template.json"}

// Load opens the tokenizer of a model directory and its chat template, nil when it has none. A directory without tokenizer.json is an error
// that wraps fs.ErrNotExist.
func Load(dir string) (Tokenizer, *ChatTemplate, error) {
	text, err := os.ReadFile(filepath.Join(dir, mainFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("load tokenizer: %s holds no %s (vocab.json, merges.txt and tokenizer.model are not read: convert them with transformers' save_pretrained): %w",
			dir, mainFile, fs.ErrNotExist)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("load tokenizer: %w", err)
	}
	config, err := readConfig(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("load tokenizer: %w", err)
	}
	t, err := build(text, config, dir)
	if err != nil {
		return nil, nil, fmt.Errorf("load tokenizer: %s: %w", filepath.Join(dir, mainFile), err)
	}
	template, err := config.template(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("load tokenizer: %w", err)
	}
	return t, template, nil
}

// build makes the tokenizer that the text of tokenizer.json describes.
func build(text []byte, config *config, dir string) (Tokenizer, error) {
	spec, err := parseSpec(text)
	if err != nil {
		return nil, err
	}
	if spec.Model.Type == "WordLevel" {
		return parseChars(spec)
	}
	t, err := buildBPE(spec)
	if err != nil {
		return nil, err
	}
	t.source = dir
	t.ending, err = config.endings(t.ID)
	return t, err
}

// endings are the ids that end a response and fill a batch.
type endings struct {
	eos []int32
	pad int32 // −1 for none
}

// config is what the files beside tokenizer.json say.
type config struct {
	dir      string
	tokens   tokenNames      // tokenizer_config.json, else special_tokens_map.json
	model    specialIDs      // generation_config.json, else config.json
	chat     json.RawMessage // chat_template of tokenizer_config.json
	chatPath string          // where chat stands, for messages
}

// tokenNames are the special tokens by name.
type tokenNames struct {
	BOS     tokenName `json:"bos_token"`
	EOS     tokenName `json:"eos_token"`
	Pad     tokenName `json:"pad_token"`
	Unknown tokenName `json:"unk_token"`
}

// tokenName is a token written as a string or as an object with its content; "" for null.
type tokenName string

// UnmarshalJSON reads both spellings.
func (n *tokenName) UnmarshalJSON(text []byte) error {
	var full struct {
		Content string `json:"content"`
	}
	if len(text) > 0 && text[0] == '{' {
		err := json.Unmarshal(text, &full)
		*n = tokenName(full.Content)
		return err
	}
	return json.Unmarshal(text, (*string)(n))
}

// specialIDs are the special tokens by id.
type specialIDs struct {
	EOS idList `json:"eos_token_id"`
	Pad idList `json:"pad_token_id"`
}

// idList is an id, a list of ids, or null.
type idList []int32

// UnmarshalJSON reads all three.
func (l *idList) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, (*[]int32)(l))
	}
	var one *int32
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	if *l = nil; one != nil {
		*l = idList{*one}
	}
	return nil
}

// readConfig reads the files beside tokenizer.json, each of which may be absent.
func readConfig(dir string) (*config, error) {
	c := &config{dir: dir}
	if _, err := readJSON(filepath.Join(dir, "special_tokens_map.json"), &c.tokens); err != nil {
		return nil, err
	}
	var chat struct {
		Template json.RawMessage `json:"chat_template"`
	}
	c.chatPath = filepath.Join(dir, "chat_template.json")
	if _, err := readJSON(c.chatPath, &chat); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, configFile)
	if _, err := readJSON(path, &c.tokens); err != nil {
		return nil, err
	}
	if isNull(chat.Template) {
		c.chatPath = path
		if _, err := readJSON(path, &chat); err != nil {
			return nil, err
		}
	}
	c.chat = chat.Template
	found, err := readJSON(filepath.Join(dir, "generation_config.json"), &c.model)
	if err == nil && (!found || c.model.EOS == nil) {
		_, err = readJSON(filepath.Join(dir, "config.json"), &c.model)
	}
	return c, err
}

// readJSON reads a file into target; false when there is none.
func readJSON(path string, target any) (bool, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(text, target)
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	return true, nil
}

// endings collects the ids that end a response, the model's and the tokenizer's, and the padding id.
func (c *config) endings(find func(string) (int32, bool)) (endings, error) {
	e := endings{eos: slices.Clone(c.model.EOS), pad: -1}
	if name := string(c.tokens.EOS); name != "" {
		id, ok := find(name)
		if !ok {
			return e, fmt.Errorf("eos_token %q of %s is no token", name, configFile)
		}
		if !slices.Contains(e.eos, id) {
			e.eos = append(e.eos, id)
		}
	}
	switch name := string(c.tokens.Pad); {
	case name != "":
		id, ok := find(name)
		if !ok {
			return e, fmt.Errorf("pad_token %q of %s is no token", name, configFile)
		}
		e.pad = id
	case len(c.model.Pad) == 1:
		e.pad = c.model.Pad[0]
	case len(e.eos) > 0:
		e.pad = e.eos[0]
	}
	return e, nil
}
