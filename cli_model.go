package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/spf13/cobra"
)

// modelFlags say which model a command opens, and where.
type modelFlags struct {
	name    string
	options backend.Options
	quiet   bool
}

func (f *modelFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.name, "model", "", "model directory, its name below $"+backend.ModelsVariable+", or a name on the Hugging Face Hub")
	flags.StringVar(&f.options.DType, "dtype", "", "weights on the devices: float32 or bfloat16 (default: the checkpoint's on GPUs, float32 on CPU)")
	flags.IntVar(&f.options.Devices, "devices", 0, "number of devices (default: every GPU, or one CPU device)")
	flags.BoolVar(&f.quiet, "quiet", false, "print no progress")
}

// open loads the model.
func (f *modelFlags) open(ctx context.Context, cmd *cobra.Command, p *progress) (*backend.Model, error) {
	if f.name == "" {
		return nil, usageError(fmt.Errorf("%s: --model is missing: name a model directory", cmd.Name()))
	}
	switch f.options.DType {
	case "", "float32", "bfloat16":
	default:
		return nil, usageError(fmt.Errorf("--dtype %q: expected float32 or bfloat16", f.options.DType))
	}
	if f.options.Devices < 0 {
		return nil, usageError(fmt.Errorf("--devices %d: expected 1 or more", f.options.Devices))
	}
	p.say("opening %s …", f.name)
	m, err := backend.Open(ctx, f.name, f.options)
	if err != nil {
		return nil, err
	}
	p.say("%v", m)
	return m, nil
}

// logProbs are per-token log-probs in nats as JSON; what is no number stands as null.
type logProbs []float32

// MarshalJSON writes each number in as few digits as tell it apart.
func (l logProbs) MarshalJSON() ([]byte, error) {
	values := make([]any, len(l))
	for i, x := range l {
		if !isNaN(x) {
			values[i] = x
		}
	}
	return json.Marshal(values)
}

// finite refuses log-probs that no sound model gives.
func (l logProbs) finite() error {
	for i, x := range l {
		if isNaN(x) || math.IsInf(float64(x), 0) {
			return fmt.Errorf("the log-prob of token %d is %v: the weights hold values that are no numbers, or overflow", i, x)
		}
	}
	return nil
}

func isNaN(x float32) bool { return x != x }

// tokenIDs reads a line's token ids from one field, or encodes its text from another.
func tokenIDs(r *record, text textReader, idsField, textField string, vocab int) (ids []int32, err error) {
	switch {
	case r.has(idsField):
		err = r.read(map[string]any{idsField: &ids})
	case r.has(textField):
		var s string
		if err = r.read(map[string]any{textField: &s}); err == nil {
			ids, _, err = text.encode(s)
		}
	default:
		err = errors.New("neither token ids nor text are given")
	}
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		if id < 0 || int(id) >= vocab {
			return nil, fmt.Errorf("token %d is %d, the vocabulary has %d", i, id, vocab)
		}
	}
	return ids, nil
}
