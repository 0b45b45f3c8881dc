package serve

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/backend/tokenizer/jinja"
)

// conversation is what a chat request says about its prompt.
type conversation struct {
	messages      []tokenizer.Message
	render        tokenizer.RenderOptions
	continueFinal bool // leave the last message open, for the model to go on
	special       bool // put the tokenizer's special tokens around the rendered text
}

// readConversation reads messages and the fields of the template.
func readConversation(f *fields) *conversation {
	c := &conversation{}
	raw, ok := f.get("messages")
	var list []json.RawMessage
	switch {
	case !ok:
		f.missing("messages")
	case json.Unmarshal(raw, &list) != nil:
		f.wrong("messages", "list_type", "Input should be a valid list", raw)
	}
	for i, text := range list {
		m, err := readMessage(text)
		if err != nil {
			f.wrong(fmt.Sprintf("messages.%d", i), "value_error", err.Error(), text)
		}
		c.messages = append(c.messages, m)
	}
	c.render.AddGenerationPrompt = true
	added := f.bool("add_generation_prompt", &c.render.AddGenerationPrompt)
	if f.bool("continue_final_message", &c.continueFinal) && c.continueFinal && !added {
		c.render.AddGenerationPrompt = false
	}
	f.bool("add_special_tokens", &c.special)
	c.readVariables(f)
	return c
}

// readMessage reads one message; a content in parts is joined by line breaks.
func readMessage(text []byte) (tokenizer.Message, error) {
	var m tokenizer.Message
	if err := m.UnmarshalJSON(text); err != nil {
		return m, err
	}
	parts, ok := m.Extra["content"].(*jinja.List)
	if !ok {
		return m, nil
	}
	var texts []string
	for _, part := range parts.Items {
		d, _ := part.(*jinja.Dict)
		if d == nil {
			return m, fmt.Errorf("a part of the content is no object")
		}
		kind, _ := d.Get("type")
		text, _ := d.Get("text")
		s, isText := text.(string)
		if kind != "text" || !isText {
			return m, fmt.Errorf("a part of the content is of type %v: this model reads text only", kind)
		}
		texts = append(texts, s)
	}
	m.Content = strings.Join(texts, "\n")
	delete(m.Extra, "content")
	return m, nil
}

// readVariables reads chat_template_kwargs, in the order in which objects are written.
func (c *conversation) readVariables(f *fields) {
	raw, ok := f.get("chat_template_kwargs")
	if !ok {
		return
	}
	v, err := jinja.ParseJSON(raw)
	d, isDict := v.(*jinja.Dict)
	if err != nil || !isDict {
		f.wrong("chat_template_kwargs", "dict_type", "Input should be a valid dictionary", raw)
		return
	}
	c.render.Extra = map[string]any{}
	for _, key := range d.Keys() {
		c.render.Extra[key], _ = d.Get(key)
	}
	maps.DeleteFunc(c.render.Extra, func(key string, _ any) bool { return key == "messages" || key == "add_generation_prompt" })
}

// continuation marks the place in the last message where the model goes on. The space at its end tells whether the template trims messages.
const continuation = "<<continue-here>> "

// prompt renders a conversation and encodes it.
func (s *Server) prompt(c *conversation) ([]int32, error) {
	if s.opt.Tokenizer == nil || s.opt.Template == nil {
		return nil, badRequest("The model has no chat template, so it takes no conversations: use /v1/completions.")
	}
	if len(c.messages) == 0 {
		return nil, badRequest("Cannot apply chat template to an empty conversation. Provide at least one message.")
	}
	if c.continueFinal && c.render.AddGenerationPrompt {
		return nil, badRequest("Cannot set both `continue_final_message` and `add_generation_prompt` to True.")
	}
	messages := c.messages
	if c.continueFinal {
		last := messages[len(messages)-1]
		if _, other := last.Extra["content"]; other {
			return nil, badRequest("continue_final_message is set, but the final message has no text to continue.")
		}
		last.Content += continuation
		messages = append(messages[:len(messages)-1:len(messages)-1], last)
	}
	text, err := s.opt.Template.Render(messages, c.render)
	if err != nil {
		return nil, badRequest("The chat template does not take this conversation: %s", err)
	}
	if c.continueFinal {
		if text, err = cutContinuation(text); err != nil {
			return nil, err
		}
	}
	return s.encode(text, c.special), nil
}

// cutContinuation ends the text where the last message does, without what the template puts after it.
func cutContinuation(text string) (string, error) {
	at := strings.LastIndex(text, strings.TrimSpace(continuation))
	switch {
	case at < 0:
		return "", badRequest("continue_final_message is set, but the chat template leaves out the end of the final message.")
	case strings.HasPrefix(text[at:], continuation):
		return text[:at], nil
	default: // the template trims messages, so it would have trimmed the end of this one too
		return strings.TrimRight(text[:at], " \t\r\n"), nil
	}
}

// encode turns text into ids; special puts around it what the tokenizer's files say.
func (s *Server) encode(text string, special bool) []int32 {
	if e, ok := s.tok.(tokenizer.Encoder); ok && special {
		ids, _ := e.EncodeSpecial(text)
		return ids
	}
	return s.tok.Encode(text)
}

// textPrompt is a prompt of /v1/completions.
type textPrompt struct {
	ids  []int32
	text string // as it was given, "" for a prompt of ids
}

// readPrompts reads the field prompt: a text, a list of texts, a list of ids, or a list of lists of ids.
func (s *Server) readPrompts(f *fields, special bool) ([]textPrompt, error) {
	raw, ok := f.get("prompt")
	if !ok {
		f.missing("prompt")
		return nil, f.err()
	}
	var one string
	var texts []string
	var ids []int32
	var lists [][]int32
	switch {
	case json.Unmarshal(raw, &one) == nil:
		texts = []string{one}
	case json.Unmarshal(raw, &ids) == nil && len(ids) > 0:
		lists = [][]int32{ids}
	case json.Unmarshal(raw, &texts) == nil && len(texts) > 0:
	case json.Unmarshal(raw, &lists) == nil && len(lists) > 0:
		texts = nil
	case string(raw) == "[]":
		return nil, badRequest("Please provide at least one prompt")
	default:
		f.wrong("prompt", "string_type", "Input should be a text, a list of texts, a list of token ids or a list of such lists", raw)
		return nil, f.err()
	}
	if len(texts) > 0 && s.opt.Tokenizer == nil {
		return nil, badRequest("The model has no tokenizer: give the prompt as token ids.")
	}
	var out []textPrompt
	for _, text := range texts {
		out = append(out, textPrompt{s.encode(text, special), text})
	}
	for _, ids := range lists {
		out = append(out, textPrompt{ids: ids})
	}
	return out, s.checkPrompts(out)
}

func (s *Server) checkPrompts(prompts []textPrompt) error {
	for _, p := range prompts {
		if len(p.ids) == 0 {
			return badRequest("The prompt cannot be empty")
		}
		if err := s.checkIDs(p.ids); err != nil {
			return err
		}
	}
	return nil
}

// checkIDs reports the first id that is no token.
func (s *Server) checkIDs(ids []int32) error {
	for _, id := range ids {
		if id < 0 || int(id) >= s.opt.Config.VocabSize {
			return badRequest("Token id %d is out of vocabulary", id)
		}
	}
	return nil
}
