package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/spf13/cobra"
)

func newMetrics() *cobra.Command {
	m := metrics{bins: calibration.DefaultBins, bootstrap: calibration.Bootstrap{Resamples: 1000, Level: 0.95}}
	cmd := &cobra.Command{
		Use:   "metrics [--bins 20] [--json]",
		Short: "Measure how well stated confidences agree with correctness",
		Long: `metrics reads JSON Lines of graded answers on standard input and writes one table, or one JSON object, on standard output:

  {"confidence": 0.83, "correct": true, "problem": "…"}

confidence is a fraction, null where none was stated; correct is true or false, or a share of right answers from 0 to 1. problem, which may be left
out, is the same for answers to one problem: intervals draw whole problems. Other fields are passed over.

The measures are accuracy, ECE, PCE, MCE, Brier score and AUROC as the released DCPO evaluation defines them, and with them calibration errors without fixed
bins, NLL, the parts of the Brier score, and what is gained by answering only when confident, each with its bootstrap interval. In JSON they are n,
accuracy, mean_confidence, ece, pce, pce_conditional, mce, brier, auroc, … and intervals; what is undefined is null.

A line that cannot be used gives {"id": …, "error": "line 3: …"} before that; the others are measured.

Exit status: 0 every line was used; 1 some were not; 2 wrong usage.`,
		Example: `  godcpo metrics --bins 15 < answers.jsonl
  godcpo metrics --json --resamples 0 < answers.jsonl`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := m.validate(); err != nil {
				return usageError(err)
			}
			return m.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().IntVar(&m.bins, "bins", m.bins, "bins of ECE, PCE, MCE and the parts of the Brier score")
	cmd.Flags().BoolVar(&m.json, "json", false, "write one JSON object")
	cmd.Flags().IntVar(&m.bootstrap.Resamples, "resamples", m.bootstrap.Resamples, "bootstrap resamples of the intervals; 0: no intervals")
	cmd.Flags().Float64Var(&m.bootstrap.Level, "level", m.bootstrap.Level, "coverage of the intervals")
	cmd.Flags().Uint64Var(&m.bootstrap.Seed, "seed", 0, "seed of the bootstrap")
	return cmd
}

// metrics measures lines of answers.
type metrics struct {
	bins      int
	json      bool
	bootstrap calibration.Bootstrap

	confidence, correct []float64
	problems            []string
}

func (m *metrics) validate() error {
	var faults []error
	if m.bins < 1 {
		faults = append(faults, fmt.Errorf("--bins %d: expected 1 or more", m.bins))
	}
	if m.bootstrap.Resamples < 0 {
		faults = append(faults, fmt.Errorf("--resamples %d: expected 0 or more", m.bootstrap.Resamples))
	}
	if l := m.bootstrap.Level; !(l > 0 && l < 1) {
		faults = append(faults, fmt.Errorf("--level %v: expected a share between 0 and 1", l))
	}
	return errors.Join(faults...)
}

// run reads all lines, answers the bad ones, and writes the measures of the others.
func (m *metrics) run(ctx context.Context, in io.Reader, out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	bad, err := m.read(ctx, in, encoder)
	if err != nil {
		return err
	}
	summary, err := m.measure()
	if err != nil {
		return err
	}
	if m.json {
		err = encoder.Encode(summary)
	} else {
		_, err = fmt.Fprintln(out, summary)
	}
	if err != nil {
		return fmt.Errorf("write the measures: %w", err)
	}
	return bad
}

// read gathers the lines' answers; bad is what was wrong with lines.
func (m *metrics) read(ctx context.Context, in io.Reader, out *json.Encoder) (bad, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines, read := make(chan *record, 64), make(chan error, 1)
	go func() {
		read <- readRecords(ctx, in, lines)
		close(lines)
	}()
	var failed, all int
	var first error
	for open := true; open; {
		var r *record
		select {
		case r, open = <-lines:
		case <-ctx.Done(): // a reader that still waits for its input is left alone
			return nil, ctx.Err()
		}
		if !open {
			break
		}
		all++
		fault := r.err
		if fault == nil {
			fault = m.add(r)
		}
		if fault == nil {
			continue
		}
		fault = fmt.Errorf("line %d: %w", r.number, fault)
		if failed++; first == nil {
			first = fault
		}
		if err := out.Encode(failedLine{r.id, fault.Error()}); err != nil {
			return nil, fmt.Errorf("write the answer to line %d: %w", r.number, err)
		}
	}
	if err := <-read; err != nil {
		return nil, err
	}
	if failed > 0 {
		bad = &exitError{exitFailed, fmt.Errorf("%d of %d lines could not be used; the first: %w", failed, all, first)}
	}
	return bad, nil
}

// add takes in a line.
func (m *metrics) add(r *record) error {
	if _, ok := r.fields["confidence"]; !ok {
		return errors.New(`field "confidence" is missing: expected a number, or null where none was stated`)
	}
	if !r.has("correct") {
		return errors.New(`field "correct" is missing: expected true or false`)
	}
	confidence, right, problem := math.NaN(), rightShare(0), text("")
	if err := r.read(map[string]any{"confidence": &confidence, "correct": &right, "problem": &problem}); err != nil {
		return err
	}
	m.confidence, m.correct = append(m.confidence, confidence), append(m.correct, float64(right))
	m.problems = append(m.problems, string(problem))
	return nil
}

// measure computes the report; intervals where resamples are asked for.
func (m *metrics) measure() (calibration.Summary, error) {
	if m.bootstrap.Resamples == 0 {
		return calibration.ReportValues(m.confidence, m.correct, m.problems, m.bins)
	}
	return m.bootstrap.ReportValues(m.confidence, m.correct, m.problems, m.bins)
}

// rightShare is true or false, or a share of right answers.
type rightShare float64

// UnmarshalJSON reads both.
func (s *rightShare) UnmarshalJSON(raw []byte) error {
	var right bool
	if json.Unmarshal(raw, &right) == nil {
		if *s = 0; right {
			*s = 1
		}
		return nil
	}
	if err := json.Unmarshal(raw, (*float64)(s)); err != nil || !(*s >= 0 && *s <= 1) {
		return fmt.Errorf("expected true, false or a share from 0 to 1, found %s", abridged(raw))
	}
	return nil
}
