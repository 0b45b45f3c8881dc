package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/repl"
	"github.com/dcpo-go/godcpo/kernel/symbols"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func newRepl() *cobra.Command {
	var noHistory bool
	cmd := &cobra.Command{
		Use:   "repl",
		Short: "Run cells line by line in this terminal",
		Long: `repl runs each cell once its last line is complete, in one session, as a notebook does. The last value is shown, Tab completes names, the arrow
keys bring former lines back (they are remembered in $XDG_STATE_HOME/godcpo/history, or ~/.local/state), an empty line ends a cell that is not
complete. Ctrl-C stops the running cell or drops the one begun; Ctrl-D ends.

Without a terminal, lines are read from the standard input, and the first cell that fails ends the session with exit status 1.`,
		Example: `  godcpo repl
  echo 'fmt.Println(6 * 7)' | godcpo repl`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			opt := repl.Options{Session: cell.Options{Symbols: symbols.Tables()}, Terminal: term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))}
			if opt.Terminal && !noHistory {
				opt.History = historyFile()
			}
			ctx := cmd.Context()
			if opt.Terminal { // an interrupt is for the cell, not for the session
				ctx = context.WithoutCancel(ctx)
				interrupts := make(chan os.Signal, 1)
				signal.Notify(interrupts, os.Interrupt)
				defer signal.Stop(interrupts)
				opt.Interrupts = interrupts
			}
			return repl.Run(ctx, opt)
		},
	}
	cmd.Flags().BoolVar(&noHistory, "no-history", false, "remember no lines")
	return cmd
}

// historyFile is where lines are remembered; "" where there is no place for it.
func historyFile() string {
	state := os.Getenv("XDG_STATE_HOME")
	if state == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "godcpo", "history")
}
