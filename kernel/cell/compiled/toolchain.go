package compiled

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// toolchain is the Go command and C compiler that build plug-ins for this
// process.
type toolchain struct {
	goCommand string
	compile   string // paths of the tools
	link      string
	cc        string
	dir       string // where the go command runs: it decides the versions of modules
	flags     []string
	modfile   string // go.mod with the modules that a session added; "" for the one in dir
	race      bool
	env       []string
	key       string // changes with this program and the toolchain
}

// findToolchain looks whether plug-ins can work here. The error says in one
// sentence what is missing.
func findToolchain(ctx context.Context) (*toolchain, error) {
	switch runtime.GOOS {
	case "linux", "darwin", "freebsd":
	default:
		return nil, fmt.Errorf("plug-ins do not exist on %s", runtime.GOOS)
	}
	if !cgo {
		return nil, errors.New("this program was built without cgo (CGO_ENABLED=0), which plug-ins need")
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil, errors.New("this program does not say what it was built from, as programs built without modules do")
	}
	t := &toolchain{}
	if err := t.settings(info); err != nil {
		return nil, err
	}
	if err := t.command(ctx); err != nil {
		return nil, err
	}
	host, err := hostID()
	if err != nil {
		return nil, err
	}
	if t.dir, err = moduleDir(info); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(host + "\n" + runtime.Version() + "\n" + strings.Join(t.flags, " ") + "\n" + t.dir))
	t.key = hex.EncodeToString(sum[:8])
	return t, nil
}

// settings takes over the flags this program was built with.
func (t *toolchain) settings(info *debug.BuildInfo) error {
	t.env = append(os.Environ(), "CGO_ENABLED=1")
	trimpath := "false"
	for _, s := range info.Settings {
		switch s.Key {
		case "-trimpath":
			trimpath = s.Value
		case "-tags":
			t.flags = append(t.flags, "-tags="+s.Value)
		case "-race":
			t.race = s.Value == "true"
			t.flags = append(t.flags, "-race="+s.Value)
		case "-gcflags", "-asmflags":
			t.flags = append(t.flags, s.Key+"="+s.Value)
		case "-cover", "-msan", "-asan":
			if s.Value == "true" {
				return fmt.Errorf("this program was built with %s, with which plug-ins do not work", s.Key)
			}
		case "CGO_ENABLED":
			if s.Value == "0" {
				return errors.New("this program was built with CGO_ENABLED=0, and plug-ins need cgo")
			}
		case "GOAMD64", "GOARM64", "GOEXPERIMENT":
			t.env = append(t.env, s.Key+"="+s.Value)
		}
	}
	t.flags = append(t.flags, "-trimpath="+trimpath, "-buildvcs=false")
	return nil
}

// command finds the Go command, which must be of this program's version, and the
// C compiler.
func (t *toolchain) command(ctx context.Context) error {
	var err error
	if t.goCommand, err = exec.LookPath("go"); err != nil {
		return fmt.Errorf("there is no go command here: install %s", runtime.Version())
	}
	// The version must be this program's; the go command fetches it if it may.
	version, _, _ := strings.Cut(runtime.Version(), " ")
	t.env = append(t.env, "GOTOOLCHAIN="+version)
	out, err := t.run(ctx, "", t.goCommand, "env", "GOVERSION", "GOTOOLDIR", "CC")
	if err != nil {
		return fmt.Errorf("this program was built with %s, which the go command here does not have (%w)", version, err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 3 || lines[0] != runtime.Version() {
		return fmt.Errorf("this program was built with %s, the go command here is %s", runtime.Version(), lines[0])
	}
	t.compile, t.link = filepath.Join(lines[1], "compile"), filepath.Join(lines[1], "link")
	t.cc = lines[2]
	if _, err := exec.LookPath(strings.Fields(t.cc + " ")[0]); err != nil {
		return fmt.Errorf("there is no C compiler (%s) here, with which plug-ins are linked", t.cc)
	}
	return nil
}

// run runs a tool and returns its output; the error holds what it complained
// about.
func (t *toolchain) run(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, t.env
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return string(out), &toolError{filepath.Base(name), strings.TrimSpace(string(out) + complaint.String()), err} // the compiler complains on its output
	}
	return string(out), nil
}

// toolError is the failure of a tool.
type toolError struct {
	tool, complaint string
	err             error
}

func (e *toolError) Error() string {
	if e.complaint == "" {
		return e.tool + ": " + e.err.Error()
	}
	return e.tool + ": " + e.complaint
}

func (e *toolError) Unwrap() error { return e.err }

// modulePath is the module that this package is part of.
const modulePath = "github.com/dcpo-go/godcpo"

// moduleDir returns a folder in which the go command sees the modules that this
// program was built from: the source tree, or a module made for the purpose.
func moduleDir(info *debug.BuildInfo) (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", errors.New("this program does not tell where its source is")
	}
	root := file
	for range strings.Split("kernel/cell/compiled/toolchain.go", "/") {
		root = filepath.Dir(root)
	}
	if strings.Contains(filepath.ToSlash(root), "@v") {
		return versionedModule(info)
	}
	if filepath.IsAbs(root) {
		if isModule(root) {
			return root, nil
		}
		return "", fmt.Errorf("the source that this program was built from is not at %s any more", root)
	}
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if isModule(dir) {
			return dir, nil
		}
	}
	return "", errors.New("this program was built with -trimpath, so it does not know where its source is: start it in the source folder")
}

func isModule(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(first) == "module "+modulePath
}

// versionedModule makes a module that requires what this program was built from
// at the same versions.
func versionedModule(info *debug.BuildInfo) (string, error) {
	var mod, sum strings.Builder
	fmt.Fprintf(&mod, "module cells\n\ngo %s\n\n", strings.TrimPrefix(info.GoVersion, "go"))
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Version == "" || m.Version == "(devel)" {
			return "", fmt.Errorf("the version of module %s is not known, so its packages cannot be built again", m.Path)
		}
		fmt.Fprintf(&mod, "require %s %s\n", m.Path, m.Version)
		if r := m.Replace; r != nil {
			fmt.Fprintf(&mod, "replace %s => %s %s\n", m.Path, r.Path, r.Version)
			m = r
		}
		if m.Sum != "" {
			fmt.Fprintf(&sum, "%s %s %s\n", m.Path, m.Version, m.Sum)
		}
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256([]byte(mod.String()))
	dir := filepath.Join(cache, "modules", hex.EncodeToString(hash[:8]))
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the module of cells: %w", err)
	}
	for name, text := range map[string]string{"go.sum": sum.String(), "go.mod": mod.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return "", fmt.Errorf("make the module of cells: %w", err)
		}
	}
	return dir, nil
}

// cacheDir is where what was built is kept between processes.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("there is no folder for built cells: %w", err)
	}
	return filepath.Join(dir, "godcpo", "cells"), nil
}
