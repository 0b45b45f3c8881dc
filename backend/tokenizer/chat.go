package tokenizer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/dcpo-go/godcpo/backend/tokenizer/jinja"
)

// Message is one turn of a conversation. It reads from JSON as chat endpoints take it.
type Message struct {
	Role    string // system, user, assistant or tool
	Content string

	// Extra holds what else the template may ask of a message, by name: reasoning_content, tool_calls, name, … It goes before Role and Content,
	// so that content can be something other than a string. Objects read from JSON keep the order of their keys.
	Extra map[string]any
}

// UnmarshalJSON reads a message; all fields but role and a textual content go to Extra.
func (m *Message) UnmarshalJSON(text []byte) error {
	v, err := jinja.ParseJSON(text)
	if err != nil {
		return err
	}
	d, ok := v.(*jinja.Dict)
	if !ok {
		return fmt.Errorf("message: expected a JSON object, found %s", text)
	}
	*m = Message{}
	for _, key := range d.Keys() {
		value, _ := d.Get(key)
		content, isText := value.(string)
		switch {
		case key == "role" && isText:
			m.Role = content
		case key == "content" && isText:
			m.Content = content
		default:
			if m.Extra == nil {
				m.Extra = map[string]any{}
			}
			m.Extra[key] = value
		}
	}
	if m.Role == "" {
		return errors.New("message: field role is missing")
	}
	return nil
}

// MarshalJSON writes the message as UnmarshalJSON reads it.
func (m Message) MarshalJSON() ([]byte, error) { return m.value().MarshalJSON() }

// value is the message as templates see it.
func (m Message) value() *jinja.Dict {
	d := jinja.NewDict()
	d.Set("role", m.Role)
	d.Set("content", m.Content)
	for _, key := range sortedKeys(m.Extra) {
		d.Set(key, m.Extra[key])
	}
	return d
}

// RenderOptions are the arguments of a chat template besides the messages. The zero value renders the conversation as it is.
type RenderOptions struct {
	AddGenerationPrompt bool           // end with the opening of the assistant's answer
	EnableThinking      *bool          // the template's enable_thinking; nil leaves it undefined, so the model's default
	Tools               []any          // JSON schemas of the tools; ParseTools keeps the order of their keys
	Extra               map[string]any // further variables of the template
}

// ParseTools reads a JSON list of tools for RenderOptions.Tools, in the order in which it is written.
func ParseTools(text []byte) ([]any, error) {
	v, err := jinja.ParseJSON(text)
	if err != nil {
		return nil, fmt.Errorf("tools: %w", err)
	}
	list, ok := v.(*jinja.List)
	if !ok {
		return nil, errors.New("tools: expected a JSON list")
	}
	return list.Items, nil
}

// ChatTemplate turns a conversation into the text a model was trained on.
type ChatTemplate struct {
	source  string
	main    *jinja.Template
	tools   *jinja.Template // for conversations with tools, nil to use main
	special map[string]any  // bos_token and the like
}

// ParseChatTemplate parses a Jinja template. special gives the texts of special tokens by their names in templates, such as bos_token.
func ParseChatTemplate(source string, special map[string]string) (*ChatTemplate, error) {
	t := &ChatTemplate{source: source, special: map[string]any{}}
	for key, value := range special {
		t.special[key] = value
	}
	var err error
	t.main, err = jinja.Parse(source)
	return t, err
}

// Source gives the template as it is written.
func (t *ChatTemplate) Source() string { return t.source }

// Render renders a conversation. An error names the line of the template; one that the template raises itself, such as for roles in the wrong
// order, carries its message.
func (t *ChatTemplate) Render(messages []Message, opt RenderOptions) (string, error) {
	variables := maps.Clone(t.special)
	if variables == nil {
		variables = map[string]any{}
	}
	all := make([]any, len(messages))
	for i, m := range messages {
		all[i] = m.value()
	}
	variables["messages"] = all
	variables["add_generation_prompt"] = opt.AddGenerationPrompt
	variables["tools"], variables["documents"] = nil, nil
	template := t.main
	if len(opt.Tools) > 0 {
		variables["tools"] = opt.Tools
		if t.tools != nil {
			template = t.tools
		}
	}
	if opt.EnableThinking != nil {
		variables["enable_thinking"] = *opt.EnableThinking
	}
	maps.Copy(variables, opt.Extra)
	return template.Render(variables)
}

// template reads the chat template of a model directory: chat_template.jinja, else the one in tokenizer_config.json; nil when there is none.
func (c *config) template(dir string) (*ChatTemplate, error) {
	special := map[string]string{}
	for key, name := range map[string]tokenName{"bos_token": c.tokens.BOS, "eos_token": c.tokens.EOS, "pad_token": c.tokens.Pad, "unk_token": c.tokens.Unknown} {
		if name != "" {
			special[key] = string(name)
		}
	}
	path := filepath.Join(dir, templateFile)
	text, err := os.ReadFile(path)
	if err == nil {
		t, err := ParseChatTemplate(string(text), special)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return t, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if isNull(c.chat) {
		return nil, nil
	}
	t, err := parseConfigured(c.chat, special)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.chatPath, err)
	}
	return t, nil
}

// parseConfigured reads the chat_template of tokenizer_config.json: a string, or a list of named ones.
func parseConfigured(text json.RawMessage, special map[string]string) (*ChatTemplate, error) {
	var source string
	if json.Unmarshal(text, &source) == nil {
		return ParseChatTemplate(source, special)
	}
	var named []struct {
		Name     string `json:"name"`
		Template string `json:"template"`
	}
	if err := json.Unmarshal(text, &named); err != nil {
		return nil, fmt.Errorf("chat_template is neither a string nor a list of named ones: %w", err)
	}
	sources := map[string]string{}
	for _, n := range named {
		sources[n.Name] = n.Template
	}
	if _, ok := sources["default"]; !ok {
		return nil, errors.New(`chat_template lists no template named "default"`)
	}
	t, err := ParseChatTemplate(sources["default"], special)
	if err != nil {
		return nil, err
	}
	if source, ok := sources["tool_use"]; ok {
		if t.tools, err = jinja.Parse(source); err != nil {
			return nil, fmt.Errorf("template tool_use: %w", err)
		}
	}
	return t, nil
}

// sortedKeys lists the keys of a map in order.
func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
