package compiled

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// Cells can import packages of other modules than this program's own. The go command then reads a copy of this program's go.mod to which they are added,
// kept in a folder of the session; everything that the program itself is made of must stay at its version, or the plug-ins would not fit.

// modules is what a session has added.
type modules struct {
	dir   string  // of the copies of go.mod and go.sum; "" before there are any
	added []addon // each with its packages
}

// addon is a module that a session added.
type addon struct {
	path string // of the module
	dir  string // of the user's own module, whose source may change; "" for one that was fetched
}

// has tells whether a package is of the module.
func (a addon) has(importPath string) bool {
	return importPath == a.path || strings.HasPrefix(importPath, a.path+"/")
}

// addonOf returns the added module that a package is of, nil for one of this program's or of the standard library.
func (m *modules) addonOf(importPath string) *addon {
	var best *addon
	for i := range m.added {
		if a := &m.added[i]; a.has(importPath) && (best == nil || len(a.path) > len(best.path)) {
			best = a
		}
	}
	return best
}

// file is the go.mod with what was added; "" where nothing was.
func (m *modules) file() string {
	if m.dir == "" {
		return ""
	}
	return filepath.Join(m.dir, "go.mod")
}

// Get adds modules, written as the go command takes them: path@version, or path for the latest.
func (e *Engine) Get(ctx context.Context, queries ...string) error {
	if len(queries) == 0 {
		return errors.New("%get: name a package or module, such as golang.org/x/exp@latest")
	}
	return e.change(ctx, func(*modfile.File) ([]addon, error) {
		args := append([]string{"get", "-modfile=" + e.modules.file(), "--"}, queries...)
		_, err := e.tools.run(ctx, e.tools.dir, e.tools.goCommand, args...)
		return nil, err
	})
}

// Use adds the module in a folder, whose packages cells can then import. Its replace directives hold. Other modules that it needs are added with it.
func (e *Engine) Use(ctx context.Context, dir string) (modulePath string, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("use %s: it is not the folder of a module: %w", dir, err)
	}
	own, err := modfile.Parse(filepath.Join(dir, "go.mod"), text, nil)
	if err != nil || own.Module == nil {
		return "", fmt.Errorf("use %s: its go.mod cannot be read: %w", dir, errors.Join(err, errors.New("want a module line")))
	}
	path := own.Module.Mod.Path
	for _, a := range e.modules.added {
		if a.path == path && a.dir == dir {
			return path, nil
		}
	}
	return path, e.change(ctx, func(f *modfile.File) ([]addon, error) {
		if err := e.addOwn(f, own, dir); err != nil {
			return nil, err
		}
		_, err := e.tools.run(ctx, e.tools.dir, e.tools.goCommand, "list", "-mod=mod", "-modfile="+e.modules.file(), "-deps", "--", path+"/...")
		return []addon{{path, dir}}, err
	})
}

// addOwn writes the user's module into the session's go.mod, with its own replacements and checksums.
func (e *Engine) addOwn(f, own *modfile.File, dir string) error {
	path := own.Module.Mod.Path
	if path == modulePath {
		return fmt.Errorf("use %s: it is the module of this program: its packages can be imported as they are", dir)
	}
	const noVersion = "v0.0.0-00010101000000-000000000000"
	err := errors.Join(f.AddRequire(path, noVersion), f.AddReplace(path, "", dir, ""))
	for _, r := range own.Replace {
		to := r.New.Path
		if modfile.IsDirectoryPath(to) && !filepath.IsAbs(to) {
			to = filepath.Join(dir, to)
		}
		err = errors.Join(err, f.AddReplace(r.Old.Path, r.Old.Version, to, r.New.Version))
	}
	if err != nil {
		return err
	}
	f.Cleanup()
	text, err := f.Format()
	if err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(dir, "go.sum"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	known, err := os.ReadFile(filepath.Join(e.modules.dir, "go.sum"))
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(e.modules.file(), text, 0o644), os.WriteFile(filepath.Join(e.modules.dir, "go.sum"), append(known, sums...), 0o644))
}

// change adds modules, and takes everything back where that fails or would change what this program is made of.
func (e *Engine) change(ctx context.Context, add func(f *modfile.File) ([]addon, error)) error {
	if err := e.Ready(ctx); err != nil {
		return err
	}
	if err := e.ownModFile(); err != nil {
		return err
	}
	before, sums, err := e.readModFile()
	if err != nil {
		return err
	}
	was, err := modfile.Parse("go.mod", before, nil)
	if err != nil {
		return fmt.Errorf("read this program's go.mod: %w", err)
	}
	added, err := add(was)
	var after []byte
	if err == nil {
		after, _, err = e.readModFile()
	}
	var more []addon
	if err == nil {
		more, err = gained(before, after)
	}
	if err != nil {
		return errors.Join(err, os.WriteFile(e.modules.file(), before, 0o644), os.WriteFile(filepath.Join(e.modules.dir, "go.sum"), sums, 0o644))
	}
	for _, a := range append(added, more...) {
		if e.modules.addonOf(a.path) == nil || a.dir != "" {
			e.modules.added = append(e.modules.added, a)
		}
	}
	e.tools.modfile = e.modules.file()
	return nil
}

// ownModFile copies the go.mod and go.sum that this program's packages are built with, if that has not been done.
func (e *Engine) ownModFile() error {
	if e.modules.dir != "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "godcpo-modules-")
	if err != nil {
		return fmt.Errorf("make a folder for the session's modules: %w", err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(e.tools.dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o644)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("copy %s: %w", name, err), os.RemoveAll(dir))
		}
	}
	e.modules.dir = dir
	return nil
}

func (e *Engine) readModFile() (mod, sum []byte, err error) {
	if mod, err = os.ReadFile(e.modules.file()); err == nil {
		sum, err = os.ReadFile(filepath.Join(e.modules.dir, "go.sum"))
	}
	return mod, sum, err
}

// gained lists the modules that the second go.mod requires and the first does not. That one of this program's modules has another version in it, or is
// replaced, is an error.
func gained(before, after []byte) ([]addon, error) {
	was, err := modfile.Parse("go.mod", before, nil)
	if err != nil {
		return nil, err
	}
	is, err := modfile.Parse("go.mod", after, nil)
	if err != nil {
		return nil, err
	}
	fixed, versions := map[string]bool{modulePath: true}, map[string]string{}
	info, ok := debug.ReadBuildInfo()
	for _, r := range was.Require {
		versions[r.Mod.Path] = r.Mod.Version
		fixed[r.Mod.Path] = !ok || len(info.Deps) == 0 // a program that does not tell what it is made of may be made of any
	}
	if ok {
		for _, m := range info.Deps {
			fixed[m.Path] = true
		}
	}
	var more []addon
	var conflicts []string
	for _, r := range is.Require {
		old, known := versions[r.Mod.Path]
		switch {
		case !known:
			more = append(more, addon{path: r.Mod.Path})
		case old != r.Mod.Version && fixed[r.Mod.Path]:
			conflicts = append(conflicts, fmt.Sprintf("%s: this program has %s, it wants %s", r.Mod.Path, old, r.Mod.Version))
		}
	}
	replaced := map[module.Version]bool{}
	for _, r := range was.Replace {
		replaced[r.Old] = true
	}
	for _, r := range is.Replace {
		if fixed[r.Old.Path] && !replaced[r.Old] {
			conflicts = append(conflicts, fmt.Sprintf("%s: this program has its own, it replaces it", r.Old.Path))
		}
	}
	if len(conflicts) > 0 {
		return nil, fmt.Errorf("the module does not fit this program, whose packages it would change (%s): use a version of it that goes with these, or build this program with the newer ones", strings.Join(conflicts, "; "))
	}
	return more, nil
}

// ModuleAt returns the folder at or above dir that holds a go.mod, and that module's path; "" where there is none.
func ModuleAt(dir string) (root, path string) {
	for ; ; dir = filepath.Dir(dir) {
		if text, err := os.ReadFile(filepath.Join(dir, "go.mod")); err == nil {
			return dir, modfile.ModulePath(text)
		}
		if dir == filepath.Dir(dir) {
			return "", ""
		}
	}
}

// Close removes the session's files.
func (e *Engine) Close() error {
	if e.modules.dir == "" {
		return nil
	}
	return os.RemoveAll(e.modules.dir)
}
