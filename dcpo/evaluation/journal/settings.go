package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Settings are what answers depend on besides the problem and its prompt. Answers of different settings do not mix in a journal.
type Settings struct {
	// Model is what the servers call it.
	Model string `json:"model"`
	// Temperature 0 decodes greedily.
	Temperature float64 `json:"temperature"`
	// TopP and TopK keep the likeliest tokens; 0 keeps all.
	TopP float64 `json:"top_p"`
	TopK int     `json:"top_k"`
	// MinP drops tokens less likely than this share of the likeliest.
	MinP              float64 `json:"min_p"`
	PresencePenalty   float64 `json:"presence_penalty"`
	FrequencyPenalty  float64 `json:"frequency_penalty"`
	RepetitionPenalty float64 `json:"repetition_penalty"` // 0 and 1: none
	// MaxTokens bounds a response.
	MaxTokens int `json:"max_tokens"`
	// TemplateArgs are variables for the chat template.
	TemplateArgs map[string]any `json:"chat_template_kwargs"`
	// Seed determines the seed of each request, together with its problem and the number of the sample.
	Seed uint64 `json:"seed"`
	// Portable says that fields which OpenAI's interface does not have were not sent: top-k, min-p, the repetition penalty and the template's.
	Portable bool `json:"portable"`
}

// Reference are the settings of the reference's evaluation, of a model.
func Reference(model string) Settings {
	return Settings{Model: model, Temperature: 0.7, TopP: 0.8, TopK: 20, PresencePenalty: 1.5, MaxTokens: 3000,
		TemplateArgs: map[string]any{"enable_thinking": false}}
}

// Validate reports every fault of the settings at once.
func (s Settings) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	share := func(x float64) bool { return x >= 0 && x <= 1 }
	want(s.Model != "", "the model has no name: give the one that the servers serve it by")
	want(s.Temperature >= 0 && s.Temperature <= 2, "temperature is %v, want 0 to 2", s.Temperature)
	want(share(s.TopP), "top-p is %v, want 0 to 1", s.TopP)
	want(s.TopK >= 0, "top-k is %d, want 0 (all) or more", s.TopK)
	want(share(s.MinP), "min-p is %v, want 0 to 1", s.MinP)
	want(s.PresencePenalty >= -2 && s.PresencePenalty <= 2, "presence penalty is %v, want -2 to 2", s.PresencePenalty)
	want(s.FrequencyPenalty >= -2 && s.FrequencyPenalty <= 2, "frequency penalty is %v, want -2 to 2", s.FrequencyPenalty)
	want(s.RepetitionPenalty >= 0, "repetition penalty is %v, want 0 (none) or more", s.RepetitionPenalty)
	want(s.MaxTokens > 0, "new tokens are %d at most, want 1 or more", s.MaxTokens)
	return errors.Join(faults...)
}

// hash names the settings in each answer's line.
func (s Settings) hash() string {
	sum := sha256.Sum256(s.encode())
	return hex.EncodeToString(sum[:6])
}

// encode is the settings' one spelling.
func (s Settings) encode() []byte {
	raw, err := json.Marshal(s)
	if err != nil {
		return []byte(err.Error()) // a template variable without a spelling; Open refuses such settings
	}
	return raw
}

// differences tells in words where two settings differ, each by its name in JSON.
func (s Settings) differences(other Settings) []string {
	var a, b map[string]json.RawMessage
	if json.Unmarshal(s.encode(), &a) != nil || json.Unmarshal(other.encode(), &b) != nil {
		return []string{"they cannot be compared"}
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if !bytes.Equal(a[name], b[name]) {
			out = append(out, fmt.Sprintf("%s is %s there and %s now", name, a[name], b[name]))
		}
	}
	return out
}
