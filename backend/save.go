package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/internal/atomicdir"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// DefaultShardBytes is the most that one saved weight file holds unless asked otherwise, 5 GB, as in other tools.
const DefaultShardBytes = 5_000_000_000

// SaveOptions say how a model is written; the zero value is usable.
type SaveOptions struct {
	// ShardBytes bounds the weights of one file (a larger tensor gets a file of its own); 0 takes DefaultShardBytes.
	ShardBytes int64
	// DType of the saved weights, "float32" or "bfloat16"; empty keeps the type they have on the devices.
	DType string
}

// Save is SaveWith with the default options.
func (m *Model) Save(dir string) error { return m.SaveWith(context.Background(), dir, SaveOptions{}) }

// SaveWith writes the model as a directory that Open, transformers and vLLM read: weights in one file or several with their
// index, config.json, generation_config.json, and the tokenizer's files as they were.
//
// The directory is replaced as a whole once the new one is complete and on the disk: a save that fails or is killed leaves the
// earlier model in place. Files there that are no model's move on. The host holds at most one tensor at a time.
func (m *Model) SaveWith(ctx context.Context, dir string, opt SaveOptions) error {
	if m.weights == nil {
		return errors.New("save model: it was released")
	}
	if m.Config.LoRA != nil {
		return errors.New("save model: it has LoRA adapters: merge them first (MergeAdapters), or save them alone (SaveAdapters)")
	}
	err := atomicdir.Replace(dir, func(tmp string) error { return m.write(ctx, tmp, opt) }, isModelFile)
	if err != nil {
		return fmt.Errorf("save model to %s: %w", dir, err)
	}
	return nil
}

// sideFiles are copied from the directory a model was opened from, where the tokenizer does not write them itself.
var sideFiles = []string{"generation_config.json", "added_tokens.json", "vocab.json", "merges.txt"}

// isModelFile tells which files of a directory are a model's, and go when the model is replaced.
func isModelFile(name string) bool {
	shard, _ := filepath.Match("model-*-of-*.safetensors", name)
	return shard || slices.Contains(sideFiles, name) || slices.Contains([]string{"config.json", safetensors.SingleFile, safetensors.IndexFile,
		"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja", "chat_template.json"}, name)
}

// write fills an empty directory with the model.
func (m *Model) write(ctx context.Context, dir string, opt SaveOptions) error {
	stored, name := m.stored(), "float32"
	if stored == safetensors.BF16 {
		name = "bfloat16"
	}
	dtype, err := parseDType(opt.DType, name)
	if err != nil {
		return err
	}
	if dtype == safetensors.F32 {
		name = "float32"
	} else {
		name = "bfloat16"
	}
	if opt.ShardBytes == 0 {
		opt.ShardBytes = DefaultShardBytes
	}
	var tensors []safetensors.Tensor
	for i, p := range m.Config.Policy().Params() { // adapters there are none, so these come first
		source := weightSource{ctx, m.weights[i], stored, dtype}
		tensors = append(tensors, safetensors.Tensor{Name: p.Name, DType: dtype, Shape: p.Dims, Source: source})
	}
	if err := safetensors.WriteDir(dir, tensors, opt.ShardBytes); err != nil {
		return err
	}
	if saver, ok := m.Tokenizer.(tokenizer.Saver); ok {
		if err := saver.Save(dir); err != nil {
			return err
		}
	}
	if err := m.copySideFiles(dir); err != nil {
		return err
	}
	cfg, err := m.configJSON(name)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "config.json"), cfg, 0o644)
}

// stored is the type that the weights have on the devices.
func (m *Model) stored() safetensors.DType {
	if m.weights[0].DType() == dtypes.BFloat16 {
		return safetensors.BF16
	}
	return safetensors.F32
}

// weightSource writes one weight from the devices in the type of the file.
type weightSource struct {
	ctx      context.Context
	array    *mesh.Array
	from, to safetensors.DType
}

// WriteTo implements io.WriterTo.
func (s weightSource) WriteTo(w io.Writer) (int64, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, context.Cause(s.ctx)
	}
	recoded, err := safetensors.Recode(w, s.from, s.to)
	if err != nil {
		return 0, err
	}
	return s.array.WriteTo(recoded)
}

// copySideFiles copies what the model's source has beside weights and tokenizer, and makes a generation_config.json where it
// has none, so that other engines stop at the same tokens.
func (m *Model) copySideFiles(dir string) error {
	for _, name := range sideFiles {
		if m.source == "" || (m.Tokenizer == nil && name != sideFiles[0]) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(m.source, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			return err
		}
	}
	path := filepath.Join(dir, sideFiles[0])
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	keys := map[string]any{}
	switch eos := m.EOS(); len(eos) {
	case 0:
	case 1:
		keys["eos_token_id"] = eos[0]
	default:
		keys["eos_token_id"] = eos
	}
	if pad := m.pad(); pad >= 0 {
		keys["pad_token_id"] = pad
	}
	text, err := json.MarshalIndent(keys, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// configJSON is config.json for weights of the named type. A model whose configuration is still its source's keeps that file,
// with every key other tools read; only the type changes, under the one name or the other.
func (m *Model) configJSON(dtype string) ([]byte, error) {
	raw, err := os.ReadFile(filepath.Join(m.source, "config.json"))
	if m.source == "" || err != nil {
		return m.Config.MarshalHF(dtype, m.EOS(), m.pad())
	}
	parsed, err := decoder.ParseConfig(raw)
	parsed.FloatHead = m.Config.FloatHead // no matter of the file's
	if err != nil || !reflect.DeepEqual(parsed, m.Config.Policy()) {
		return m.Config.MarshalHF(dtype, m.EOS(), m.pad())
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(raw, &keys); err != nil {
		return nil, err
	}
	written := json.RawMessage(`"` + dtype + `"`)
	_, old := keys["torch_dtype"]
	_, current := keys["dtype"]
	if old || !current {
		keys["torch_dtype"] = written
	}
	if current {
		keys["dtype"] = written
	}
	return json.MarshalIndent(keys, "", "  ")
}
