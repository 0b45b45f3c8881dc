package evaluation

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
	"github.com/dcpo-go/godcpo/dcpo/vllm"
)

// Options say what Run asks. Dir, Client.Endpoints, Client.Model and Benchmarks are required; of Settings, MaxTokens at least, which
// journal.Reference gives with the rest. The zero value of each other field takes its documented default.
type Options struct {
	// Dir is the folder of the journal. One that holds a journal already is gone on with.
	Dir string
	// Client says who is asked. Its defaults are the reference's: 32 requests at once, 300 s each.
	Client vllm.Options
	// Settings are the sampling's; their Model and Portable are the Client's.
	Settings   journal.Settings
	Benchmarks []*datasets.Benchmark
	// Confidences that will be measured. Default: both.
	Confidences []Confidence
	// Prompt is appended to each question. Default: verbal.PromptBoxed, or, where only Logits are measured, nothing, as in the reference.
	Prompt verbal.Prompt
	// Separate asks each problem a second time, without a prompt, and takes Logits from those answers, as the reference does. Otherwise every
	// problem is asked once, and both confidences are of the same answer.
	Separate bool
	// PTrue asks the model about each answer whether it is true, once all are there: one token more for each, and a baseline to stated confidences.
	PTrue bool
	// Samples is how many answers each problem gets. Default 4.
	Samples int
	// Limit asks only so many problems of each benchmark, from the first. Default 0: all.
	Limit int
	// Program is the version that is noted in the journal.
	Program string
	// Progress, if set, is told how far the run is, after each answer. Calls follow one another.
	Progress func(Progress)
}

func (o Options) withDefaults() Options {
	if len(o.Confidences) == 0 {
		o.Confidences = []Confidence{Verbal, Logits}
	}
	if o.Prompt == "" {
		o.Prompt = verbal.PromptNone
		if slices.Contains(o.Confidences, Verbal) {
			o.Prompt = verbal.PromptBoxed
		}
	}
	if o.Samples == 0 {
		o.Samples = 4
	}
	o.Settings.Model, o.Settings.Portable = o.Client.Model, o.Client.Portable
	return o
}

// Validate reports every fault of the options at once.
func (o Options) Validate() error {
	o = o.withDefaults()
	faults := []error{o.Client.Validate(), o.Settings.Validate(), o.Prompt.Validate()}
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	want(o.Dir != "", "no folder is given for the answers")
	want(len(o.Benchmarks) > 0, "no benchmark is given")
	want(o.Samples > 0, "samples are %d, want 1 or more", o.Samples)
	want(o.Limit >= 0, "the limit is %d problems, want 1 or more, or 0 for all", o.Limit)
	names := map[string]bool{}
	for _, b := range o.Benchmarks {
		want(!names[b.Name], "benchmark %s is given twice", b.Name)
		names[b.Name] = true
	}
	for i, c := range o.Confidences {
		faults = append(faults, c.Validate())
		want(!slices.Contains(o.Confidences[:i], c), "confidence %s is given twice", c)
	}
	if o.Separate {
		want(slices.Contains(o.Confidences, Verbal) && slices.Contains(o.Confidences, Logits) && asks(o.Prompt),
			"asking separately needs both confidences and a prompt that asks for one")
	}
	return errors.Join(faults...)
}

// prompts lists what problems are asked with.
func (o Options) prompts() []verbal.Prompt {
	if o.Separate {
		return []verbal.Prompt{o.Prompt, verbal.PromptNone}
	}
	return []verbal.Prompt{o.Prompt}
}
