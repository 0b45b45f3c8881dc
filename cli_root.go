package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/backend/plugin"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
)

const rootHelp = `godcpo trains and evaluates language models with Decoupled Calibration Policy Optimization (DCPO):
the model learns to be right and to say how sure it is, each by its own signal.

A first look, on a laptop, from scratch:
  godcpo run notebooks/quickstart.ipynb

Environment:
  GODCPO_PJRT_PLUGIN  a PJRT plug-in file, used as it is
  GODCPO_DEVICE       cpu or cuda; otherwise what the machine has
  GODCPO_CACHE        folder for downloads; otherwise "godcpo" in the user's cache folder
  GODCPO_OFFLINE      1: never touch the network
  GODCPO_DATA         folder of the data sets
  GODCPO_MODELS       folder of model directories
  GODCPO_API_KEY      key that clients of godcpo serve must send

Exit status: 0 done, 1 it failed, 2 wrong usage or file, 124 time-out, 130 interrupted.`

// newRoot assembles the command line.
func newRoot() *cobra.Command {
	var level string
	var devices plugin.Options
	root := &cobra.Command{
		Use:           "godcpo",
		Short:         "Train language models that know how sure they are",
		Long:          rootHelp,
		SilenceErrors: true, // main prints them, once
		SilenceUsage:  true,
		Args:          usageArgs(cobra.NoArgs),
		RunE:          needSubcommand,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmd.ValidateFlagGroups(); err != nil {
				return usageError(err)
			}
			return errors.Join(setUpLogging(cmd.ErrOrStderr(), level), exportDevices(devices))
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().StringVar(&level, "log-level", "warn", "log to standard error from this level on: debug, info, warn or error")
	root.PersistentFlags().StringVar(&devices.Path, "plugin", "", "PJRT plug-in file, used as it is (or "+plugin.EnvPath+")")
	root.PersistentFlags().StringVar(&devices.Device, "device", "", "cpu or cuda; what the machine has if left out (or "+plugin.EnvDevice+")")
	root.PersistentFlags().BoolVar(&devices.Offline, "offline", false, "never touch the network (or "+plugin.EnvOffline+"=1)")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError(fmt.Errorf("%w (see %q)", err, cmd.CommandPath()+" --help"))
	})
	root.AddCommand(newGrade(), newData())
	root.AddCommand(newRun(), newRepl(), newKernel(), newTrain(), newPlan(), newServe(), newEval(), newGenerate(), newScore(), newTokenize(), newMetrics(), newPlot(), newExplore(), newDoctor(), newVersion())
	return root
}

// setUpLogging sends slog to w. go-xla's own log is shown from level debug on only: what matters of it comes back as an error.
func setUpLogging(w io.Writer, level string) error {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return usageError(fmt.Errorf("--log-level %q: expected debug, info, warn or error", level))
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l})))
	klog.LogToStderr(false)
	if l <= slog.LevelDebug {
		klog.SetOutput(w)
	} else {
		klog.SetOutput(io.Discard)
	}
	return nil
}

// exportDevices puts the flags into the environment, where every package, notebook cell and child process finds them.
func exportDevices(opt plugin.Options) error {
	set := map[string]string{}
	if opt.Path != "" {
		path, err := filepath.Abs(opt.Path) // a cell may change the folder
		if err != nil {
			return fmt.Errorf("--plugin: %w", err)
		}
		set[plugin.EnvPath] = path
	}
	if opt.Device != "" {
		set[plugin.EnvDevice] = opt.Device
	}
	if opt.Offline {
		set[plugin.EnvOffline] = "1"
	}
	for name, value := range set {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// usageArgs makes a wrong number of arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError(fmt.Errorf("%w (usage: %s)", err, cmd.UseLine()))
		}
		return nil
	}
}

// needSubcommand is the RunE of a command that only groups others.
func needSubcommand(cmd *cobra.Command, _ []string) error {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			names = append(names, c.Name())
		}
	}
	return usageError(fmt.Errorf("expected one of the commands %s (see %q)", strings.Join(names, ", "), cmd.CommandPath()+" --help"))
}
