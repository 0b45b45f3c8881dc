package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/hub"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// ModelsVariable is the environment variable that names a folder of model directories.
const ModelsVariable = "GODCPO_MODELS"

// Open loads a model from a Hugging Face directory: config.json, safetensors weights, and the tokenizer and chat template if
// there are any (without tokenizer.json, Model.Tokenizer is nil and the model works on token ids).
//
// name is a path; or the name of a directory below $GODCPO_MODELS (with or without the part before the slash); or a name on
// the Hugging Face Hub such as Qwen/Qwen3-8B, with a branch, tag or commit after an @ if need be, which is taken from that
// hub's cache on this machine or else downloaded (see package hub).
//
// Weights go to the devices tensor by tensor in the wanted type; float16 is converted, to float32 unless bfloat16 is asked
// for. The host never holds as much as two weight files. An unknown architecture, a damaged or missing file, a missing,
// mis-shaped or superfluous tensor, and NaN or infinite weights are errors that name the file and the tensor.
func Open(ctx context.Context, name string, opt Options) (*Model, error) {
	dir, err := modelDir(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("open model %s: %w", name, err)
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

// ModelDirs lists where the directory of a model may be that is named by its path or below $GODCPO_MODELS, whether or not there is one.
func ModelDirs(name string) []string {
	dirs := []string{name}
	if root := os.Getenv(ModelsVariable); root != "" {
		dirs = append(dirs, filepath.Join(root, filepath.FromSlash(name)), filepath.Join(root, filepath.Base(name)))
	}
	return dirs
}

// modelDir finds the directory that a name stands for.
func modelDir(ctx context.Context, name string) (string, error) {
	candidates := ModelDirs(name)
	for _, dir := range candidates {
		if _, err := os.Stat(filepath.Join(dir, "config.json")); err == nil {
			return dir, nil
		}
	}
	missing := fmt.Errorf("no config.json in %s: give the path of a Hugging Face model directory, or put it below the folder named by %s: %w",
		strings.Join(candidates, " or "), ModelsVariable, fs.ErrNotExist)
	id, err := hub.ParseName(name)
	if err != nil {
		return "", missing
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return "", missing // the person means this directory
	}
	dir, err := hub.Dir(ctx, id, hub.Options{})
	if err != nil {
		return "", fmt.Errorf("no config.json in %s, and %w", strings.Join(candidates, " or "), err)
	}
	return dir, nil
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
	tok, template, err := loadTokenizer(dir)
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
	if err := opt.validate(); err != nil {
		return nil, err
	}
	m, err := mesh.Open(ctx, opt.mesh())
	if err != nil {
		return nil, err
	}
	dtype, err := parseDType(opt.DType, defaultDType(files, cfg, m.IsCPU()))
	if err != nil {
		return nil, err
	}
	cfg.FloatHead = opt.FloatHead
	model := &Model{Name: dir, sharding: opt.Sharding, Config: cfg, Tokenizer: tok, Template: template, mesh: m, shared: newShared(m, cfg), source: dir}
	if err := model.load(ctx, files, dtype); err != nil {
		model.Release()
		return nil, err
	}
	return model, nil
}

// loadTokenizer is tokenizer.Load for directories that may have none.
func loadTokenizer(dir string) (tokenizer.Tokenizer, *tokenizer.ChatTemplate, error) {
	if _, err := os.Stat(filepath.Join(dir, "tokenizer.json")); errors.Is(err, fs.ErrNotExist) {
		slog.Debug("the model directory has no tokenizer.json: only token ids can be used", "dir", dir)
		return nil, nil, nil
	}
	return tokenizer.Load(dir)
}

// EOS lists the ids that end a response: the tokenizer's or, without one, those that generation_config.json or config.json name.
func (m *Model) EOS() []int32 {
	if m.Tokenizer != nil {
		return m.Tokenizer.EOS()
	}
	return m.specialIDs("eos_token_id")
}

// pad is the id that fills a batch, -1 when there is none.
func (m *Model) pad() int32 {
	if m.Tokenizer != nil {
		return m.Tokenizer.Pad()
	}
	if ids := m.specialIDs("pad_token_id"); len(ids) > 0 {
		return ids[0]
	}
	return -1
}

// specialIDs reads a key of the source directory's generation_config.json or else config.json: an id, a list of ids, or null.
func (m *Model) specialIDs(key string) []int32 {
	for _, name := range []string{"generation_config.json", "config.json"} {
		raw, err := os.ReadFile(filepath.Join(m.source, name))
		var keys map[string]json.RawMessage
		if m.source == "" || err != nil || json.Unmarshal(raw, &keys) != nil {
			continue
		}
		var many []int32
		var one *int32
		if json.Unmarshal(keys[key], &many) == nil && many != nil {
			return many
		}
		if json.Unmarshal(keys[key], &one) == nil && one != nil {
			return []int32{*one}
		}
	}
	return nil
}

// checkTensors compares the names, shapes and types on disk with the configuration's before anything is loaded.
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
			faults = append(faults, fmt.Errorf("tensor %s in %s has shape %v, config.json wants %v", p.Name, files.Path(p.Name), info.Shape, p.Dims))
		case !slices.Contains([]safetensors.DType{safetensors.F32, safetensors.BF16, safetensors.F16}, info.DType):
			faults = append(faults, fmt.Errorf("tensor %s in %s is of type %s, want F32, BF16 or F16 (quantised weights are not supported)", p.Name, files.Path(p.Name), info.DType))
		}
	}
	for _, name := range files.Names() {
		tied := cfg.TieEmbeddings && name == "lm_head.weight" // some checkpoints store the tied copy too
		if !known[name] && !tied && !strings.HasSuffix(name, "rotary_emb.inv_freq") {
			faults = append(faults, fmt.Errorf("tensor %s in %s has no place in a %s model", name, files.Path(name), cfg.ModelType))
		}
	}
	if len(faults) > 5 {
		faults = append(faults[:5], fmt.Errorf("and %d more", len(faults)-5))
	}
	return errors.Join(faults...)
}
