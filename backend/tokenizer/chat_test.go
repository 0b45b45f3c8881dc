package tokenizer

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// chatRow is a conversation and what transformers makes of it.
type chatRow struct {
	Name     string          `json:"name"`
	Messages []Message       `json:"messages"`
	Tools    json.RawMessage `json:"tools"`
	Generate bool            `json:"add_generation_prompt"`
	Thinking *bool           `json:"enable_thinking"`
	Text     string          `json:"text"`
	IDs      []int32         `json:"ids"`
}

// check renders a row and compares text and ids.
func (row chatRow) check(t *testing.T, tok Tokenizer, template *ChatTemplate) {
	t.Helper()
	opt := RenderOptions{AddGenerationPrompt: row.Generate, EnableThinking: row.Thinking}
	if !isNull(row.Tools) {
		var err error
		if opt.Tools, err = ParseTools(row.Tools); err != nil {
			t.Fatal(err)
		}
	}
	got, err := template.Render(row.Messages, opt)
	if err != nil {
		t.Errorf("%s: %v", row.Name, err)
		return
	}
	if diff := cmp.Diff(row.Text, got); diff != "" {
		t.Errorf("%s: text (-want +got):\n%s", row.Name, diff)
	}
	if diff := cmp.Diff(row.IDs, tok.Encode(got)); row.IDs != nil && diff != "" {
		t.Errorf("%s: ids (-want +got):\n%s", row.Name, diff)
	}
}

func TestQwenChatTemplate(t *testing.T) {
	tok := qwen(t)
	_, fromConfig, err := Load(fixture(t, "tokenizers", "qwen3"))
	if err != nil || fromConfig == nil {
		t.Fatal("the template of tokenizer_config.json: ", err)
	}
	source, err := os.ReadFile(fixture(t, "fixtures", "tokenizer", "chat_template.jinja"))
	if err != nil {
		t.Fatal(err)
	}
	fromFile, err := ParseChatTemplate(string(source), nil)
	if err != nil {
		t.Fatal(err)
	}
	var rows []chatRow
	readFixture(t, &rows, "fixtures", "tokenizer", "chat_template.json")
	eachLine(t, func(line int, text []byte) {
		var row chatRow
		if err := json.Unmarshal(text, &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}, "fixtures", "tokenizer", "chat_public.jsonl")
	for _, row := range rows {
		row.check(t, tok, fromConfig)
		row.check(t, tok, fromFile)
	}
	t.Logf("%d conversations", len(rows))
}

func TestChatTemplateSources(t *testing.T) {
	tok, err := NewChars("ab")
	if err != nil {
		t.Fatal(err)
	}
	write := func(files map[string]string) string {
		dir := t.TempDir()
		if err := tok.Save(dir); err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	cases := []struct {
		name  string
		files map[string]string
		tools []any
		want  string
	}{
		{"file before config", map[string]string{"chat_template.jinja": "file", "tokenizer_config.json": `{"chat_template":"config"}`}, nil, "file"},
		{"config", map[string]string{"tokenizer_config.json": `{"bos_token":{"content":"<s>"},"chat_template":"{{ bos_token }}config"}`}, nil, "<s>config"},
		{"older file", map[string]string{"chat_template.json": `{"chat_template":"older"}`}, nil, "older"},
		{"named", map[string]string{"tokenizer_config.json": `{"chat_template":[{"name":"tool_use","template":"T"},{"name":"default","template":"D"}]}`}, nil, "D"},
		{"named, with tools", map[string]string{"tokenizer_config.json": `{"chat_template":[{"name":"tool_use","template":"T"},{"name":"default","template":"D"}]}`}, []any{"x"}, "T"},
	}
	for _, c := range cases {
		_, template, err := Load(write(c.files))
		if err != nil || template == nil {
			t.Errorf("%s: template %v, %v", c.name, template, err)
			continue
		}
		if got, err := template.Render(nil, RenderOptions{Tools: c.tools}); err != nil || got != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
	if _, template, err := Load(write(nil)); err != nil || template != nil {
		t.Errorf("without a template: %v, %v, want nil", template, err)
	}
	_, _, err = Load(write(map[string]string{"chat_template.jinja": "a\n{% fi %}"}))
	if err == nil || !strings.Contains(err.Error(), "chat_template.jinja") || !strings.Contains(err.Error(), `line 2: tag "fi"`) {
		t.Errorf("bad template: %v, want an error naming file and line", err)
	}
}
