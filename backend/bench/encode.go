package main

import (
	"context"
	"fmt"
	"os"

	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// encode turns one long text into ids. Its check is their sum.
func encode(s spec) (*work, error) {
	text, err := os.ReadFile(s.Text)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	t, _, err := tokenizer.Load(s.Tokenizer)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	long := string(text)
	w := &work{release: func() {}}
	w.about = about{Model: s.Tokenizer, Device: processorName()}
	w.step = func(context.Context) (float64, error) {
		ids := t.Encode(long)
		w.about.Tokens = len(ids) // told after the first step, which so finds no word in the tokenizer's cache
		sum := 0.0
		for _, id := range ids {
			sum += float64(id)
		}
		return sum, nil
	}
	return w, nil
}
