package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/dcpo-go/godcpo/dcpo"
	"github.com/spf13/cobra"
)

// trainFlags are the flags of train.
type trainFlags struct {
	config, output         string
	overrides              []string
	resume, print, methods bool
	quiet                  bool
}

func newTrain() *cobra.Command {
	var f trainFlags
	cmd := &cobra.Command{
		Use:   "train -c CONFIG [--set section.key=value]... [-o DIR] [--resume]",
		Short: "Train from a configuration file",
		Long: `train opens the model, evaluates it where the configuration names problems to evaluate on, trains, evaluates again, and leaves
metrics, sample generations, checkpoints, figures and the model in the output folder. CONFIG is a TOML file or the name of a built-in preset.

An interrupt ends the run after the step at hand, with a checkpoint; a second one ends it at once. --resume goes on where the last checkpoint
left a run, after a kill too, with the same numbers as if it had never stopped; without -c it takes the configuration from the folder.`,
		Example: `  godcpo train -c tiny
  godcpo train -c presets/smollm2-135m.toml --set train.steps=2 -o runs/first
  godcpo train --resume -o runs/first
  godcpo train -c qwen3-8b --print`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.methods {
				return printMethods(cmd.OutOrStdout())
			}
			cfg, err := f.load()
			if err != nil {
				return usageError(err)
			}
			if f.print {
				return printConfig(cmd.OutOrStdout(), cfg)
			}
			return train(cmd, cfg, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.config, "config", "c", "", "configuration: a TOML file or the name of a built-in preset")
	flags.StringArrayVar(&f.overrides, "set", nil, "override one value, such as train.steps=2; may be repeated")
	flags.StringVarP(&f.output, "output", "o", "", "folder for what the run leaves behind, instead of output.dir")
	flags.BoolVar(&f.resume, "resume", false, "go on with the run in the output folder, or begin it where there is none")
	flags.BoolVar(&f.print, "print", false, "print the whole configuration with the meaning of each key, and train nothing")
	flags.BoolVar(&f.methods, "methods", false, "list the training methods")
	flags.BoolVar(&f.quiet, "quiet", false, "print no progress")
	return cmd
}

// load reads the configuration that the flags name.
func (f trainFlags) load() (dcpo.Config, error) {
	config := f.config
	if config == "" && f.resume && f.output != "" {
		config = filepath.Join(f.output, "config.toml")
	}
	if config == "" {
		return dcpo.Config{}, errors.New("train: --config is missing: name a TOML file or a preset (see \"godcpo train --help\")")
	}
	overrides := f.overrides
	if f.output != "" {
		overrides = append(overrides[:len(overrides):len(overrides)], fmt.Sprintf("output.dir=%q", f.output))
	}
	return dcpo.LoadConfig(config, overrides...)
}

// train makes the run. The command's context ends with the first interrupt, which lets the step at hand end; the second one is
// not caught.
func train(cmd *cobra.Command, cfg dcpo.Config, f trainFlags) error {
	narrator := newTrainNarrator(cmd.ErrOrStderr(), f.quiet)
	opt := narrator.options()
	opt.Resume, opt.Stop = f.resume, cmd.Context().Done()
	done, err := dcpo.Run(context.WithoutCancel(cmd.Context()), cfg, opt)
	narrator.end()
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
}

func printConfig(w io.Writer, cfg dcpo.Config) error {
	text, err := cfg.Encode()
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

func printMethods(w io.Writer) error {
	for _, m := range dcpo.Methods() {
		if _, err := fmt.Fprintf(w, "%-21s %s\n", m.Name, m.About); err != nil {
			return err
		}
	}
	return nil
}
