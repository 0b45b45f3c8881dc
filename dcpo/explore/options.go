package explore

import (
	"errors"
	"fmt"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Options say what is looked at. The zero value of each field takes its documented default.
type Options struct {
	// Top is how many alternatives each token shows, at most engine.MaxTopLogProbs. Default 8.
	Top int
	// Decimals of the confidences that are told apart: 1, 2 or 3. Default 2. Each further one takes ten times as many passes.
	Decimals int
	// Policy and Span are how the stated confidence is read, and where its span starts: the settings confidence.policy and
	// confidence.span.
	Policy verbal.Policy
	Span   verbal.SpanMode
	// Ask is what was appended to a recorded question, the setting confidence.prompt; none by default.
	Ask verbal.Prompt
	// Elicit is appended to an answer that states no confidence, such as "\nCONFIDENCE: ", to see what it would have stated; "" does
	// not ask.
	Elicit string
	// NoDistribution leaves out the distribution of confidences, which takes a pass over the answer for each number looked at.
	NoDistribution bool
	// BatchTokens bounds how many tokens are run through the model at once on each device. Default 8192.
	BatchTokens int
}

const (
	defaultTop         = 8
	defaultDecimals    = 2
	mostDecimals       = 3
	defaultBatchTokens = 8192
)

// Validate reports all faults at once.
func (o Options) Validate() error {
	var faults []error
	if o.Top < 0 || o.Top > engine.MaxTopLogProbs {
		faults = append(faults, fmt.Errorf("%d alternatives: use 1 to %d, or 0 for %d", o.Top, engine.MaxTopLogProbs, defaultTop))
	}
	if o.Decimals < 0 || o.Decimals > mostDecimals {
		faults = append(faults, fmt.Errorf("%d decimals: use 1 to %d, or 0 for %d", o.Decimals, mostDecimals, defaultDecimals))
	}
	if o.BatchTokens < 0 {
		faults = append(faults, fmt.Errorf("%d tokens at once: use 1 or more, or 0 for %d", o.BatchTokens, defaultBatchTokens))
	}
	return errors.Join(append(faults, o.Policy.Validate(), o.Span.Validate(), o.Ask.Validate())...)
}

func (o Options) withDefaults() Options {
	for value, standard := range map[*int]int{&o.Top: defaultTop, &o.Decimals: defaultDecimals, &o.BatchTokens: defaultBatchTokens} {
		if *value == 0 {
			*value = standard
		}
	}
	return o
}
