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
	"github.com/spf13/pflag"
)

func newRun() *cobra.Command {
	opt := notebook.Options{Session: cell.Options{Symbols: symbols.Tables()}}
	var parameters []string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "run NOTEBOOK|SCRIPT [-p name=value]... [-o OUT] [ARGUMENT...]",
		Short: "Run a notebook or a script from its first cell to its last",
		Long: `run executes a notebook's cells in order, shows what they print, and writes the executed notebook after each cell, so that
nothing is lost. It stops at the first cell that fails and names it. Progress goes to standard error.

A file that is not called .ipynb is a script: Go, with or without a package clause and a function main, in cells if lines such as
"// %% title" and "// %% [markdown]" part it. What follows its name is its own (os.Args), so flags of run stand before it; its output is
its own too: no progress is shown, and os.Exit gives the exit status. A script whose first line is

  #!/usr/bin/env -S godcpo run

can be made executable. No executed notebook is written of a script unless -o or --html asks for it.

Exit status: 0 done; 1 a cell failed; 2 wrong usage or file; 124 time-out; 130 interrupted; or what a script gives os.Exit.`,
		Example: `  godcpo run notebooks/quickstart.ipynb
  godcpo run notebooks/quickstart.ipynb -p seeds=3 -o three-seeds.ipynb --html three-seeds.html --timeout 30m
  godcpo run --timeout 1h sweep.go 0.1 0.5 0.9`,
		Args: runArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			script := notebook.IsScript(args[0])
			if script {
				opt.Session.Args = args
				opt.Session.Limits = cell.Limits{Text: -1, TextRate: -1, Displays: -1, DisplayRate: -1} // all of it is asked for
			}
			opt.Session.Limits.TextRate, opt.Session.Limits.DisplayRate = -1, -1 // no front end has to keep up
			var err error
			if opt.Parameters, err = parseParameters(parameters); err != nil {
				return usageError(err)
			}
			if opt.Timeout < 0 || opt.CellTimeout < 0 {
				return usageError(errors.New("a time-out must not be negative (0: none)"))
			}
			if !quiet && !script {
				opt.Progress = os.Stderr
			}
			return runNotebook(cmd.Context(), args[0], opt)
		},
	}
	flags := cmd.Flags()
	flags.SetInterspersed(false) // see runArgs
	flags.StringArrayVarP(&parameters, "parameter", "p", nil, "replace a value of the cell tagged \"parameters\", as name=value; may be repeated")
	flags.StringVarP(&opt.Output, "output", "o", "", "where the executed notebook goes (default NOTEBOOK with the ending .executed.ipynb)")
	flags.StringVar(&opt.HTML, "html", "", "write the executed notebook as a page as well, which opens in any browser")
	flags.BoolVar(&opt.AllowErrors, "allow-errors", false, "go on after a cell that fails; the exit status is 1 all the same")
	flags.DurationVar(&opt.Timeout, "timeout", 0, "stop the whole run after this time, such as 10m (0: never)")
	flags.DurationVar(&opt.CellTimeout, "cell-timeout", 0, "stop a cell after this time (0: never)")
	flags.BoolVar(&quiet, "quiet", false, "print no progress, only what cells print")
	return cmd
}

// runArgs reads the flags that stand behind a notebook's name; those behind a script's are the script's.
func runArgs(cmd *cobra.Command, args []string) error {
	if err := usageArgs(cobra.MinimumNArgs(1))(cmd, args); err != nil || notebook.IsScript(args[0]) {
		return err
	}
	flags := cmd.Flags()
	flags.SetInterspersed(true)
	if err := flags.Parse(args[1:]); err != nil {
		return cmd.FlagErrorFunc()(cmd, err)
	}
	if help, err := flags.GetBool("help"); err == nil && help {
		return pflag.ErrHelp
	}
	if flags.NArg() > 0 {
		return usageError(fmt.Errorf("%q: a notebook takes no arguments; parameters are given as -p name=value", flags.Arg(0)))
	}
	return nil
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
	if code, ok := failed.Exit(); ok && failed.Script > 0 {
		if code == 0 {
			return nil
		}
		return &exitError{code, nil}
	}
	switch {
	case failed.Interrupted():
		status = exitInterrupted
	case failed.TimedOut():
		status = exitTimeout
	}
	if failed.Output != "" {
		err = fmt.Errorf("%w\n(the outputs so far are in %s)", err, failed.Output)
	}
	return &exitError{status, err}
}
