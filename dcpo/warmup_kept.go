package dcpo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/plugin"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// WarmedUp returns the tiny model (backend.NewTiny) after Warmup: where small experiments begin. It is kept in the cache folder, below "warmups": the same
// program asked for the same warm-up on the same kind of devices opens it from there, to the same weights, and opt.OnStep is told the last step alone. Another build of the
// program makes it anew.
func WarmedUp(ctx context.Context, opt WarmupOptions) (*backend.Model, error) {
	m, err := backend.NewTiny(ctx, ArithmeticTokenizer(), backend.Options{Seed: opt.Seed})
	if err != nil {
		return nil, err
	}
	if err := warmUpOnce(ctx, m, opt.withDefaults()); err != nil {
		m.Release()
		return nil, fmt.Errorf("warm up the tiny model: %w", err)
	}
	return m, nil
}

// keptWarmup is the file beside the model's that makes it a kept one.
type keptWarmup struct {
	Loss   float64 `json:"loss"` // of the last step
	SHA256 string  `json:"sha256"`
}

const keptRecord = "warmup.json"

func warmUpOnce(ctx context.Context, m *backend.Model, opt WarmupOptions) error {
	dir, err := keptFolder(m, opt)
	if err != nil {
		return err
	}
	kept, err := findKept(dir)
	if err != nil {
		slog.Warn("a kept warm-up cannot be used and is made again", "folder", dir, "cause", err)
	}
	if kept != nil {
		if err := m.Reload(ctx, dir); err != nil {
			return err
		}
		if all := opt.Lessons + opt.Habits; opt.OnStep != nil {
			opt.OnStep(all, all, kept.Loss)
		}
		return nil
	}
	loss, err := Warmup(ctx, m, opt)
	if err != nil {
		return err
	}
	if err := keep(ctx, m, dir, loss); err != nil { // the model is there: that it was not kept costs time only
		slog.Warn("the warmed-up model is not kept: the next time it is made again", "folder", dir, "cause", err)
	}
	return nil
}

// keptFolder is named by everything that the model follows from.
func keptFolder(m *backend.Model, opt WarmupOptions) (string, error) {
	root, err := plugin.CacheRoot("")
	if err != nil {
		return "", err
	}
	program, err := programSum()
	if err != nil {
		return "", fmt.Errorf("checksum of this program: %w", err)
	}
	opt.OnStep = nil
	key := fmt.Sprintf("%s\n%#v\n%d devices, CPU %v", program, opt, m.Devices(), m.OnCPU())
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(root, "warmups", hex.EncodeToString(sum[:8])), nil
}

var programSum = sync.OnceValues(func() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	return plugin.Hash(path)
})

// findKept reads the record of a kept warm-up and checks the weights. Without one it is nil.
func findKept(dir string) (*keptWarmup, error) {
	raw, err := os.ReadFile(filepath.Join(dir, keptRecord))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var k keptWarmup
	if err := json.Unmarshal(raw, &k); err != nil {
		return nil, fmt.Errorf("%s: %w", keptRecord, err)
	}
	sum, err := plugin.Hash(filepath.Join(dir, safetensors.SingleFile))
	if err != nil {
		return nil, err
	}
	if sum != k.SHA256 {
		return nil, fmt.Errorf("%s has the SHA-256 %s, want %s", safetensors.SingleFile, sum, k.SHA256)
	}
	return &k, nil
}

// keep saves the model and, once it is whole, its record.
func keep(ctx context.Context, m *backend.Model, dir string, loss float64) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := m.SaveWith(ctx, dir, backend.SaveOptions{}); err != nil {
		return err
	}
	sum, err := plugin.Hash(filepath.Join(dir, safetensors.SingleFile))
	if err != nil {
		return err
	}
	raw, err := json.Marshal(keptWarmup{loss, sum})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".warmup-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, keptRecord))
}
