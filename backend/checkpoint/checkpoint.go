// Package checkpoint keeps the states of a training run on disk, so that a run which was stopped in any way goes on exactly.
//
// A checkpoint is a directory step-000020 below the run's root:
//
//	model/      the weights as a Hugging Face directory
//	optimizer/  the optimizer's state as safetensors
//	…/          directories that the trainer adds, such as adapters or a value head
//	state.json  step, random state, position in the data, and what else the trainer keeps
//	MANIFEST    the SHA-256 of every other file, as sha256sum -c reads it
//
// It appears under its name when it is complete and on the disk, and older ones go only then: a kill at any moment leaves one
// that loads. This package knows nothing of what is trained, or by which method.
package checkpoint

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/dcpo-go/godcpo/backend/internal/atomicdir"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// Progress is what a run must remember beside weights and optimizer.
type Progress struct {
	// Step is the number of training steps made.
	Step int `json:"step"`
	// Config identifies the configuration, so that a run is not continued with another; see Hash.
	Config string `json:"config,omitempty"`
	// RNG is the state of the trainer's random numbers.
	RNG json.RawMessage `json:"rng,omitempty"`
	// Data is the position in the training data.
	Data json.RawMessage `json:"data,omitempty"`
	// Extra is whatever else the trainer keeps, by name.
	Extra map[string]json.RawMessage `json:"extra,omitempty"`
}

// State is all that a checkpoint holds.
type State struct {
	Progress
	// Model writes the weights as a model directory; backend.Model.SaveWith does. nil leaves them out.
	Model func(ctx context.Context, dir string) error
	// Optimizer is the optimizer's state, as learner.Learner.State describes it.
	Optimizer []safetensors.Tensor
	// Dirs writes more directories, each under its name beside the model's, at a path that does not exist yet: adapters, a value head, and
	// whatever else changes in training and is too large for Progress. What a run can make anew stays out: frozen weights are the start model's.
	Dirs map[string]func(ctx context.Context, dir string) error
}

// Checkpoint is one that was read and verified.
type Checkpoint struct {
	Progress
	// Dir is its directory.
	Dir string
}

// formatVersion is the version of the layout that this package writes and reads.
const formatVersion = 1

// stateFile is the content of state.json.
type stateFile struct {
	Version int `json:"version"`
	Progress
}

const (
	modelName     = "model"
	optimizerName = "optimizer"
	stateName     = "state.json"
	stepPrefix    = "step-"
	maxShard      = 5_000_000_000 // bytes of one file of optimizer state
)

// ModelDir is the model directory inside the checkpoint.
func (c Checkpoint) ModelDir() string { return filepath.Join(c.Dir, modelName) }

// SubDir is a directory of State.Dirs inside the checkpoint. The error wraps fs.ErrNotExist when there is none of that name.
func (c Checkpoint) SubDir(name string) (string, error) {
	dir := filepath.Join(c.Dir, name)
	err := validName(name)
	if err == nil {
		_, err = os.Stat(dir)
	}
	if err != nil {
		return "", fmt.Errorf("checkpoint %s: directory %q: %w", c.Dir, name, err)
	}
	return dir, nil
}

// validName accepts the names of State.Dirs.
func validName(name string) error {
	if name == "" || strings.ContainsAny(name, `/\:`) || strings.HasPrefix(name, ".") || slices.Contains([]string{modelName, optimizerName, stateName, manifestName}, name) {
		return errors.New("want a plain name that the checkpoint does not use itself")
	}
	return nil
}

// Optimizer opens the optimizer's state, which learner.Learner.Restore takes. The caller closes it.
func (c Checkpoint) Optimizer() (*safetensors.Dir, error) {
	return safetensors.OpenDir(filepath.Join(c.Dir, optimizerName))
}

// Hash identifies a configuration: the SHA-256 of its JSON.
func Hash(config any) (string, error) {
	text, err := json.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("hash configuration: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Save writes a checkpoint below root and then removes all but the newest keep of the steps up to this one (0 keeps all).
// A checkpoint of the same step is replaced. An error leaves the earlier checkpoints as they were.
func Save(ctx context.Context, root string, s State, keep int) error {
	dir := filepath.Join(root, fmt.Sprintf("%s%06d", stepPrefix, s.Step))
	if s.Step < 0 {
		return fmt.Errorf("save checkpoint: step %d is negative", s.Step)
	}
	atomicdir.Sweep(root)
	if err := atomicdir.Replace(dir, func(tmp string) error { return write(ctx, tmp, s) }, nil); err != nil {
		return fmt.Errorf("save checkpoint %s: %w", dir, err)
	}
	if err := prune(root, s.Step, keep); err != nil {
		return fmt.Errorf("save checkpoint %s: it is complete, but older ones could not be removed: %w", dir, err)
	}
	return nil
}

// write fills an empty directory with the state and, last, its manifest.
func write(ctx context.Context, dir string, s State) error {
	if s.Model != nil {
		if err := s.Model(ctx, filepath.Join(dir, modelName)); err != nil {
			return err
		}
	}
	if len(s.Optimizer) > 0 {
		optimizer := filepath.Join(dir, optimizerName)
		if err := os.Mkdir(optimizer, 0o755); err != nil {
			return err
		}
		tensors := slices.Clone(s.Optimizer)
		for i, t := range tensors {
			if t.Source != nil {
				tensors[i].Source = stoppable{ctx, t.Source}
			}
		}
		if err := safetensors.WriteDir(optimizer, tensors, maxShard); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Dirs)) {
		err := validName(name)
		if err == nil {
			err = s.Dirs[name](ctx, filepath.Join(dir, name))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	text, err := json.Marshal(stateFile{formatVersion, s.Progress})
	if err != nil {
		return fmt.Errorf("%s: %w", stateName, err)
	}
	if err := os.WriteFile(filepath.Join(dir, stateName), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return writeManifest(ctx, dir)
}

// stoppable is a source that fails once ctx has ended.
type stoppable struct {
	ctx    context.Context
	source io.WriterTo
}

// WriteTo implements io.WriterTo.
func (s stoppable) WriteTo(w io.Writer) (int64, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.source.WriteTo(w)
}

// prune removes the checkpoints of steps up to step but the newest keep. Those of later steps, which a run left that was set
// back, are not this run's to remove.
func prune(root string, step, keep int) error {
	if keep <= 0 {
		return nil
	}
	steps, err := list(root)
	if err != nil {
		return err
	}
	steps = slices.DeleteFunc(steps, func(s stepDir) bool { return s.step > step })
	for _, old := range steps[min(keep, len(steps)):] {
		if err := atomicdir.Remove(old.dir); err != nil {
			return err
		}
	}
	return nil
}

// stepDir is a directory that is named as a checkpoint.
type stepDir struct {
	step int
	dir  string
}

// list finds the checkpoints below root, the newest first.
func list(root string) ([]stepDir, error) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, err
	}
	var steps []stepDir
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), stepPrefix)
		step, err := strconv.Atoi(digits)
		if ok && err == nil && step >= 0 && e.IsDir() {
			steps = append(steps, stepDir{step, filepath.Join(root, e.Name())})
		}
	}
	slices.SortFunc(steps, func(a, b stepDir) int { return b.step - a.step })
	return steps, nil
}

// Latest returns the newest checkpoint below root that is whole. A damaged one is named in a warning and the one before is
// taken. When there is none the error wraps fs.ErrNotExist; when all are damaged it says what is wrong with each.
func Latest(ctx context.Context, root string) (Checkpoint, error) {
	steps, err := list(root)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("find checkpoint: %w", err)
	}
	if len(steps) == 0 {
		return Checkpoint{}, fmt.Errorf("find checkpoint: %s holds no directory %s…: %w", root, stepPrefix, fs.ErrNotExist)
	}
	var faults []error
	for _, s := range steps {
		c, err := Open(ctx, s.dir)
		if err == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			return Checkpoint{}, err
		}
		faults = append(faults, err)
		slog.Warn("a checkpoint is damaged, the one before is used", "checkpoint", s.dir, "fault", err)
	}
	// Not wrapped: a file that is missing in one must not look as if there were no checkpoint.
	return Checkpoint{}, fmt.Errorf("find checkpoint: all %d in %s are damaged: %v", len(steps), root, errors.Join(faults...))
}

// Open reads one checkpoint and verifies every file of it.
func Open(ctx context.Context, dir string) (Checkpoint, error) {
	c := Checkpoint{Dir: dir}
	if err := c.Verify(ctx); err != nil {
		return c, err
	}
	text, err := os.ReadFile(filepath.Join(dir, stateName))
	if err != nil {
		return c, fmt.Errorf("open checkpoint: %w", err)
	}
	var s stateFile
	if err := json.Unmarshal(text, &s); err != nil {
		return c, fmt.Errorf("open checkpoint %s: %s: %w", dir, stateName, err)
	}
	if s.Version != formatVersion {
		return c, fmt.Errorf("open checkpoint %s: its format is version %d, this program reads version %d", dir, s.Version, formatVersion)
	}
	c.Progress = s.Progress
	return c, nil
}
