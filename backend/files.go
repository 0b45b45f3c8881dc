package backend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// ModelsVariable is the environment variable that names a folder of model directories.
const ModelsVariable = "GODCPO_MODELS"

// Open loads a model from a Hugging Face directory: config.json, safetensors weights, tokenizer.json, and the chat template
// if there is one. name is a path, or the name of a directory below $GODCPO_MODELS (with or without the part before the
// slash). Weights go to the devices one by one. An unknown architecture and a missing, mis-shaped or superfluous tensor are
// errors that name it.
func Open(ctx context.Context, name string, opt Options) (*Model, error) {
	dir, err := modelDir(name)
	if err != nil {
		return nil, err
	}
	model, err := open(ctx, dir, opt)
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", name, err)
	}
	model.Name = name
	return model, nil
}

// MustOpen is Open with the default options for a notebook cell: it panics with the error, which the cell shows.
func MustOpen(ctx context.Context, name string) *Model {
	m, err := Open(ctx, name, Options{})
	if err != nil {
		panic(err)
	}
	return m
}

func modelDir(name string) (string, error) {
	candidates := []string{name}
	if root := os.Getenv(ModelsVariable); root != "" {
		candidates = append(candidates, filepath.Join(root, filepath.FromSlash(name)), filepath.Join(root, filepath.Base(name)))
	}
	for _, dir := range candidates {
		if _, err := os.Stat(filepath.Join(dir, "config.json")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("open model %s: no config.json in %s: give the path of a Hugging Face model directory, or put it below the folder named by %s: %w",
		name, strings.Join(candidates, " or "), ModelsVariable, fs.ErrNotExist)
}

func open(ctx context.Context, dir string, opt Options) (*Model, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		return nil, err
	}
	cfg, err := decoder.ParseConfig(raw)
	if err != nil {
		return nil, err
	}
	tok, template, err := tokenizer.Load(dir)
	if err != nil {
		return nil, err
	}
	files, err := safetensors.OpenDir(dir)
	if err != nil {
		return nil, err
	}
	defer files.Close()
	if err := checkTensors(files, cfg); err != nil {
		return nil, err
	}
	m, err := mesh.Open(ctx, opt.mesh())
	if err != nil {
		return nil, err
	}
	stored := "float32"
	if info, _ := files.Info(cfg.Params()[0].Name); info.DType == safetensors.BF16 && !m.IsCPU() {
		stored = "bfloat16"
	}
	dtype, err := parseDType(opt.DType, stored)
	if err != nil {
		return nil, err
	}
	model := &Model{Name: dir, Config: cfg, Tokenizer: tok, Template: template, mesh: m, shared: newShared(m, cfg)}
	for _, p := range cfg.Params() {
		if ctx.Err() != nil {
			model.Release()
			return nil, context.Cause(ctx)
		}
		values, err := files.Float32(p.Name)
		if err == nil {
			err = model.upload(p, values, dtype)
		}
		if err != nil {
			model.Release()
			return nil, err
		}
	}
	return model, nil
}

// checkTensors compares the names and shapes on disk with the configuration's before anything is loaded.
func checkTensors(files *safetensors.Dir, cfg decoder.Config) error {
	var faults []error
	known := map[string]bool{}
	for _, p := range cfg.Params() {
		known[p.Name] = true
		info, ok := files.Info(p.Name)
		switch {
		case !ok:
			faults = append(faults, fmt.Errorf("tensor %s is missing", p.Name))
		case !slices.Equal(info.Shape, p.Dims):
			faults = append(faults, fmt.Errorf("tensor %s has shape %v, config.json wants %v", p.Name, info.Shape, p.Dims))
		}
	}
	for _, name := range files.Names() {
		tied := cfg.TieEmbeddings && name == "lm_head.weight" // some checkpoints store the tied copy too
		if !known[name] && !tied && !strings.HasSuffix(name, "rotary_emb.inv_freq") {
			faults = append(faults, fmt.Errorf("tensor %s has no place in a %s model", name, cfg.ModelType))
		}
	}
	if len(faults) > 5 {
		faults = append(faults[:5], fmt.Errorf("and %d more", len(faults)-5))
	}
	return errors.Join(faults...)
}

// upload appends one weight, given as float32, in the wanted type.
func (m *Model) upload(p decoder.Param, values []float32, dtype safetensors.DType) error {
	raw, err := safetensors.Encode(values, dtype)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	device := dtypes.Float32
	if dtype == safetensors.BF16 {
		device = dtypes.BFloat16
	}
	a, err := m.mesh.FromBytes(raw, device, mesh.Replicated, p.Dims...)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	m.weights = append(m.weights, a)
	return nil
}

func parseDType(name, otherwise string) (safetensors.DType, error) {
	if name == "" {
		name = otherwise
	}
	switch name {
	case "float32":
		return safetensors.F32, nil
	case "bfloat16":
		return safetensors.BF16, nil
	}
	return "", fmt.Errorf("unknown weight type %q: want float32 or bfloat16", name)
}

// Save writes the model as a directory that Open, transformers and vLLM read: config.json, model.safetensors and the
// tokenizer's files. The directory is made if need be; each file is written beside its place and renamed.
func (m *Model) Save(dir string) error {
	if m.weights == nil {
		return errors.New("save model: it was released")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("save model: %w", err)
	}
	dtype, name := safetensors.F32, "float32"
	if m.weights[0].DType() == dtypes.BFloat16 {
		dtype, name = safetensors.BF16, "bfloat16"
	}
	var tensors []safetensors.Tensor
	for i, p := range m.Config.Params() {
		raw, err := m.weights[i].ToBytes()
		if err != nil {
			return fmt.Errorf("save model, %s: %w", p.Name, err)
		}
		tensors = append(tensors, safetensors.Tensor{Name: p.Name, DType: dtype, Shape: p.Dims, Data: raw})
	}
	if err := safetensors.WriteDir(dir, tensors, 0); err != nil {
		return fmt.Errorf("save model: %w", err)
	}
	if saver, ok := m.Tokenizer.(tokenizer.Saver); ok {
		if err := saver.Save(dir); err != nil {
			return fmt.Errorf("save model: %w", err)
		}
	}
	cfg, err := m.Config.MarshalHF(name, m.Tokenizer.EOS(), m.Tokenizer.Pad())
	if err != nil {
		return fmt.Errorf("save model: %w", err)
	}
	// config.json comes last: a directory without it is not a model, so an interrupted save is never taken for one.
	if err := writeFile(filepath.Join(dir, "config.json"), cfg); err != nil {
		return fmt.Errorf("save model: %w", err)
	}
	return nil
}

func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
