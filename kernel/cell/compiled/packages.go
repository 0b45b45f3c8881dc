package compiled

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"
)

// packages knows the compiled form of every package that cells have imported,
// and of those they import, as the go command builds them for plug-ins.
type packages struct {
	tools *toolchain
	store string // file in which the list outlives the process
	note  func(text string)

	// addonOf returns the module that a session added and that a package is of.
	addonOf func(importPath string) *addon

	mu    sync.Mutex
	known packageList
}

type packageList struct {
	Roots []string          // packages whose dependencies are all in Files
	Files map[string]string // import path → compiled package
}

// basePackages are part of every plug-in.
var basePackages = []string{runPath, "runtime", "runtime/cgo"}

func openPackages(t *toolchain, dir string) *packages {
	p := &packages{tools: t, store: filepath.Join(dir, "packages.json"), addonOf: func(string) *addon { return nil }}
	if text, err := os.ReadFile(p.store); err != nil || json.Unmarshal(text, &p.known) != nil {
		p.known = packageList{}
	}
	for _, file := range p.known.Files {
		if _, err := os.Stat(file); err != nil {
			p.known = packageList{} // the go command's cache has been cleaned
			break
		}
	}
	if p.known.Files == nil {
		p.known.Files = map[string]string{}
	}
	return p
}

// need makes sure that the packages at the given paths, and all they import,
// are known; those that are not yet built are. It returns where they are.
func (p *packages) need(ctx context.Context, paths map[string]bool) (map[string]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	have := map[string]bool{}
	for _, root := range p.known.Roots {
		if a := p.addonOf(root); a == nil || a.dir == "" { // the user's own source may have changed
			have[root] = true
		}
	}
	var missing []string
	for _, path := range append(sortedKeys(paths), basePackages...) {
		if !have[path] {
			have[path] = true
			missing = append(missing, path)
		}
	}
	if len(missing) == 0 {
		return p.known.Files, nil
	}
	fresh, err := p.list(ctx, missing)
	if err != nil {
		return nil, err
	}
	if err := compare(fresh); err != nil {
		return nil, err
	}
	for path, file := range fresh {
		if err := loaded.check(path, file); err != nil {
			return nil, err
		}
		p.known.Files[path] = file
	}
	p.known.Roots = append(p.known.Roots, missing...)
	p.save()
	return p.known.Files, nil
}

// foreign returns, in order, what says which build of the packages of added modules among paths is meant: cells that import another one are other cells.
func (p *packages) foreign(ctx context.Context, paths map[string]bool) ([]string, error) {
	var out []string
	for _, path := range sortedKeys(paths) {
		if p.addonOf(path) == nil {
			continue
		}
		known, err := p.need(ctx, map[string]bool{path: true})
		if err != nil {
			return nil, err
		}
		for dep, file := range known { // of all that the session added: any of them may be what this one imports
			if p.addonOf(dep) == nil {
				continue
			}
			if err := loaded.take(dep, file); err != nil {
				return nil, err
			}
		}
		out = append(out, path+" "+known[path])
	}
	return out, nil
}

// loaded are the packages of added modules that plug-ins of this process were built with: a package can be loaded once.
var loaded builds

type builds struct {
	mu    sync.Mutex
	files map[string]string // import path → compiled form
}

// check reports a package of which another build is loaded.
func (b *builds) check(path, file string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if old := b.files[path]; old != "" && old != file {
		return fmt.Errorf("the source of package %s has changed since a cell imported it, and a package cannot be loaded twice: restart the kernel", path)
	}
	return nil
}

// take notes that a build of a package is about to be loaded.
func (b *builds) take(path, file string) error {
	if err := b.check(path, file); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.files == nil {
		b.files = map[string]string{}
	}
	b.files[path] = file
	return nil
}

// list has the go command build packages and returns those it did not know.
func (p *packages) list(ctx context.Context, paths []string) (map[string]string, error) {
	args := append([]string{"list", "-mod=readonly", "-buildmode=plugin", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}}\t{{.Export}}{{end}}"}, p.tools.flags...)
	if p.tools.modfile != "" {
		args = append(args, "-modfile="+p.tools.modfile)
	}
	const patience = 2 * time.Second
	slow := time.AfterFunc(patience, func() {
		if p.note != nil {
			p.note("building the packages that compiled cells import: this takes a while, once for this program")
		}
	})
	defer slow.Stop()
	out, err := p.tools.run(ctx, p.tools.dir, p.tools.goCommand, append(append(args, "--"), paths...)...)
	if err != nil {
		return nil, fmt.Errorf("build the packages that the cell imports: %w", err)
	}
	fresh := map[string]string{}
	for line := range strings.Lines(out) {
		if path, file, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && p.known.Files[path] != file {
			fresh[path] = file
		}
	}
	return fresh, nil
}

// compare reports packages that are not those this program was built from.
func compare(files map[string]string) error {
	host, err := hostFingerprints()
	if err != nil || host == nil {
		return err
	}
	var differ []string
	for path, file := range files {
		want, ok := host[path]
		if !ok {
			continue // not in this program
		}
		if got, err := archiveFingerprint(file); err != nil {
			return fmt.Errorf("read the compiled package %s: %w", path, err)
		} else if got != want {
			differ = append(differ, path)
		}
	}
	if len(differ) == 0 {
		return nil
	}
	sort.Strings(differ)
	const most = 3
	more := ""
	if n := len(differ) - most; n > 0 {
		differ, more = differ[:most], fmt.Sprintf(" and %d more", n)
	}
	return fmt.Errorf("the source of %s%s is not what this program was built from: build the program again and restart it", strings.Join(differ, ", "), more)
}

// save keeps the list for the next process; failing to is no error.
func (p *packages) save() {
	lasting := packageList{Files: map[string]string{}}
	for _, root := range p.known.Roots {
		if p.addonOf(root) == nil {
			lasting.Roots = append(lasting.Roots, root)
		}
	}
	for path, file := range p.known.Files {
		if p.addonOf(path) == nil {
			lasting.Files[path] = file
		}
	}
	text, err := json.Marshal(lasting)
	if err != nil {
		return
	}
	temp := fmt.Sprintf("%s.%d", p.store, os.Getpid())
	if os.WriteFile(temp, text, 0o644) == nil && os.Rename(temp, p.store) != nil {
		_ = os.Remove(temp)
	}
}
