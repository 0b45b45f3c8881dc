package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

// plotReader reads the inputs of a figure and answers the lines that cannot be used.
type plotReader struct {
	cmd         *cobra.Command
	several     bool // inputs: a line's number says too little
	failed, all int
	first       error
}

// readPlot hands the lines of each input to use; bad is what was wrong with lines.
func readPlot(cmd *cobra.Command, in []string, use func(plotSource, *record) error) (sources []plotSource, bad, err error) {
	if sources, err = plotSources(in); err != nil {
		return nil, nil, err
	}
	p := &plotReader{cmd: cmd, several: len(sources) > 1}
	for _, s := range sources {
		if err := p.read(cmd.Context(), s, func(r *record) error { return use(s, r) }); err != nil {
			return nil, nil, err
		}
	}
	if p.failed > 0 {
		bad = &exitError{exitFailed, fmt.Errorf("%d of %d lines could not be used; the first: %w", p.failed, p.all, p.first)}
	}
	return sources, bad, nil
}

func (p *plotReader) read(ctx context.Context, s plotSource, use func(*record) error) error {
	in := p.cmd.InOrStdin()
	if s.path != "-" {
		f, err := os.Open(s.path)
		if err != nil {
			return usageError(fmt.Errorf("--in: %w", err))
		}
		defer f.Close()
		in = f
	}
	err := eachRecord(ctx, in, func(r *record) error {
		p.all++
		err := r.err
		if err == nil {
			err = use(r)
		}
		if err != nil {
			return p.answer(s, r, err)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("%s: %w", s.path, err)
	}
	return nil
}

// eachRecord hands lines to use, one after the other, until it fails.
func eachRecord(ctx context.Context, in io.Reader, use func(*record) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines, read := make(chan *record, 64), make(chan error, 1)
	go func() {
		read <- readRecords(ctx, in, lines)
		close(lines)
	}()
	for {
		select {
		case r, open := <-lines:
			if !open {
				return errors.Join(<-read, ctx.Err())
			}
			if err := use(r); err != nil {
				return err
			}
		case <-ctx.Done(): // a reader that still waits for its input is left alone
			return ctx.Err()
		}
	}
}

// answer says on standard output why a line cannot be used.
func (p *plotReader) answer(s plotSource, r *record, err error) error {
	if p.several {
		err = fmt.Errorf("line %d of %s: %w", r.number, s.path, err)
	} else {
		err = fmt.Errorf("line %d: %w", r.number, err)
	}
	if p.failed++; p.first == nil {
		p.first = err
	}
	encoder := json.NewEncoder(p.cmd.OutOrStdout())
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(failedLine{r.id, err.Error()}); err != nil {
		return fmt.Errorf("write the answer to line %d: %w", r.number, err)
	}
	return nil
}
