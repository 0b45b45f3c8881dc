package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/spf13/cobra"
)

func newTokenize() *cobra.Command {
	var model string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "tokenize --model DIR",
		Short: "Turn text or conversations into token ids, line by line",
		Long: `tokenize reads JSON Lines on standard input and writes a line for each on standard output, in the same order:

  {"id": …, "text": "…"}       the text, with the special tokens that the tokenizer puts around a bare text
  {"id": …, "messages": […]}   the conversation in the model's chat template; may have "add_generation_prompt" (default false),
                               "enable_thinking" and "tools"
  →  {"id": …, "ids": […], "offsets": [[start, end], …], "text": "…"}

Offsets count code points of the text, which is the rendered template for a conversation. A line that has both is taken as a conversation. A line
that cannot be answered gives {"id": …, "error": "line 3: …"}.

Exit status: 0 every line was answered; 1 some were not, or the model cannot be read; 2 wrong usage.`,
		Example: `  echo '{"text": "hello"}' | godcpo tokenize --model models/Qwen3-0.6B`,
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if model == "" {
				return usageError(errors.New("tokenize: --model is missing: name a model directory"))
			}
			t, template, err := loadTokenizer(model)
			if err != nil {
				return err
			}
			text := textReader{t, template}
			stream := jsonl{in: cmd.InOrStdin(), out: cmd.OutOrStdout(), batch: 64, progress: newProgress(cmd.ErrOrStderr(), quiet)}
			return stream.run(cmd.Context(), func(_ context.Context, batch []*record) {
				for _, r := range batch {
					answer, err := text.tokenize(r)
					stream.progress.add(len(answer.IDs))
					r.finish(answer, err)
				}
			})
		},
	}
	cmd.Flags().StringVar(&model, "model", "", "directory with tokenizer.json, or its name below $"+backend.ModelsVariable)
	cmd.Flags().BoolVar(&quiet, "quiet", false, "print no progress")
	return cmd
}

// loadTokenizer opens the tokenizer of a model.
func loadTokenizer(name string) (tokenizer.Tokenizer, *tokenizer.ChatTemplate, error) {
	for _, dir := range backend.ModelDirs(name) {
		if _, err := os.Stat(filepath.Join(dir, "tokenizer.json")); err == nil {
			return tokenizer.Load(dir)
		}
	}
	return tokenizer.Load(name)
}

// tokenized is the answer of tokenize.
type tokenized struct {
	ID      json.RawMessage `json:"id"`
	IDs     []int32         `json:"ids"`
	Offsets [][2]int        `json:"offsets"`
	Text    string          `json:"text"`
}

// textReader turns the texts and conversations of input lines into token ids. Either part may be nil.
type textReader struct {
	tokenizer tokenizer.Tokenizer
	template  *tokenizer.ChatTemplate
}

func (t textReader) tokenize(r *record) (tokenized, error) {
	out := tokenized{ID: r.id}
	var err error
	switch {
	case r.has("messages"):
		chat := conversation{}
		if err := r.read(chat.targets()); err != nil {
			return out, err
		}
		if out.Text, err = t.render(chat); err != nil {
			return out, err
		}
		out.IDs, out.Offsets = t.tokenizer.EncodeOffsets(out.Text)
	case r.has("text"):
		if err := r.read(map[string]any{"text": &out.Text}); err != nil {
			return out, err
		}
		out.IDs, out.Offsets, err = t.encode(out.Text)
	default:
		err = errors.New(`expected a field "text" or "messages"`)
	}
	if out.IDs == nil { // [] and not null
		out.IDs, out.Offsets = []int32{}, [][2]int{}
	}
	return out, err
}

// encode gives the ids of a bare text, with the special tokens that belong around it.
func (t textReader) encode(text string) ([]int32, [][2]int, error) {
	if t.tokenizer == nil {
		return nil, nil, errors.New("the model directory holds no tokenizer.json: give token ids")
	}
	if special, ok := t.tokenizer.(tokenizer.Encoder); ok {
		ids, offsets := special.EncodeSpecial(text)
		return ids, offsets, nil
	}
	ids, offsets := t.tokenizer.EncodeOffsets(text)
	return ids, offsets, nil
}

// conversation is the input of a chat template.
type conversation struct {
	messages []tokenizer.Message
	options  tokenizer.RenderOptions
	tools    json.RawMessage
}

// targets are the fields of a line that hold a conversation.
func (c *conversation) targets() map[string]any {
	return map[string]any{"messages": &c.messages, "add_generation_prompt": &c.options.AddGenerationPrompt,
		"enable_thinking": &c.options.EnableThinking, "tools": &c.tools}
}

// render gives the text of a conversation, which holds all its special tokens.
func (t textReader) render(c conversation) (string, error) {
	switch {
	case t.tokenizer == nil:
		return "", errors.New("the model directory holds no tokenizer.json: give token ids")
	case t.template == nil:
		return "", errors.New("the model has no chat template: give the text of a prompt instead of messages")
	case len(c.messages) == 0:
		return "", errors.New(`field "messages" is empty`)
	}
	if c.tools != nil {
		tools, err := tokenizer.ParseTools(c.tools)
		if err != nil {
			return "", err
		}
		c.options.Tools = tools
	}
	text, err := t.template.Render(c.messages, c.options)
	if err != nil {
		return "", fmt.Errorf("chat template: %w", err)
	}
	return text, nil
}
