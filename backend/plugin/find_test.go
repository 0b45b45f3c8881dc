package plugin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/go-xla/pjrt"
)

// clearEnv takes the environment's wishes away for one test.
func clearEnv(t *testing.T) {
	t.Helper()
	for _, name := range []string{EnvPath, EnvDevice, EnvCache, EnvOffline} {
		t.Setenv(name, "")
	}
}

func TestFindGiven(t *testing.T) {
	clearEnv(t)
	dir := t.TempDir()
	cpu, cuda := filepath.Join(dir, "mine.so"), filepath.Join(dir, "xla_cuda_plugin.so")
	write(t, cpu, []byte("cpu"))
	write(t, cuda, []byte("cuda"))
	cases := map[string]struct {
		opt     Options
		env     string
		want    Plugin
		wantErr string
	}{
		"flag":                 {opt: Options{Path: cpu}, want: Plugin{Path: cpu, Device: CPU, Source: "flag"}},
		"environment":          {env: cuda, want: Plugin{Path: cuda, Device: CUDA, Source: EnvPath}},
		"the flag comes first": {opt: Options{Path: cpu}, env: cuda, want: Plugin{Path: cpu, Device: CPU, Source: "flag"}},
		"device as asked":      {opt: Options{Path: cpu, Device: CUDA}, want: Plugin{Path: cpu, Device: CUDA, Source: "flag"}},
		"no such file":         {env: filepath.Join(dir, "absent.so"), wantErr: "PJRT plug-in given by GODCPO_PJRT_PLUGIN"},
		"a folder":             {opt: Options{Path: dir}, wantErr: "is not a regular file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv(EnvPath, c.env)
			got, err := Find(context.Background(), c.opt)
			if c.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), c.wantErr) {
					t.Errorf("got %v, want %q", err, c.wantErr)
				}
			} else if err != nil || got != c.want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
	if _, err := Find(context.Background(), Options{Device: "tpu"}); err == nil || !strings.Contains(err.Error(), `device "tpu"`) {
		t.Errorf("unknown device: %v", err)
	}
}

// With no network and no plug-in there is one clear error that says what to put where.
func TestFindOffline(t *testing.T) {
	clearEnv(t)
	dir := t.TempDir()
	for _, byEnv := range []bool{false, true} {
		opt := Options{Device: CPU, CacheDir: dir, Offline: !byEnv, Progress: io.Discard}
		if byEnv {
			t.Setenv(EnvOffline, "1")
		}
		_, err := Find(context.Background(), opt)
		var failure *InstallError
		if !errors.As(err, &failure) {
			t.Fatalf("got %v, want an InstallError", err)
		}
		if failure.Place == "" { // nothing is pinned for this platform
			continue
		}
		if !strings.HasPrefix(failure.Place, dir) {
			t.Errorf("it says to put the file at %s, outside the cache %s", failure.Place, dir)
		}
		for _, want := range []string{"working offline", failure.Place, EnvPath + "="} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("the message lacks %q:\n%v", want, err)
			}
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("working offline wrote to the cache: %v", entries)
	}
}

func TestCacheRoot(t *testing.T) {
	clearEnv(t)
	user, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("this system names no cache folder: %v", err)
	}
	given := t.TempDir()
	if got, err := CacheRoot(""); err != nil || got != filepath.Join(user, "godcpo") {
		t.Errorf("default: %q, %v", got, err)
	}
	t.Setenv(EnvCache, given)
	if got, err := CacheRoot(""); err != nil || got != given {
		t.Errorf("environment: %q, %v", got, err)
	}
	if got, err := CacheRoot(user); err != nil || got != user {
		t.Errorf("option: %q, %v", got, err)
	}
}

func TestChoosePins(t *testing.T) {
	ids := func(list []pin) string {
		var s []string
		for _, p := range list {
			s = append(s, p.ID)
		}
		return strings.Join(s, " ")
	}
	cases := map[string]struct {
		device, os, arch, driver, want string
	}{
		"laptop":             {CPU, "linux", "amd64", "", "cpu-linux-amd64-0.11.2 cpu-linux-amd64-v0.114.0"},
		"mac":                {CPU, "darwin", "arm64", "", "cpu-darwin-arm64-v0.114.0"},
		"new driver":         {CUDA, "linux", "amd64", "580.65.06", "cuda13-linux-amd64-0.12.0.1 cuda12-linux-amd64-0.12.0.1"},
		"older driver":       {CUDA, "linux", "amd64", "550.54.15", "cuda12-linux-amd64-0.12.0.1"},
		"driver unknown":     {CUDA, "linux", "amd64", "", "cuda13-linux-amd64-0.12.0.1 cuda12-linux-amd64-0.12.0.1"},
		"driver too old":     {CUDA, "linux", "amd64", "470.223.02", ""},
		"unserved platform":  {CPU, "plan9", "386", "", ""},
		"CUDA on a mac":      {CUDA, "darwin", "arm64", "", ""},
		"unserved processor": {CUDA, "linux", "arm64", "580.65.06", ""},
	}
	for name, c := range cases {
		got, err := choosePins(pins, c.device, c.os, c.arch, GPU{Present: c.device == CUDA, Driver: c.driver})
		if ids(got) != c.want {
			t.Errorf("%s: got %q, want %q", name, ids(got), c.want)
		}
		if (err != nil) != (c.want == "") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := choosePins(pins, CUDA, "linux", "amd64", GPU{Present: true, Driver: "470.223.02"}); err == nil || !strings.Contains(err.Error(), "470.223.02") {
		t.Errorf("an old driver should be named: %v", err)
	}
}

// The table is complete, and its go-xla release is the one that the module in go.mod was tested against.
func TestPins(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range pins {
		if seen[p.ID] {
			t.Errorf("%s: twice in the table", p.ID)
		}
		seen[p.ID] = true
		if (p.Release == "") == (len(p.Wheels) == 0) {
			t.Errorf("%s: wants either a release or wheels", p.ID)
		}
		if len(p.Wheels) > 0 && (len(p.Library.SHA256) != 64 || p.Library.Size == 0) {
			t.Errorf("%s: the library is not pinned: %+v", p.ID, p.Library)
		}
		for _, w := range p.Wheels {
			if len(w.SHA256) != 64 || w.Size == 0 || !strings.HasSuffix(w.File, ".whl") || (w.Member == "") == (w.Tree == "") {
				t.Errorf("%s: incomplete wheel %+v", p.ID, w)
			}
		}
	}
	if goxlaRelease != pjrt.DefaultCPUVersion {
		t.Errorf("the pinned release is %s, go-xla was tested against %s: update the table", goxlaRelease, pjrt.DefaultCPUVersion)
	}
}

func TestParseDriver(t *testing.T) {
	for text, want := range map[string]string{
		"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs-builder)\nGCC version:  gcc version 13.3.0": "580.65.06",
		"550.54.15\n550.54.15\n": "550.54.15",
		"1012.10":                "1012.10",
		"Failed to initialize NVML: Driver/library": "",
		"": "",
	} {
		got := parseDriver(text)
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if b := (GPU{Driver: "580.65.06"}).branch(); b != 580 {
		t.Errorf("branch: %d", b)
	}
}

// A log file gets lines, not control characters.
func TestProgressLines(t *testing.T) {
	var log bytes.Buffer
	b := newProgress(&log).start("made-up 1", 2_000_000)
	b.set(1_000_000)
	b.finish(nil)
	text := log.String()
	if !strings.HasPrefix(text, "installing made-up 1 (2.0 MB) …\ndownloaded made-up 1 in ") || strings.ContainsAny(text, "\r\x1b") {
		t.Errorf("got %q", text)
	}
}
