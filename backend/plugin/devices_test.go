package plugin

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The real plug-in: found or installed, loaded, and its device listed.
func TestInspect(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	p, err := Find(ctx, Options{Device: CPU})
	var failure *InstallError
	if errors.As(err, &failure) {
		t.Skipf("there is no plug-in on this machine and none can be installed: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	inventory, err := Inspect(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	if inventory.Platform == "" || !strings.Contains(inventory.API, ".") || len(inventory.Devices) == 0 {
		t.Errorf("got %+v", inventory)
	}
	for _, d := range inventory.Devices {
		if d.Description == "" || d.Description == "unknown" || d.MemoryBytes != HostMemory() {
			t.Errorf("device %+v, host memory %d", d, HostMemory())
		}
	}
}

func TestInspectNoPlugin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "broken_plugin.so")
	write(t, path, []byte("this is no shared library"))
	if _, err := Inspect(context.Background(), Plugin{Path: path, Device: CPU}); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func TestParseGPUMemory(t *testing.T) {
	for text, want := range map[string]map[int]int64{
		"0, 143771\n1, 81559\n":              {0: 143771 << 20, 1: 81559 << 20},
		"0, [N/A]\n":                         {},
		"":                                   {},
		"NVIDIA-SMI has failed, because ...": {},
		"2, 99999999999999999999\n":          {},
	} {
		if got := parseGPUMemory(text); !maps.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func FuzzParseGPUMemory(f *testing.F) {
	f.Add("0, 143771\n1, 81559\n")
	f.Add("0, [N/A]")
	f.Fuzz(func(t *testing.T, text string) {
		for id, n := range parseGPUMemory(text) {
			if n <= 0 {
				t.Errorf("device %d has %d bytes", id, n)
			}
		}
		_ = GPU{Driver: parseDriver(text)}.branch()
	})
}
