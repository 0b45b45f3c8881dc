package evaluation

import (
	"fmt"

	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Confidence is a kind of confidence. Its values are those of the released evaluation's option.
type Confidence string

const (
	// Verbal is the number that the response states.
	Verbal Confidence = "verbal"
	// Logits is exp of the mean log-prob of the response's tokens.
	Logits Confidence = "logits"
)

// Validate reports an unknown kind.
func (c Confidence) Validate() error {
	if c == Verbal || c == Logits {
		return nil
	}
	return fmt.Errorf("confidence %q is unknown: use %q or %q", string(c), Verbal, Logits)
}

// asks tells whether the prompt asks for a stated confidence.
func asks(p verbal.Prompt) bool { return p != verbal.PromptNone && p != "" }
