package backend

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dcpo-go/godcpo/backend/adapter"
	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// Reload replaces the model's weights by those of a directory that Save wrote of a model of the same shape, each in the type and
// layout it has. A learner of the model trains the new weights from then on; its state is its own (see learner.Restore). Adapters
// and a value head stay as they are.
//
// A missing or mis-shaped tensor is an error that leaves the weights as they were; one that cannot be read leaves a mixture.
func (m *Model) Reload(ctx context.Context, dir string) error {
	if m.weights == nil {
		return errors.New("reload model: it was released")
	}
	if err := m.reload(ctx, dir); err != nil {
		return fmt.Errorf("reload model from %s: %w", dir, err)
	}
	return nil
}

func (m *Model) reload(ctx context.Context, dir string) error {
	files, err := safetensors.OpenDir(dir)
	if err != nil {
		return err
	}
	defer files.Close()
	params := m.Config.Plain().Policy().Params()
	for _, p := range params {
		info, ok := files.Info(p.Name)
		if !ok {
			return fmt.Errorf("tensor %s is missing", p.Name)
		}
		if !slices.Equal(info.Shape, p.Dims) {
			return fmt.Errorf("tensor %s has shape %v, the model's has %v", p.Name, info.Shape, p.Dims)
		}
	}
	for i, p := range params {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if err := m.replace(i, p, files); err != nil {
			return err
		}
	}
	return nil
}

// replace reads one weight into the place of the old one, which goes first: two copies may not fit.
func (m *Model) replace(i int, p decoder.Param, files *safetensors.Dir) error {
	old := m.weights[i]
	dtype := safetensors.F32
	if old.DType() == dtypes.BFloat16 {
		dtype = safetensors.BF16
	}
	raw := make([]byte, p.Size()*dtype.Size())
	if err := readWeight(files, p, raw, dtype); err != nil {
		return err
	}
	layout, kind := old.Layout(), old.DType()
	old.Release()
	a, err := m.mesh.FromBytes(raw, kind, layout, p.Dims...)
	if err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	m.weights[i] = a
	return nil
}

// ReloadAdapters replaces the values of the model's adapters by those of a directory that SaveAdapters wrote of adapters of the
// same rank and targets.
func (m *Model) ReloadAdapters(_ context.Context, dir string) error {
	if m.weights == nil || m.Config.LoRA == nil {
		return errors.New("reload adapters: the model has none, or was released")
	}
	n, first := len(m.Config.Plain().Policy().Params()), len(m.Config.Plain().Params())
	cfg, weights, err := adapter.Load(m.mesh, m.Config.Plain().Policy(), m.weights[:n:n], dir)
	if err != nil {
		return fmt.Errorf("reload adapters %s: %w", dir, err)
	}
	fresh := weights[n:]
	if cfg.LoRA.Rank != m.Config.LoRA.Rank || !slices.Equal(cfg.LoRA.Targets, m.Config.LoRA.Targets) {
		releaseAll(fresh)
		return fmt.Errorf("reload adapters %s: they have rank %d on %v, the model's have %d on %v", dir, cfg.LoRA.Rank, cfg.LoRA.Targets, m.Config.LoRA.Rank, m.Config.LoRA.Targets)
	}
	for i, a := range fresh {
		m.weights[first+i].Release()
		m.weights[first+i] = a
	}
	return nil
}

func releaseAll(arrays []*mesh.Array) {
	for _, a := range arrays {
		a.Release()
	}
}

// ReloadValueHead replaces the model's value head by the one that SaveValueHead wrote to dir.
func (m *Model) ReloadValueHead(dir string) error {
	if m.weights == nil || !m.Config.ValueHead {
		return errors.New("reload value head: the model has none, or was released")
	}
	path := filepath.Join(dir, ValueHeadFile)
	file, err := safetensors.Open(path)
	if err != nil {
		return fmt.Errorf("reload value head: %w", err)
	}
	defer file.Close()
	first := len(m.Config.Policy().Plain().Params())
	for i, p := range m.Config.ValueParams() {
		if info, ok := file.Info(p.Name); !ok || !slices.Equal(info.Shape, p.Dims) {
			return fmt.Errorf("reload value head %s: tensor %s is %v, the model's has shape %v", path, p.Name, info, p.Dims)
		}
		values, err := file.Float32(p.Name)
		if err != nil {
			return fmt.Errorf("reload value head %s: %w", path, err)
		}
		raw, err := safetensors.Encode(values, m.stored())
		if err != nil {
			return fmt.Errorf("reload value head %s: %w", path, err)
		}
		old := m.weights[first+i]
		a, err := m.mesh.FromBytes(raw, old.DType(), old.Layout(), p.Dims...)
		if err != nil {
			return fmt.Errorf("reload value head %s: %w", path, err)
		}
		old.Release()
		m.weights[first+i] = a
	}
	return nil
}
