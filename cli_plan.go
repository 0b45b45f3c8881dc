package main

import (
	"errors"
	"strings"

	"github.com/dcpo-go/godcpo/backend/plan"
	"github.com/dcpo-go/godcpo/dcpo"
	"github.com/spf13/cobra"
)

func newPlan() *cobra.Command {
	var config, model, devices string
	var overrides []string
	var job plan.Job
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan -c CONFIG --devices 8x80GB [--set section.key=value]...",
		Short: "Tell what a training run takes of each device, and how long a step lasts",
		Long: `plan reads a training configuration and prints, without opening any device, the memory of each device by item at the highest point of
generating and of updating, and the expected time of a step. There must be room for rows as long as the configuration allows; they take the time
of such rows too, unless --mean-prompt and --mean-response say how long they are on average.

--model is a model directory, or one of ` + strings.Join(plan.Shapes(), ", ") + `; without it, model.path of the configuration.
--devices is a number and a kind: ` + strings.Join(deviceNames(), ", ") + `, or a size such as 80GB.

Memory comes from the shapes of what the programs keep. Time is a roofline: operations over --mfu of the devices' peak, or bytes over --bandwidth
of theirs, whichever is longer.

Exit status: 0 the run fits; 1 it does not, and what to change is printed; 2 wrong usage or file.`,
		Example: `  godcpo plan -c qwen3-8b --devices 8x80GB
  godcpo plan -c qwen3-8b --model Qwen3-32B --devices 16xH200 --fsdp --set optimizer.micro_rows=16`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if config == "" || devices == "" {
				return usageError(errors.New("plan: --config and --devices are needed, such as -c qwen3-8b --devices 8x80GB"))
			}
			cfg, err := dcpo.LoadConfig(config, overrides...)
			if err != nil {
				return usageError(err)
			}
			if job.Devices, job.Device, err = plan.ParseDevices(devices); err != nil {
				return usageError(err)
			}
			if model != "" {
				cfg.Model.Path = model
			}
			if err := dcpo.FillJob(&job, cfg); err != nil {
				return usageError(err)
			}
			p, err := plan.New(job)
			if err != nil {
				return usageError(err)
			}
			return printPlan(cmd.OutOrStdout(), cfg.Model.Path, job, p, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&config, "config", "c", "", "configuration: a TOML file or the name of a built-in preset")
	flags.StringArrayVar(&overrides, "set", nil, "override one value, such as optimizer.micro_rows=8; may be repeated")
	flags.StringVar(&model, "model", "", "model directory or published shape, instead of model.path")
	flags.StringVar(&devices, "devices", "", "number and kind of devices, such as 8x80GB or 8xH200")
	flags.BoolVar(&job.FSDP, "fsdp", false, "cut the weights over the devices too")
	flags.BoolVar(&job.Flash, "flash", false, "as if attention never wrote the scores of whole rows to memory")
	flags.Float64Var(&job.Assume.MFU, "mfu", 0.4, "share of the peak operations that long products reach")
	flags.Float64Var(&job.Assume.Bandwidth, "bandwidth", 0.6, "share of the memory's and the links' bandwidth that is reached")
	flags.Float64Var(&job.Assume.Usable, "usable", 0.92, "share of a device's memory that programs get")
	flags.IntVar(&job.MeanPrompt, "mean-prompt", 0, "tokens of a prompt on average (default: data.max_prompt)")
	flags.IntVar(&job.MeanResponse, "mean-response", 0, "tokens of a response on average (default: rollout.max_new_tokens)")
	flags.BoolVar(&asJSON, "json", false, "print one JSON object instead of tables")
	return cmd
}

func deviceNames() (names []string) {
	for _, d := range plan.Devices() {
		names = append(names, d.Name)
	}
	return names
}
