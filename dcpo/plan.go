package dcpo

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/plan"
	"github.com/dcpo-go/godcpo/backend/reference"
)

// Plan tells, without opening any device, what a run takes of each of the devices named as in "8x80GB", and how long a step may last.
func Plan(cfg Config, devices string) (plan.Plan, error) {
	var job plan.Job
	var err error
	if job.Devices, job.Device, err = plan.ParseDevices(devices); err != nil {
		return plan.Plan{}, err
	}
	if err := FillJob(&job, cfg); err != nil {
		return plan.Plan{}, err
	}
	return plan.New(job)
}

// FillJob translates a training configuration into what is planned, for the devices that the job names already.
func FillJob(j *plan.Job, cfg Config) error {
	var stored string
	var err error
	if j.Model, stored, err = modelShape(cfg.Model.Path); err != nil {
		return err
	}
	dtype := cfg.Model.DType
	if dtype == "" {
		dtype = stored
	}
	j.BFloat16 = dtype != "float32"
	if cfg.Loss.KLCoef > 0 {
		if j.Reference = reference.Placement(cfg.Loss.Reference); j.Reference == "" {
			j.Reference = reference.Default(j.Devices)
		}
	}
	if rank := cfg.Model.LoRARank; rank > 0 {
		lora := decoder.LoRA{Rank: rank, Alpha: cfg.LoRAAlpha()}.WithDefaults()
		j.Model.LoRA = &lora
	}
	j.FSDP = j.FSDP || cfg.Model.Sharding == "fsdp"
	j.OtherRollout = cfg.Rollout.Engine == "vllm"
	j.Prompt, j.Response = cfg.Data.MaxPrompt, cfg.Rollout.MaxNewTokens
	if most := j.Model.MaxPositions; most > j.Response {
		j.Prompt = min(j.Prompt, most-j.Response) // longer ones are left out
	}
	j.Group = cfg.Train.GroupSize
	j.Responses = cfg.Train.Prompts * j.Group
	if j.Slots = cfg.Rollout.Rows; j.Slots == 0 {
		j.Slots = j.Responses
	}
	j.UpdateRows, j.MicroRows = cfg.Train.MiniBatch*j.Group, cfg.Optimizer.MicroRows
	j.Remat = cfg.Optimizer.Checkpoint
	return nil
}

// modelShape finds a model's configuration and the type of its checkpoint by a directory, or by the name of a published model.
func modelShape(name string) (cfg decoder.Config, dtype string, err error) {
	if name == "tiny" {
		return decoder.Tiny(ArithmeticTokenizer().VocabSize()), "float32", nil
	}
	for _, dir := range backend.ModelDirs(name) {
		raw, err := os.ReadFile(filepath.Join(dir, "config.json"))
		if err != nil {
			continue
		}
		if cfg, err = decoder.ParseConfig(raw); err != nil {
			return cfg, "", fmt.Errorf("model %s: %w", name, err)
		}
		var types struct {
			Old string `json:"torch_dtype"`
			New string `json:"dtype"`
		}
		if err := json.Unmarshal(raw, &types); err != nil {
			return cfg, "", fmt.Errorf("model %s: %w", name, err)
		}
		return cfg, types.New + types.Old, nil
	}
	if cfg, ok := plan.Shape(name); ok {
		return cfg, "bfloat16", nil
	}
	return cfg, "", fmt.Errorf("model %s: no directory with a config.json, and not one of %s", name, strings.Join(plan.Shapes(), ", "))
}
