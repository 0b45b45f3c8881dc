package dcpo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/dcpo-go/godcpo/backend/checkpoint"
	"github.com/dcpo-go/godcpo/dcpo/config"
)

// folder is output.dir; "" keeps nothing.
//
//	config.toml        the resolved configuration, each key with its meaning
//	run.json           seeds, versions, commit, checksums of the data
//	metrics.jsonl      a line a step; tensorboard/, samples.jsonl and others beside it
//	base/              the model as it was before the first step, where a warm-up made it
//	warmup/            checkpoints of the warm-up, until it is done
//	checkpoints/       checkpoints of the training
//	evaluations/       every answer of every validation
//	bad/               mini-batches whose gradient was not finite
//	model/             the trained model
//	results.json, curves.png, reliability.png
type folder string

func (f folder) at(name ...string) string {
	return filepath.Join(append([]string{string(f)}, name...)...)
}
func (f folder) base() string        { return f.at("base") }
func (f folder) warmup() string      { return f.at("warmup") }
func (f folder) checkpoints() string { return f.at("checkpoints") }
func (f folder) model() string       { return f.at("model") }
func (f folder) config() string      { return f.at("config.toml") }

// evaluation is the file of the validation after a step.
func (f folder) evaluation(step int) string {
	return f.at("evaluations", fmt.Sprintf("step-%06d.jsonl", step))
}

// bad is where spoiled mini-batches go.
func (f folder) bad() string {
	if f == "" {
		return ""
	}
	return f.at("bad")
}

// hasRun tells whether something of a run is kept there that a new one would overwrite.
func (f folder) hasRun() bool {
	return slices.ContainsFunc([]string{f.base(), f.warmup(), f.checkpoints(), f.at("evaluations"), f.model()}, exists)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// prepare makes the folder of a new run, or finds that of one to go on with.
func (f folder) prepare(cfg Config, resume bool) error {
	if f == "" {
		if resume {
			return errors.New("resume: output.dir is empty, so there is nothing to go on with")
		}
		return nil
	}
	if f.hasRun() && !resume {
		return fmt.Errorf("output.dir %s holds a run already: go on with it (--resume), or name another folder", f)
	}
	if err := os.MkdirAll(string(f), 0o755); err != nil {
		return fmt.Errorf("output.dir: %w", err)
	}
	if resume {
		if err := f.agrees(cfg); err != nil {
			return fmt.Errorf("resume %s: %w", f, err)
		}
	}
	resolved, err := cfg.Encode()
	if err != nil {
		return err
	}
	return writeFile(f.config(), resolved)
}

// agrees compares the configuration with the one the run was made with. A run may be made longer, validated, saved and logged
// otherwise; nothing else may change, for the rest would not be the same run.
func (f folder) agrees(cfg Config) error {
	raw, err := os.ReadFile(f.config())
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was killed before it had begun
	}
	if err != nil {
		return err
	}
	before, err := config.Parse(raw)
	if err != nil {
		return fmt.Errorf("%s: %w", f.config(), err)
	}
	if changed := cfg.Differences(before); len(changed) > 0 {
		return fmt.Errorf("the configuration is not that of the run: %v differ; start another run for it", changed)
	}
	return nil
}

// latest is the newest whole checkpoint below root; nil when there is none.
func latest(ctx context.Context, root string) (*checkpoint.Checkpoint, error) {
	c, err := checkpoint.Latest(ctx, root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// writeFile replaces a file at once: whoever reads it finds the old text or the new.
func writeFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// writeJSON writes an indented object.
func writeJSON(path string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(raw, '\n'))
}
