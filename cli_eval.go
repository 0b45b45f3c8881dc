package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/evaluation"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/report"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
	"github.com/spf13/cobra"
)

const evalHelp = `eval asks the model behind one or more OpenAI-compatible endpoints (vLLM, godcpo serve) each problem of the benchmarks several times, grades the
answers, and measures accuracy and calibration. In the folder --out it leaves

  journal.jsonl               every answer in full; all else is computed from it
  report.html, report.md      tables beside the paper's, diagrams, the worst over-confident answers, settings
  results.json                every measure
  figs/MODEL/, logs/MODEL/    diagrams and logs by the reference's file names

A run that was interrupted or killed goes on when the same command is given again; nothing is asked twice. More samples, problems or benchmarks can be
asked into the same folder later; other sampling settings need another one. --from makes the report again without asking anything; given
several times it compares methods on the problems that all were asked.

A benchmark is a name that "godcpo data list" knows, a data set of the hub, or a file. The defaults are those of the reference's evaluation. One request
gives both confidences: "verbal", the one that the response states, and "logits", exp of the mean log-prob of its tokens. The reference takes logits
from answers to the bare problem; so does --confidence logits alone, and --separate asks for both.

The API key is read from OPENAI_API_KEY, or the variable that --key-var names.

Exit status: 0 every request was answered; 1 some were not (the report is made of the others), or it failed; 2 wrong usage, or a folder with answers of other
settings; 130 interrupted.`

// evalFlags are the flags of eval.
type evalFlags struct {
	evaluation.Options
	measure evaluation.MeasureOptions
	report  report.Options

	benchmarks, confidences, from []string
	prompt, policy                string
	thinking, anyVersion, quiet   bool
	template                      map[string]string
}

func newEval() *cobra.Command {
	f := evalFlags{Options: evaluation.Options{Settings: journal.Reference("")}}
	cmd := &cobra.Command{
		Use:   "eval --endpoint URL[,URL…] --model NAME --bench NAME[,NAME…] --out DIR",
		Short: "Ask a model benchmarks and measure accuracy and calibration",
		Long:  evalHelp,
		Example: `  godcpo eval --endpoint http://localhost:8000 --model Qwen/Qwen3-8B --bench math500,aime24,aime25,amc23,amc24 --out eval/base
  godcpo eval --from eval/base --from DCPO=eval/dcpo --out eval/both`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.register(cmd)
	return cmd
}

func (f *evalFlags) register(cmd *cobra.Command) {
	flags, s := cmd.Flags(), &f.Settings
	flags.StringSliceVar(&f.Client.Endpoints, "endpoint", nil, "base URLs of servers of the model")
	flags.StringVar(&f.Client.Model, "model", "", "the name that the servers serve the model by")
	flags.StringSliceVar(&f.benchmarks, "bench", nil, "benchmarks: registered names, hub data sets, or files")
	flags.StringVar(&f.Dir, "out", "", "folder for answers and report")
	flags.StringArrayVar(&f.from, "from", nil, "report on the journal in [NAME=]DIR and ask nothing; may be repeated")
	flags.StringSliceVar(&f.confidences, "confidence", nil, "confidences to measure: verbal, logits (default both)")
	flags.IntVar(&f.Samples, "samples", 4, "answers to each problem")
	flags.IntVar(&f.Limit, "limit", 0, "only so many problems of each benchmark, from the first; 0: all")
	flags.StringVar(&f.prompt, "prompt", "", "what is appended to each problem: boxed, reference, logic or none (default boxed; none for logits alone)")
	flags.BoolVar(&f.Separate, "separate", false, "ask each problem a second time without a prompt, for logits")
	flags.BoolVar(&f.PTrue, "p-true", false, "ask the model about each answer whether it is true: a baseline, one token more for each answer")
	flags.Float64Var(&s.Temperature, "temperature", s.Temperature, "0 decodes greedily")
	flags.Float64Var(&s.TopP, "top-p", s.TopP, "keep the likeliest tokens of this mass")
	flags.IntVar(&s.TopK, "top-k", s.TopK, "keep so many likeliest tokens; 0: all")
	flags.Float64Var(&s.MinP, "min-p", s.MinP, "drop tokens less likely than this share of the likeliest")
	flags.Float64Var(&s.PresencePenalty, "presence-penalty", s.PresencePenalty, "taken from the logits of tokens that the response holds")
	flags.Float64Var(&s.FrequencyPenalty, "frequency-penalty", 0, "the same, each time the response holds the token")
	flags.Float64Var(&s.RepetitionPenalty, "repetition-penalty", 0, "divides the logits of tokens that occurred; 0: none")
	flags.IntVar(&s.MaxTokens, "max-tokens", s.MaxTokens, "new tokens of a response at most")
	flags.BoolVar(&f.thinking, "enable-thinking", false, "let the chat template begin with thinking")
	flags.StringToStringVar(&f.template, "template-arg", nil, "further variables of the chat template, NAME=JSON")
	flags.Uint64Var(&s.Seed, "seed", 0, "seed of the sampling")
	flags.IntVar(&f.Client.Concurrency, "concurrency", 32, "requests at once at each endpoint")
	flags.DurationVar(&f.Client.Timeout, "timeout", f.Client.Timeout, "bound on an attempt (default 5m0s)")
	flags.IntVar(&f.Client.Retries, "retries", 6, "further attempts at a request that failed")
	flags.BoolVar(&f.Client.Portable, "portable", false, "send OpenAI's own fields only, for servers that refuse others")
	flags.StringVar(&f.Client.KeyVar, "key-var", "OPENAI_API_KEY", "environment variable with the API key")
	flags.BoolVar(&f.anyVersion, "any-version", false, "accept benchmark files of other checksums than the registered ones")
	flags.StringVar(&f.policy, "policy", "reference", "how stated confidences are read: reference (first match, 95 stays 95) or last (the last, within 0 to 1)")
	flags.IntVar(&f.measure.Bins, "bins", 20, "bins of ECE, PCE and MCE")
	flags.IntVar(&f.report.Bars, "bars", 15, "bars of reliability diagrams")
	flags.BoolVar(&f.report.ReferenceLook, "reference-look", false, "draw the diagrams in figs/ as the reference's script does")
	flags.IntVar(&f.report.Worst, "worst", 10, "over-confident answers shown in the report")
	flags.IntVar(&f.measure.Bootstrap.Resamples, "resamples", 1000, "bootstrap resamples of the intervals; 0: no intervals")
	flags.BoolVar(&f.quiet, "quiet", false, "print no progress")
}

// run asks, if it is to, and reports.
func (f *evalFlags) run(cmd *cobra.Command) error {
	if err := f.complete(cmd); err != nil {
		return usageError(err)
	}
	dirs := f.from
	if len(f.from) == 0 {
		if err := f.ask(cmd); err != nil {
			return err
		}
		dirs = []string{f.Dir}
	}
	return f.tell(cmd, dirs)
}

// complete brings the flags into the options' form and checks them.
func (f *evalFlags) complete(cmd *cobra.Command) error {
	for _, c := range f.confidences {
		f.Confidences = append(f.Confidences, evaluation.Confidence(c))
	}
	f.Prompt, f.Program = verbal.Prompt(f.prompt), buildVersion()
	f.measure.Policy = verbal.Policy(f.policy)
	f.measure.NoIntervals = f.measure.Bootstrap.Resamples == 0
	f.report.Program = buildVersion()
	if f.Client.Retries == 0 { // which stands for the default there
		f.Client.Retries = -1
	}
	if f.report.Worst == 0 {
		f.report.Worst = -1
	}
	faults := []error{f.report.Validate(), f.templateArgs()}
	if f.measure.Bootstrap.Resamples < 0 {
		faults = append(faults, fmt.Errorf("--resamples %d: expected 0 or more", f.measure.Bootstrap.Resamples))
	}
	if len(f.from) > 0 {
		for _, name := range []string{"endpoint", "model", "bench"} {
			if cmd.Flags().Changed(name) {
				faults = append(faults, fmt.Errorf("--%s goes with asking, --from asks nothing", name))
			}
		}
		if len(f.from) > 1 && f.Dir == "" {
			faults = append(faults, errors.New("--out is missing: name a folder for the report on several journals"))
		}
		f.measure.Confidences = f.Confidences
		return errors.Join(append(faults, f.measure.Validate())...)
	}
	faults = append(faults, f.measure.Validate())
	f.measure.Confidences = f.Confidences
	if len(f.benchmarks) == 0 {
		return errors.Join(append(faults, errors.New(`--bench is missing: name benchmarks that "godcpo data list" knows, or files`))...)
	}
	benchmarks, err := openBenchmarks(cmd.Context(), f.benchmarks, f.anyVersion)
	if f.Benchmarks = benchmarks; err == nil {
		err = f.Validate()
	}
	return errors.Join(append(faults, err)...)
}

// source parts NAME=DIR; a name holds no separator of folders.
func source(text string) (name, dir string) {
	if name, dir, ok := strings.Cut(text, "="); ok && !strings.ContainsAny(name, `/\`) {
		return name, dir
	}
	return "", filepath.Clean(text)
}
