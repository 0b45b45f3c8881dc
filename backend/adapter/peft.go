package adapter

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/internal/atomicdir"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

const (
	configFile  = "adapter_config.json"
	weightsFile = "adapter_model.safetensors"
	// prefix is what PEFT puts before the model's own parameter names.
	prefix = "base_model.model."
)

// peftConfig lists the keys of adapter_config.json that are read. The others that would change what an adapter computes are
// refused unless they are off.
type peftConfig struct {
	Type      string          `json:"peft_type"`
	Task      string          `json:"task_type"`
	Base      string          `json:"base_model_name_or_path"`
	Rank      int             `json:"r"`
	Alpha     float64         `json:"lora_alpha"`
	Dropout   float64         `json:"lora_dropout"`
	Bias      string          `json:"bias"`
	Targets   json.RawMessage `json:"target_modules"`
	Inference bool            `json:"inference_mode"`
	FanInOut  bool            `json:"fan_in_fan_out"`
}

// refused are keys under which PEFT keeps variants of LoRA that are not implemented here.
var refused = []string{"use_rslora", "use_dora", "use_qalora", "use_bdlora", "lora_bias", "fan_in_fan_out", "rank_pattern", "alpha_pattern", "layers_to_transform",
	"layers_pattern", "modules_to_save", "layer_replication", "exclude_modules", "target_parameters", "trainable_token_indices", "alora_invocation_tokens"}

// Save writes a model's adapters as a directory that peft and vLLM load. base names the model they belong to: a hub name or a
// path. The directory appears, or replaces one of adapters, all at once.
func Save(dir string, cfg decoder.Config, weights []*mesh.Array, base string) error {
	params := cfg.Params()
	if cfg.LoRA == nil || len(weights) != len(params) {
		return fmt.Errorf("save adapters: want a model with adapters and its %d weights, got %d", len(params), len(weights))
	}
	var tensors []safetensors.Tensor
	for i := len(cfg.Plain().Params()); i < len(params); i++ {
		dtype, err := storedAs(weights[i].DType())
		if err != nil {
			return fmt.Errorf("save adapters: %s: %w", params[i].Name, err)
		}
		raw, err := weights[i].ToBytes()
		if err != nil {
			return fmt.Errorf("save adapters: %s: %w", params[i].Name, err)
		}
		tensors = append(tensors, safetensors.Tensor{Name: prefix + params[i].Name, DType: dtype, Shape: params[i].Dims, Data: raw})
	}
	config, err := marshal(*cfg.LoRA, base)
	if err != nil {
		return fmt.Errorf("save adapters: %w", err)
	}
	err = atomicdir.Replace(dir, func(tmp string) error {
		if err := safetensors.Write(filepath.Join(tmp, weightsFile), tensors, nil); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(tmp, configFile), config, 0o644)
	}, func(name string) bool { return name == weightsFile || name == configFile })
	if err != nil {
		return fmt.Errorf("save adapters: %w", err)
	}
	return nil
}

func marshal(l decoder.LoRA, base string) ([]byte, error) {
	l = l.WithDefaults()
	targets, err := json.Marshal(l.Targets)
	if err != nil {
		return nil, err
	}
	return json.MarshalIndent(peftConfig{Type: "LORA", Task: "CAUSAL_LM", Base: base, Rank: l.Rank, Alpha: l.Alpha, Bias: "none",
		Targets: targets, Inference: true}, "", "  ")
}

// Load adds the adapters of a PEFT directory to a plain model, converted to the type of its first weight. Variants of LoRA other
// than the plain one, and missing, superfluous or mis-shaped tensors, are errors that name them. Dropout is ignored.
func Load(m *mesh.Mesh, cfg decoder.Config, weights []*mesh.Array, dir string) (decoder.Config, []*mesh.Array, error) {
	fail := func(err error) (decoder.Config, []*mesh.Array, error) {
		return cfg, nil, fmt.Errorf("load adapters from %s: %w", dir, err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, configFile))
	if err != nil {
		return fail(err)
	}
	lora, err := ParseConfig(raw)
	if err != nil {
		return fail(err)
	}
	file, err := safetensors.Open(filepath.Join(dir, weightsFile))
	if err != nil {
		return fail(err)
	}
	defer file.Close()
	with := cfg.Plain()
	with.LoRA = &lora
	if err := check(file, with); err != nil {
		return fail(err)
	}
	out, arrays, err := add(m, cfg, weights, lora, func(p decoder.Param) ([]float32, error) { return file.Float32(prefix + p.Name) })
	if err != nil {
		return fail(err)
	}
	return out, arrays, nil
}

// check compares the file's tensors with what the configuration promises.
func check(file *safetensors.File, cfg decoder.Config) error {
	var faults []error
	known := map[string]bool{}
	for _, p := range cfg.Params()[len(cfg.Plain().Params()):] {
		known[prefix+p.Name] = true
		info, ok := file.Info(prefix + p.Name)
		switch {
		case !ok:
			faults = append(faults, fmt.Errorf("tensor %s is missing", prefix+p.Name))
		case !slices.Equal(info.Shape, p.Dims):
			faults = append(faults, fmt.Errorf("tensor %s has shape %v, expected %v", prefix+p.Name, info.Shape, p.Dims))
		}
	}
	for _, name := range file.Names() {
		if !known[name] {
			faults = append(faults, fmt.Errorf("tensor %s has no place in adapters of rank %d on %s", name, cfg.LoRA.Rank, strings.Join(cfg.LoRA.Targets, ", ")))
		}
	}
	if len(faults) > 5 {
		faults = append(faults[:5], fmt.Errorf("and %d more", len(faults)-5))
	}
	return errors.Join(faults...)
}

// ParseConfig reads an adapter_config.json.
func ParseConfig(data []byte) (decoder.LoRA, error) {
	var c peftConfig
	if err := json.Unmarshal(data, &c); err != nil {
		return decoder.LoRA{}, fmt.Errorf("%s: %w", configFile, err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return decoder.LoRA{}, fmt.Errorf("%s: %w", configFile, err)
	}
	if c.Type != "LORA" {
		return decoder.LoRA{}, fmt.Errorf("%s: peft_type %q is not supported: want LORA", configFile, c.Type)
	}
	if c.Bias != "" && c.Bias != "none" {
		return decoder.LoRA{}, fmt.Errorf("%s: bias %q is not supported: want none", configFile, c.Bias)
	}
	for _, key := range refused {
		if value := string(all[key]); !slices.Contains([]string{"", "null", "false", "{}", "[]"}, value) {
			return decoder.LoRA{}, fmt.Errorf("%s: %s %s is not supported", configFile, key, value)
		}
	}
	targets, err := readTargets(c.Targets)
	if err != nil {
		return decoder.LoRA{}, fmt.Errorf("%s: %w", configFile, err)
	}
	if c.Rank < 1 || c.Alpha <= 0 {
		return decoder.LoRA{}, fmt.Errorf("%s: want positive r and lora_alpha, got %d and %g", configFile, c.Rank, c.Alpha)
	}
	return decoder.LoRA{Rank: c.Rank, Alpha: c.Alpha, Targets: targets}, nil
}

// readTargets puts the target modules into the order of decoder.Projections.
func readTargets(raw json.RawMessage) ([]string, error) {
	var pattern string
	if json.Unmarshal(raw, &pattern) == nil && pattern == "all-linear" {
		return slices.Clone(decoder.Projections), nil
	}
	var names []string
	if err := json.Unmarshal(raw, &names); err != nil || len(names) == 0 {
		return nil, fmt.Errorf("target_modules %s is not supported: want a list of projections, or \"all-linear\"", raw)
	}
	for _, name := range names {
		if !slices.Contains(decoder.Projections, name) {
			return nil, fmt.Errorf("target module %q is not supported: want some of %s", name, strings.Join(decoder.Projections, ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(decoder.Projections), func(p string) bool { return !slices.Contains(names, p) }), nil
}

// storedAs is the type of a device array in a file.
func storedAs(dtype dtypes.DType) (safetensors.DType, error) {
	switch dtype {
	case dtypes.Float32:
		return safetensors.F32, nil
	case dtypes.BFloat16:
		return safetensors.BF16, nil
	}
	return "", fmt.Errorf("adapters are float32 or bfloat16, got %s", dtype)
}
