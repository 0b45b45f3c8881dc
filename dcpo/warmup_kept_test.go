package dcpo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// TestWarmedUpIsKept: the second call opens what the first one made, other options make another model, and weights that were changed on the disk are not used.
func TestWarmedUpIsKept(t *testing.T) {
	if testing.Short() {
		t.Skip("programs compile slowly")
	}
	steps, last := 0, 0.0
	var files []string // of the models, in the order they are asked for
	make := func(habits int) []float32 {
		t.Helper()
		steps = 0
		m, err := WarmedUp(t.Context(), WarmupOptions{Lessons: 3, Habits: habits, Seed: 4, OnStep: func(step, all int, loss float64) {
			steps++
			if last = loss; step == all && all != 3+habits {
				t.Errorf("the last of %d steps is %d", all, step)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Release()
		dir, err := keptFolder(m, WarmupOptions{Lessons: 3, Habits: habits, Seed: 4}.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		files = append(files, filepath.Join(dir, safetensors.SingleFile))
		var all []float32
		for _, w := range m.Weights() {
			values, err := w.ToFloat32()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, values...)
		}
		return all
	}
	first := make(2)
	if steps != 5 {
		t.Fatalf("%d steps were told, want 5", steps)
	}
	loss := last
	if again := make(2); !slices.Equal(first, again) || steps != 1 || last != loss {
		t.Errorf("the kept model is another one, or %d steps were told and a loss of %v, want 1 and %v", steps, last, loss)
	}
	if other := make(3); slices.Equal(first, other) || steps != 6 {
		t.Errorf("other options took %d steps, want 6", steps)
	}
	if files[0] != files[1] || files[0] == files[2] {
		t.Errorf("the models are kept in %v", files)
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 0x40
	if err := os.WriteFile(files[0], raw, 0o644); err != nil {
		t.Fatal(err)
	}
	if again := make(2); !slices.Equal(first, again) || steps != 5 {
		t.Errorf("changed weights were used, or %d steps were told, want 5", steps)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := WarmedUp(cancelled, WarmupOptions{Lessons: 4, Habits: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
