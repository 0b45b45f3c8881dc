package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/dcpo-go/godcpo/dcpo"
	"github.com/spf13/cobra"
)

func newTrain() *cobra.Command {
	var config, output string
	var overrides []string
	var quiet bool
	cmd := &cobra.Command{
		Use:   "train -c CONFIG [--set section.key=value]... [-o DIR]",
		Short: "Train from a configuration file",
		Long: `train opens the model, evaluates it where the configuration names problems to evaluate on, trains, evaluates again, and leaves
metrics.jsonl, results.json, figures and the model in the output folder. CONFIG is a TOML file or the name of a built-in preset.

An interrupt saves the model as the last full step left it.`,
		Example: `  godcpo train -c presets/tiny.toml
  godcpo train -c presets/smollm2-135m.toml --set train.steps=2 -o runs/first`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if config == "" {
				return usageError(errors.New("train: --config is missing: name a TOML file or a preset (see \"godcpo train --help\")"))
			}
			cfg, err := dcpo.LoadConfig(config, overrides...)
			if err != nil {
				return usageError(err)
			}
			if output != "" {
				cfg.Output.Dir = output
			}
			narrator := &trainNarrator{w: cmd.ErrOrStderr()}
			if quiet {
				narrator.w = io.Discard
			}
			done, err := dcpo.Run(cmd.Context(), cfg, narrator.watcher())
			if err != nil {
				return err
			}
			defer done.Model.Release()
			if done.Before != nil && done.After != nil {
				fmt.Fprintln(cmd.OutOrStdout(), dcpo.Compare(done.Before, done.After))
			}
			if done.Dir != "" {
				fmt.Fprintf(cmd.OutOrStdout(), "written to %s\n", done.Dir)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&config, "config", "c", "", "configuration: a TOML file or the name of a built-in preset")
	cmd.Flags().StringArrayVar(&overrides, "set", nil, "override one value, such as train.steps=2; may be repeated")
	cmd.Flags().StringVarP(&output, "output", "o", "", "folder for what the run leaves behind, instead of output.dir")
	cmd.Flags().BoolVar(&quiet, "quiet", false, "print no progress")
	return cmd
}

// trainNarrator writes how a run goes on, a line at a time.
type trainNarrator struct {
	w     io.Writer
	steps int       // of the current phase
	said  time.Time // when a line was last written of a phase with many small steps
}

func (n *trainNarrator) watcher() dcpo.Watcher {
	return dcpo.Watcher{
		Phase: func(name string, steps int) {
			n.steps, n.said = steps, time.Now()
			if steps > 0 {
				name = fmt.Sprintf("%s, %d steps", name, steps)
			}
			fmt.Fprintln(n.w, name+" …")
		},
		Warmup: func(step, _ int, loss float64) {
			n.seldom(step == n.steps, "warm-up step %d of %d: loss %.3f\n", step, n.steps, loss)
		},
		Step: func(r dcpo.StepReport) { fmt.Fprintln(n.w, r) },
		Generated: func(finished, all int) {
			n.seldom(false, "%d of %d answers\n", finished, all)
		},
	}
}

// seldom writes a line at most every five seconds, and always the last one.
func (n *trainNarrator) seldom(last bool, format string, args ...any) {
	if !last && time.Since(n.said) < 5*time.Second {
		return
	}
	n.said = time.Now()
	fmt.Fprintf(n.w, format, args...)
}
