package dcpo

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/checkpoint"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/dcpo/klcontrol"
)

// progress is what a trainer must remember, beside weights and optimizer, to go on exactly. All random numbers are functions of the
// seed and of these.
type progress struct {
	Step       int `json:"step"`        // steps made
	BadUpdates int `json:"bad_updates"` // the last so many updates had a gradient that was not finite
	Skipped    int `json:"skipped"`     // all such updates of the run
	// KL is the coefficient of the KL penalty in the reward, which may adapt.
	KL klcontrol.Controller `json:"kl"`
}

// Save keeps the state after the last whole step as a checkpoint below root, and removes all but the newest keep ones (0: none).
func (t *Trainer) Save(ctx context.Context, root string, keep int) error {
	if t.moved {
		return errors.New("save checkpoint: a step was broken off after some of its updates: make it whole, or go on from an earlier checkpoint")
	}
	place, err := t.source.state()
	if err != nil {
		return err
	}
	extra, err := json.Marshal(t.progress)
	if err != nil {
		return err
	}
	state := checkpoint.State{Optimizer: t.learner.State(),
		Progress: checkpoint.Progress{Step: t.progress.Step, Data: place, Extra: map[string]json.RawMessage{trainerState: extra}},
		Dirs:     map[string]func(context.Context, string) error{}}
	if t.model.Config.LoRA != nil {
		state.Dirs[adaptersDir] = func(_ context.Context, dir string) error { return t.model.SaveAdapters(dir) }
	} else {
		state.Model = func(ctx context.Context, dir string) error { return t.model.SaveWith(ctx, dir, backend.SaveOptions{}) }
	}
	if t.model.Config.ValueHead {
		state.Dirs[valueDir] = func(_ context.Context, dir string) error { return t.model.SaveValueHead(dir) }
	}
	if err := checkpoint.Save(ctx, root, state, keep); err != nil {
		return err
	}
	t.saved = t.progress.Step
	return nil
}

// Names in a checkpoint.
const (
	trainerState = "trainer"
	adaptersDir  = "adapters"
	valueDir     = "value_head"
)

// Restore puts the trainer where a checkpoint was made: the model's weights, the optimizer, the place in the data. The reference
// policy stays what it was when the trainer was made: the start of the run.
func (t *Trainer) Restore(ctx context.Context, c checkpoint.Checkpoint) error {
	err := errors.Join(t.restoreWeights(ctx, c), restore(t.learner, c), t.source.restore(c.Data))
	if err == nil {
		err = json.Unmarshal(c.Extra[trainerState], &t.progress)
	}
	if err != nil {
		return fmt.Errorf("restore checkpoint %s: %w", c.Dir, err)
	}
	t.moved, t.saved = false, t.progress.Step
	return nil
}

func (t *Trainer) restoreWeights(ctx context.Context, c checkpoint.Checkpoint) error {
	var err error
	if t.model.Config.LoRA != nil {
		err = t.model.ReloadAdapters(ctx, filepath.Join(c.Dir, adaptersDir))
	} else {
		err = t.model.Reload(ctx, c.ModelDir())
	}
	if err == nil && t.model.Config.ValueHead {
		err = t.model.ReloadValueHead(filepath.Join(c.Dir, valueDir))
	}
	return err
}

// dirty tells whether there is nothing to keep that is not kept already, or nothing whole.
func (t *Trainer) dirty() bool { return t.moved || t.saved == t.progress.Step && t.progress.Step > 0 }

// spoiled counts an update whose gradient was not finite, which was skipped, and keeps its batch for inspection. Too many in a
// row end the run.
func (t *Trainer) spoiled(mini *learner.Batch, step int, cause error) error {
	t.BadUpdates++
	t.Skipped++
	where := "not kept: no folder is set for it"
	if t.BadBatches != "" {
		where = filepath.Join(t.BadBatches, fmt.Sprintf("step-%06d-%d.safetensors", step, t.Skipped))
		if err := saveBatch(where, mini); err != nil {
			return errors.Join(cause, err)
		}
	}
	slog.Warn("an update was skipped", "step", step, "in a row", t.BadUpdates, "batch", where, "cause", cause)
	if t.BadUpdates >= t.cfg.Train.MaxBadUpdates {
		return fmt.Errorf("%d updates in a row were not finite (train.max_bad_updates), the weights are those before them; the last batch is in %s: %w", t.BadUpdates, where, cause)
	}
	return nil
}

// saveBatch writes a mini-batch's tokens and fields.
func saveBatch(path string, b *learner.Batch) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("keep bad batch: %w", err)
	}
	var tensors []safetensors.Tensor
	for name, ids := range map[string][]int32{"ids": b.IDs, "positions": b.Positions, "segments": b.Segments} {
		tensors = append(tensors, safetensors.Tensor{Name: name, DType: safetensors.I32, Shape: []int{b.Rows, b.Seq}, Data: int32s(ids)})
	}
	for name, values := range b.Fields {
		raw, err := safetensors.Encode(values, safetensors.F32)
		if err != nil {
			return fmt.Errorf("keep bad batch: %w", err)
		}
		tensors = append(tensors, safetensors.Tensor{Name: name, DType: safetensors.F32, Shape: []int{b.Rows, b.Window}, Data: raw})
	}
	if err := safetensors.Write(path, tensors, nil); err != nil {
		return fmt.Errorf("keep bad batch: %w", err)
	}
	return nil
}

// int32s are ids as raw little-endian elements.
func int32s(ids []int32) []byte {
	raw := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		raw = binary.LittleEndian.AppendUint32(raw, uint32(id))
	}
	return raw
}
