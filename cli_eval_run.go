package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dcpo-go/godcpo/dcpo/evaluation"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/report"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// ask puts the open requests.
func (f *evalFlags) ask(cmd *cobra.Command) error {
	n := newEvalNarrator(cmd.ErrOrStderr(), f.quiet)
	f.Progress = n.tell
	p, err := evaluation.Run(cmd.Context(), f.Options)
	n.end(p)
	var other *journal.MismatchError
	switch {
	case errors.As(err, &other):
		return usageError(err)
	case err != nil && cmd.Context().Err() != nil:
		return fmt.Errorf("%w; %d of %d answers are in %s: the same command goes on from there", context.Cause(cmd.Context()), p.Before+p.Answered+p.Refused, p.All, f.Dir)
	case err != nil:
		return err
	}
	return nil
}

// tell measures journals and writes the report.
func (f *evalFlags) tell(cmd *cobra.Command, dirs []string) error {
	say := func(format string, args ...any) {
		if !f.quiet {
			fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...)
		}
	}
	var results []*evaluation.Result
	missing := 0
	for _, text := range dirs {
		opt := f.measure
		name, dir := source(text)
		opt.Name = name
		say("grading and measuring %s …", dir)
		r, err := evaluation.Open(dir, opt)
		if errors.Is(err, os.ErrNotExist) {
			return usageError(err)
		}
		if err != nil {
			return err
		}
		results, missing = append(results, r), missing+r.Missing
	}
	out := f.Dir
	if out == "" {
		out = results[0].Dir
	}
	say("drawing …")
	written, err := report.Write(out, results, f.report)
	if err != nil {
		return err
	}
	for _, r := range results {
		fmt.Fprintln(cmd.OutOrStdout(), r)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "written to %s\n", written)
	if missing > 0 && len(f.from) == 0 {
		return &exitError{exitFailed, fmt.Errorf("requests without an answer: %d; the same command puts them again", missing)}
	}
	return nil
}

// evalNarrator tells how far an evaluation is: a bar with the time left on a terminal, lines elsewhere.
type evalNarrator struct {
	w           io.Writer
	terminal    bool
	began, said time.Time
	bar         *progressbar.ProgressBar
}

func newEvalNarrator(w io.Writer, quiet bool) *evalNarrator {
	if quiet {
		return &evalNarrator{w: io.Discard}
	}
	f, ok := w.(*os.File)
	return &evalNarrator{w: w, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

func (n *evalNarrator) tell(p evaluation.Progress) {
	if n.began.IsZero() {
		n.began, n.said = time.Now(), time.Now()
		if p.Before > 0 {
			fmt.Fprintf(n.w, "%d of %d answers are there already\n", p.Before, p.All)
		}
		if n.terminal {
			n.bar = progressbar.NewOptions(p.All-p.Before, progressbar.OptionSetWriter(n.w), progressbar.OptionShowCount(), progressbar.OptionFullWidth(),
				progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true))
		}
		return
	}
	if n.bar != nil {
		n.bar.Describe(n.trouble(p) + fmt.Sprintf("%.0f tokens/s", float64(p.Tokens)/time.Since(n.began).Seconds()))
		_ = n.bar.Set(p.Told())
		return
	}
	if time.Since(n.said) >= progressEvery {
		n.said = time.Now()
		fmt.Fprintln(n.w, n.line(p))
	}
}

// line says how far it is and how long the rest takes at the pace so far.
func (n *evalNarrator) line(p evaluation.Progress) string {
	spent := time.Since(n.began)
	line := fmt.Sprintf("%s%d of %d answers, %.0f tokens/s", n.trouble(p), p.Before+p.Told(), p.All, float64(p.Tokens)/max(spent.Seconds(), 1e-3))
	if open := p.All - p.Before - p.Told(); open > 0 && p.Told() > 0 {
		line += fmt.Sprintf(", %v left", time.Duration(float64(spent)/float64(p.Told())*float64(open)).Round(time.Second))
	}
	return line
}

// trouble counts what did not go well, if anything did not.
func (n *evalNarrator) trouble(p evaluation.Progress) (text string) {
	for _, t := range []struct {
		count int
		what  string
	}{{p.Failed, "failed"}, {p.Refused, "refused"}, {p.Truncated, "cut off"}} {
		if t.count > 0 {
			text += fmt.Sprintf("%d %s, ", t.count, t.what)
		}
	}
	return text
}

// end takes the bar away and sums up.
func (n *evalNarrator) end(p evaluation.Progress) {
	if n.bar != nil {
		_ = n.bar.Clear()
	}
	if n.began.IsZero() {
		if p.All > 0 && p.Before == p.All {
			fmt.Fprintf(n.w, "all %d answers are there already\n", p.All)
		}
		return
	}
	fmt.Fprintf(n.w, "%s in %v\n", n.line(p), time.Since(n.began).Round(time.Second))
	if p.LastError != "" {
		fmt.Fprintf(n.w, "the last error: %s\n", p.LastError)
	}
}
