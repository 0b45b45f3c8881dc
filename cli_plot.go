package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/figure"
	"github.com/spf13/cobra"
)

const plotInput = `Each --in is a file, or NAME=FILE to give what it holds a name; "-" is standard input, which is read where there is no --in. A line that cannot be used
gives {"id": …, "error": "line 3: …"} on standard output; the figure is drawn of the others.

Exit status: 0 the figure is written; 1 some lines could not be used, or the figure could not be made; 2 wrong usage or file.`

const plotAnswers = `It reads JSON Lines of graded answers:

  {"confidence": 0.83, "correct": true, "problem": "…", "method": "…"}

confidence is a fraction, null where none was stated; correct is true, false, 1 or 0. problem says which answers are to one problem, for the
intervals; method parts the answers of a file, each method with a diagram or line of its own. Both may be absent, other fields are passed over, and
evaluations that were saved are such files.

` + plotInput

const plotMetrics = `It reads the metrics.jsonl of runs, or any JSON Lines with "step" and named numbers; a folder stands for the metrics.jsonl in it. A step that
occurs twice counts as it was last.

` + plotInput

func newPlot() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plot KIND [--in [NAME=]FILE]... -o FIGURE",
		Short: "Draw a figure of answers, tokens or training runs",
		Long: `plot reads JSON Lines and draws a figure, in the format of its extension: .svg, .png or .pdf.

Of answers: reliability, histogram, risk-coverage and bars. Of tokens' log-probs: tokens. Of training runs: curves, accuracy-confidence and gradients.`,
		Example: `  godcpo plot reliability --in GRPO=grpo.jsonl --in DCPO=dcpo.jsonl -o calibration.pdf
  godcpo plot curves --in runs/grpo --in runs/dcpo --metrics accuracy,ece --smooth 10 -o curves.svg`,
		Args: usageArgs(cobra.NoArgs),
		RunE: needSubcommand,
	}
	cmd.AddCommand(newPlotReliability(), newPlotHistogram(), newPlotRiskCoverage(), newPlotBars(),
		newPlotTokens(), newPlotCurves(), newPlotAccuracyConfidence(), newPlotGradients())
	return cmd
}

// plotFlags are the flags that all kinds have.
type plotFlags struct {
	in    []string
	out   string
	quiet bool
}

func (f *plotFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.in, "in", nil, "input file, or NAME=FILE; may be repeated; standard input if left out")
	cmd.Flags().StringVarP(&f.out, "output", "o", "", "file to write: .svg, .png or .pdf")
	cmd.Flags().BoolVar(&f.quiet, "quiet", false, "do not say what was drawn")
}

// check reports wrong usage before anything is read.
func (f *plotFlags) check(options ...error) error {
	var faults []error
	switch ext := strings.ToLower(filepath.Ext(f.out)); {
	case f.out == "":
		faults = append(faults, errors.New("-o is missing: name a .svg, .png or .pdf file"))
	case ext != ".svg" && ext != ".png" && ext != ".pdf":
		faults = append(faults, fmt.Errorf("-o %s: the extension is %q: use .svg, .png or .pdf", f.out, ext))
	}
	if err := errors.Join(append(faults, options...)...); err != nil {
		return usageError(err)
	}
	return nil
}

// write saves the figure and says what it shows; bad is what was wrong with the lines.
func (f *plotFlags) write(cmd *cobra.Command, drawn *figure.Figure, err, bad error) error {
	if err != nil {
		return errors.Join(err, bad)
	}
	if err := drawn.Save(f.out); err != nil {
		return errors.Join(err, bad)
	}
	if !f.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", f.out, drawn.Caption)
	}
	return bad
}

// bootstrapFlags are the flags of kinds with intervals.
type bootstrapFlags struct {
	calibration.Bootstrap
	none bool
}

func (f *bootstrapFlags) register(cmd *cobra.Command) {
	f.Resamples, f.Level = 1000, 0.95
	cmd.Flags().IntVar(&f.Resamples, "resamples", f.Resamples, "bootstrap resamples of an interval")
	cmd.Flags().Float64Var(&f.Level, "level", f.Level, "coverage of an interval")
	cmd.Flags().Uint64Var(&f.Seed, "seed", 0, "seed of the bootstrap")
	cmd.Flags().BoolVar(&f.none, "no-band", false, "draw no intervals")
}

func (f *bootstrapFlags) validate() error {
	var faults []error
	if f.Resamples < 1 {
		faults = append(faults, fmt.Errorf("--resamples %d: expected 1 or more", f.Resamples))
	}
	if !(f.Level > 0 && f.Level < 1) {
		faults = append(faults, fmt.Errorf("--level %v: expected a share between 0 and 1", f.Level))
	}
	return errors.Join(faults...)
}

func newPlotReliability() *cobra.Command {
	var f plotFlags
	var band bootstrapFlags
	var opt figure.ReliabilityOptions
	var model, confidence, dataset string
	cmd := &cobra.Command{
		Use:   "reliability [--in [NAME=]FILE]... -o FIGURE",
		Short: "Accuracy by stated confidence, a diagram a method",
		Long: `reliability draws the share of right answers in each bin of stated confidence, a diagram a method. With --model and --dataset instead of -o, the
figure goes where the reference puts it: figs/<model>/<bins>_calibration_<type>_<dataset>.pdf. --reference draws as the reference does, bars alone.

` + plotAnswers,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.out == "" && model != "" && dataset != "" {
				f.out = figure.ReferencePath(model, opt.Bins, confidence, dataset)
			}
			if err := f.check(opt.Validate(), band.validate()); err != nil {
				return err
			}
			results, bad, err := readAnswers(cmd, f.in)
			if err != nil {
				return err
			}
			opt.Bootstrap, opt.NoBand = band.Bootstrap, band.none
			drawn, err := figure.ReliabilityRow(results, opt)
			return f.write(cmd, drawn, err, bad)
		},
	}
	f.register(cmd)
	band.register(cmd)
	cmd.Flags().IntVar(&opt.Bins, "bins", 15, "number of bars")
	cmd.Flags().IntVar(&opt.MetricBins, "metric-bins", calibration.DefaultBins, "bins of the ECE and PCE above the bars")
	cmd.Flags().IntVar(&opt.Columns, "columns", 0, "most diagrams in a row; 0: all in one")
	cmd.Flags().BoolVar(&opt.ReferenceLook, "reference", false, "the look of the released script: no histogram, intervals or numbers")
	cmd.Flags().StringVar(&model, "model", "", "name of the model, for the reference's file name")
	cmd.Flags().StringVar(&confidence, "type", "verbal", "type of the confidence, for the reference's file name: verbal or logits")
	cmd.Flags().StringVar(&dataset, "dataset", "", "name of the data set, for the reference's file name")
	cmd.MarkFlagsMutuallyExclusive("output", "model")
	cmd.MarkFlagsRequiredTogether("model", "dataset")
	return cmd
}

func newPlotHistogram() *cobra.Command {
	var f plotFlags
	var opt figure.HistogramOptions
	cmd := &cobra.Command{
		Use:   "histogram [--in [NAME=]FILE]... -o FIGURE",
		Short: "Stated confidence of right and of wrong answers",
		Long:  "histogram draws how often each confidence is stated, right answers upwards and wrong ones downwards, a diagram a method.\n\n" + plotAnswers,
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(opt.Validate()); err != nil {
				return err
			}
			results, bad, err := readAnswers(cmd, f.in)
			if err != nil {
				return err
			}
			drawn, err := figure.Histograms(results, opt)
			return f.write(cmd, drawn, err, bad)
		},
	}
	f.register(cmd)
	cmd.Flags().IntVar(&opt.Bins, "bins", calibration.DefaultBins, "number of bars")
	cmd.Flags().IntVar(&opt.Columns, "columns", 3, "most diagrams in a row")
	return cmd
}

func newPlotRiskCoverage() *cobra.Command {
	var f plotFlags
	var band bootstrapFlags
	cmd := &cobra.Command{
		Use:   "risk-coverage [--in [NAME=]FILE]... -o FIGURE",
		Short: "Errors among the surest answers, a line a method",
		Long:  "risk-coverage draws the share of wrong answers among the surest ones over the share of answers taken, a line a method.\n\n" + plotAnswers,
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(band.validate()); err != nil {
				return err
			}
			results, bad, err := readAnswers(cmd, f.in)
			if err != nil {
				return err
			}
			drawn, err := figure.RiskCoverage(results, figure.RiskCoverageOptions{Bootstrap: band.Bootstrap, NoBand: band.none})
			return f.write(cmd, drawn, err, bad)
		},
	}
	f.register(cmd)
	band.register(cmd)
	return cmd
}

func newPlotBars() *cobra.Command {
	var f plotFlags
	var band bootstrapFlags
	var opt figure.ReliabilityOptions
	cmd := &cobra.Command{
		Use:   "bars [--in [NAME=]FILE]... -o FIGURE",
		Short: "Accuracy and calibration measures, a bar a method",
		Long:  "bars draws accuracy, mean stated confidence, ECE, PCE, Brier score and AUROC with their intervals, a bar a method.\n\n" + plotAnswers,
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(opt.Validate(), band.validate()); err != nil {
				return err
			}
			results, bad, err := readAnswers(cmd, f.in)
			if err != nil {
				return err
			}
			opt.Bootstrap, opt.NoBand = band.Bootstrap, band.none
			drawn, err := figure.MeasureBars(results, opt)
			return f.write(cmd, drawn, err, bad)
		},
	}
	f.register(cmd)
	band.register(cmd)
	cmd.Flags().IntVar(&opt.MetricBins, "bins", calibration.DefaultBins, "bins of ECE and PCE")
	cmd.Flags().IntVar(&opt.Columns, "columns", 3, "most measures in a row")
	return cmd
}
