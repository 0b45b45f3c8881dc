package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/figure"
	"github.com/spf13/cobra"
)

func newPlotTokens() *cobra.Command {
	var f plotFlags
	opt := figure.TokenOptions{Band: 0.8}
	cmd := &cobra.Command{
		Use:   "tokens [--in [NAME=]FILE]... -o FIGURE",
		Short: "Token probability by place in the response, a line a method",
		Long: `tokens draws how probable the sampled tokens are in each hundredth of the response, a line a method. It reads JSON Lines:

  {"logprobs": [-0.01, …], "method": "…"}

logprobs are natural logs, null where one is unknown; method may be absent. What generate and score write, and evaluations that were saved, are such files.

` + plotInput,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var fault error
			if !(opt.Band > 0 && opt.Band < 1) {
				fault = fmt.Errorf("--band %v: expected a share between 0 and 1", opt.Band)
			}
			if err := f.check(fault); err != nil {
				return err
			}
			models, bad, err := readResponses(cmd, f.in)
			if err != nil {
				return err
			}
			drawn, err := figure.TokenProbabilities(models, opt)
			return f.write(cmd, drawn, err, bad)
		},
	}
	f.register(cmd)
	cmd.Flags().Float64Var(&opt.Band, "band", opt.Band, "share of the responses that the band holds, those in the middle")
	cmd.Flags().BoolVar(&opt.NoBand, "no-band", false, "draw no band")
	return cmd
}

// curveFlags are the flags of figures over the steps.
type curveFlags struct {
	plotFlags
	figure.CurveOptions
}

func (f *curveFlags) register(cmd *cobra.Command) {
	f.plotFlags.register(cmd)
	cmd.Flags().IntVar(&f.Smooth, "smooth", 1, "average so many latest steps in the strong line; the values stay as a faint one")
	cmd.Flags().IntVar(&f.Columns, "columns", 3, "most panels in a row")
}

func (f *curveFlags) check() error {
	var faults []error
	for name, v := range map[string]int{"smooth": f.Smooth, "columns": f.Columns} {
		if v < 1 {
			faults = append(faults, fmt.Errorf("--%s %d: expected 1 or more", name, v))
		}
	}
	return f.plotFlags.check(faults...)
}

// plotRuns is a kind of figure over the steps; draw makes it of the runs and of the names of what they measure.
func plotRuns(use, short, long string, f *curveFlags, draw func(runs []figure.Run, measured []string) (*figure.Figure, error)) *cobra.Command {
	cmd := &cobra.Command{
		Use: use + " [--in [NAME=]FILE]... -o FIGURE", Short: short, Long: long + "\n\n" + plotMetrics, Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			runs, bad, err := readRuns(cmd, f.in)
			if err != nil {
				return err
			}
			drawn, err := draw(runs, measured(runs))
			return f.write(cmd, drawn, err, bad)
		},
	}
	f.register(cmd)
	return cmd
}

// measured are the names of what any of the runs measures.
func measured(runs []figure.Run) []string {
	names := map[string]bool{}
	for _, r := range runs {
		for name := range r.Values {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// needMeasures fails if the runs have none of the names, unless they have nothing at all, which makes an empty figure.
func needMeasures(measured []string, flags string, names ...string) error {
	if len(measured) == 0 || slices.ContainsFunc(names, func(n string) bool { return slices.Contains(measured, n) }) {
		return nil
	}
	return usageError(fmt.Errorf("no run has %s%s; there are: %s", strings.Join(names, " or "), flags, strings.Join(measured, ", ")))
}

// usualMeasures are drawn where none are named, as far as there are any.
var usualMeasures = []string{"accuracy", "confidence", "ece", "pce", "auroc", "confidence_missing", "response_tokens", "entropy", "loss", "grad_norm"}

func newPlotCurves() *cobra.Command {
	f := &curveFlags{}
	var names []string
	cmd := plotRuns("curves", "Metrics over training steps, a line a run", "curves draws metrics over the steps, a panel a metric, a line a run.", f,
		func(runs []figure.Run, measured []string) (*figure.Figure, error) {
			chosen := names
			for _, name := range names {
				if err := needMeasures(measured, "", name); err != nil {
					return nil, err
				}
			}
			if len(chosen) == 0 {
				chosen = slices.DeleteFunc(slices.Clone(usualMeasures), func(n string) bool { return len(measured) > 0 && !slices.Contains(measured, n) })
			}
			if len(chosen) == 0 {
				chosen = measured
			}
			return figure.RunCurves(runs, chosen, f.CurveOptions)
		})
	cmd.Flags().StringSliceVar(&names, "metrics", nil, "metrics to draw, separated by commas; the usual ones if left out")
	return cmd
}

func newPlotAccuracyConfidence() *cobra.Command {
	f := &curveFlags{}
	return plotRuns("accuracy-confidence", "Accuracy beside mean confidence over training steps",
		"accuracy-confidence draws the metrics accuracy and confidence over the steps, a panel a run, and shades where a run is over-confident.", f,
		func(runs []figure.Run, measured []string) (*figure.Figure, error) {
			if err := needMeasures(measured, "", "accuracy", "confidence"); err != nil {
				return nil, err
			}
			return figure.AccuracyConfidence(runs, f.CurveOptions)
		})
}

func newPlotGradients() *cobra.Command {
	f := &curveFlags{}
	var names figure.GradientNames
	cmd := plotRuns("gradients", "Gradient norms of reasoning and confidence tokens",
		"gradients draws the norms of the gradients from reasoning and from confidence tokens over the steps, and the cosine between the two.", f,
		func(runs []figure.Run, measured []string) (*figure.Figure, error) {
			if err := needMeasures(measured, " (see --reasoning, --confidence)", names.Reasoning, names.Confidence); err != nil {
				return nil, err
			}
			return figure.Gradients(runs, names, f.CurveOptions)
		})
	cmd.Flags().StringVar(&names.Reasoning, "reasoning", "gradient/reasoning", "metric of the reasoning tokens' norm")
	cmd.Flags().StringVar(&names.Confidence, "confidence", "gradient/confidence", "metric of the confidence tokens' norm")
	cmd.Flags().StringVar(&names.Cosine, "cosine", "gradient/cosine", "metric of the cosine between them")
	return cmd
}
