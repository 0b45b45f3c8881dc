package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/notebook"
	"github.com/dcpo-go/godcpo/kernel/symbols"
	"github.com/spf13/cobra"
)

func newRun() *cobra.Command {
	opt := notebook.Options{Session: cell.Options{Symbols: symbols.Tables()}}
	var parameters []string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "run NOTEBOOK [-p name=value]... [-o OUT]",
		Short: "Run a notebook from its first cell to its last and write the executed notebook",
		Long: `run executes a notebook's cells in order, shows what they print, and writes the executed notebook after each cell, so that
nothing is lost. It stops at the first cell that fails and names it. Progress goes to standard error.

Exit status: 0 done; 1 a cell failed; 2 wrong usage or file; 124 time-out; 130 interrupted.`,
		Example: `  godcpo run notebooks/quickstart.ipynb
  godcpo run notebooks/quickstart.ipynb -p seeds=3 -o three-seeds.ipynb --timeout 30m`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if opt.Parameters, err = parseParameters(parameters); err != nil {
				return usageError(err)
			}
			if opt.Timeout < 0 || opt.CellTimeout < 0 {
				return usageError(errors.New("a time-out must not be negative (0: none)"))
			}
			if !quiet {
				opt.Progress = os.Stderr
			}
			return runNotebook(cmd.Context(), args[0], opt)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&parameters, "parameter", "p", nil, "replace a value of the cell tagged \"parameters\", as name=value; may be repeated")
	flags.StringVarP(&opt.Output, "output", "o", "", "where the executed notebook goes (default NOTEBOOK with the ending .executed.ipynb)")
	flags.DurationVar(&opt.Timeout, "timeout", 0, "stop the whole run after this time, such as 10m (0: never)")
	flags.DurationVar(&opt.CellTimeout, "cell-timeout", 0, "stop a cell after this time (0: never)")
	flags.BoolVar(&quiet, "quiet", false, "print no progress, only what cells print")
	return cmd
}

// parseParameters reads name=value pairs; the last one of a name counts.
func parseParameters(pairs []string) (map[string]string, error) {
	values := map[string]string{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("parameter %q: expected name=value, such as seeds=3", pair)
		}
		values[name] = value
	}
	return values, nil
}

// runNotebook runs a notebook and gives its failures their exit status.
func runNotebook(ctx context.Context, path string, opt notebook.Options) error {
	began := time.Now()
	err := notebook.Run(ctx, path, opt)
	var usage *notebook.UsageError
	var failed *notebook.CellError
	switch {
	case err == nil:
		if opt.Progress != nil {
			output := opt.Output
			if output == "" {
				output = notebook.OutputPath(path)
			}
			fmt.Fprintf(opt.Progress, "done in %v: %s\n", time.Since(began).Round(100*time.Millisecond), output)
		}
		return nil
	case errors.As(err, &usage):
		return usageError(err)
	case !errors.As(err, &failed):
		return err
	}
	status := exitFailed
	switch {
	case failed.Interrupted():
		status = exitInterrupted
	case failed.TimedOut():
		status = exitTimeout
	}
	return &exitError{status, fmt.Errorf("%w\n(the outputs so far are in %s)", err, failed.Output)}
}
