// Package plugin finds the PJRT plug-in (XLA's compiled runtime, one shared library) that the backend loads, and installs
// it where there is none.
//
// [Find] looks in this order:
//
//  1. a path given by the caller ([Options].Path, a command-line flag) or by the environment (GODCPO_PJRT_PLUGIN);
//  2. the cache folder ($GODCPO_CACHE, else the user's cache folder + "/godcpo"), whose files are trusted only when their
//     SHA-256 is the pinned one;
//  3. an installation: a pinned version is downloaded, checked against its pinned SHA-256 and renamed into the cache, so
//     that a broken download never leaves anything that a later run would trust.
//
// The pinned versions are the table in pins.go; the ways to get them are in ways.go.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// Names of the environment variables that [Find] reads.
const (
	EnvPath    = "GODCPO_PJRT_PLUGIN" // path of a plug-in file, used as it is
	EnvDevice  = "GODCPO_DEVICE"      // "cpu" or "cuda", where Options.Device is empty
	EnvCache   = "GODCPO_CACHE"       // root of the cache, where Options.CacheDir is empty
	EnvOffline = "GODCPO_OFFLINE"     // any value but "" and "0": never touch the network
)

// Device kinds a plug-in serves.
const (
	CPU  = "cpu"
	CUDA = "cuda"
)

// Options steers [Find]. The zero value finds or installs the plug-in that suits this machine.
type Options struct {
	// Path of a plug-in file, used as it is and never verified. Empty: the environment variable GODCPO_PJRT_PLUGIN.
	Path string
	// Device is CPU or CUDA. Empty: the environment variable GODCPO_DEVICE, else CUDA where an NVIDIA GPU with a new
	// enough driver is present (and its plug-in can be had), else CPU.
	Device string
	// CacheDir is the root of godcpo's cache. Empty: the environment variable GODCPO_CACHE, else os.UserCacheDir()/godcpo.
	CacheDir string
	// Offline forbids any download. The environment variable GODCPO_OFFLINE does the same.
	Offline bool
	// Progress is where the progress of an installation is drawn. Nil: os.Stderr. io.Discard: nowhere.
	Progress io.Writer
}

// Plugin is a PJRT plug-in that lies on this machine, ready to be loaded.
type Plugin struct {
	Path    string // absolute path of the shared library
	Device  string // CPU or CUDA
	Version string // pinned version; empty for a file given by the user
	SHA256  string // of the shared library, lower-case hexadecimal; empty for a file given by the user (see Hash)
	Source  string // where it came from, for people: "flag", "GODCPO_PJRT_PLUGIN", or the way it was installed
}

// Find returns the plug-in to load, installing it when there is none; see the package comment for the order.
//
// A path given by the user that is no file is an error: no other plug-in is taken in its stead. When nothing is installed and
// every way to install fails, the error is an [*InstallError] that lists the ways and says what to put where. It returns
// early with ctx's error when ctx is done.
func Find(ctx context.Context, opt Options) (Plugin, error) {
	if p, ok, err := given(opt); ok || err != nil {
		return p, err
	}
	device := opt.Device
	if device == "" {
		device = os.Getenv(EnvDevice)
	}
	switch device {
	case CPU, CUDA:
		return findPinned(ctx, device, opt)
	case "":
		return findAuto(ctx, opt)
	default:
		return Plugin{}, fmt.Errorf("device %q: expected %q, %q or nothing (automatic)", device, CPU, CUDA)
	}
}

// given returns the plug-in that the caller or the environment names; ok tells that there is one.
func given(opt Options) (p Plugin, ok bool, err error) {
	path, source := opt.Path, "flag"
	if path == "" {
		path, source = os.Getenv(EnvPath), EnvPath
	}
	if path == "" {
		return Plugin{}, false, nil
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return Plugin{}, false, fmt.Errorf("PJRT plug-in given by %s: %w", source, err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return Plugin{}, false, fmt.Errorf("PJRT plug-in given by %s: %w: point it at a plug-in file (such as %s), or leave it out to have one installed",
			source, err, cpuLibraryName)
	}
	if !info.Mode().IsRegular() {
		return Plugin{}, false, fmt.Errorf("PJRT plug-in given by %s: %s is not a regular file: point it at the plug-in file itself (such as %s)",
			source, abs, cpuLibraryName)
	}
	device := opt.Device
	if device == "" {
		device = CPU
		if name := strings.ToLower(filepath.Base(abs)); strings.Contains(name, "cuda") || strings.Contains(name, "gpu") {
			device = CUDA
		}
	}
	return Plugin{Path: abs, Device: device, Source: source}, true, nil
}

// findAuto takes CUDA where the machine has a usable NVIDIA GPU, and falls back to the CPU, saying so, where its plug-in cannot
// be had.
func findAuto(ctx context.Context, opt Options) (Plugin, error) {
	gpu := DetectGPU(ctx)
	if !gpu.Present {
		return findPinned(ctx, CPU, opt)
	}
	p, err := findPinned(ctx, CUDA, opt)
	if err == nil || ctx.Err() != nil {
		return p, err
	}
	slog.Warn("an NVIDIA GPU is present but its PJRT plug-in cannot be had; the CPU is used (GODCPO_DEVICE=cuda makes this an error)",
		"driver", gpu.Driver, "reason", err)
	return findPinned(ctx, CPU, opt)
}

// findPinned returns the pinned plug-in of a device kind from the cache, or installs it.
func findPinned(ctx context.Context, device string, opt Options) (Plugin, error) {
	candidates, err := pinsFor(ctx, device)
	if err != nil {
		return Plugin{}, err
	}
	root, err := CacheRoot(opt.CacheDir)
	if err != nil {
		return Plugin{}, err
	}
	store := store{dir: filepath.Join(root, "pjrt")}
	var rejected []error
	for _, pin := range candidates {
		p, err := store.lookup(pin)
		if err == nil {
			return p, nil
		}
		if !errors.Is(err, errNotInstalled) {
			slog.Warn("the cached PJRT plug-in is not trusted", "reason", err)
			rejected = append(rejected, err)
		}
	}
	offline := opt.Offline
	if v := os.Getenv(EnvOffline); v != "" && v != "0" {
		offline = true
	}
	if offline {
		return Plugin{}, &InstallError{Device: device, Place: store.place(candidates[0]), SHA256: candidates[0].Library.SHA256,
			Failures: append(rejected, errors.New("installing was not tried: working offline"))}
	}
	in := installer{store: store, ways: defaultWays(), stall: stallTimeout, progress: newProgress(opt.Progress)}
	return in.install(ctx, device, candidates)
}

// CacheRoot returns the root of godcpo's cache folder: dir where it is not empty, else $GODCPO_CACHE, else "godcpo" in the
// user's cache folder. The folder need not exist.
func CacheRoot(dir string) (string, error) {
	if dir == "" {
		dir = os.Getenv(EnvCache)
	}
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("cache folder: %w: set %s to a folder that can be written", err, EnvCache)
		}
		dir = filepath.Join(user, "godcpo")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("cache folder %q: %w", dir, err)
	}
	return abs, nil
}
