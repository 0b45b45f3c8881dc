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
	p := &packages{tools: t, store: filepath.Join(dir, "packages.json")}
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
		have[root] = true
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
		p.known.Files[path] = file
	}
	p.known.Roots = append(p.known.Roots, missing...)
	p.save()
	return p.known.Files, nil
}

// list has the go command build packages and returns those it did not know.
func (p *packages) list(ctx context.Context, paths []string) (map[string]string, error) {
	args := append([]string{"list", "-buildmode=plugin", "-export", "-deps", "-f", "{{if .Export}}{{.ImportPath}}\t{{.Export}}{{end}}"}, p.tools.flags...)
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
	text, err := json.Marshal(p.known)
	if err != nil {
		return
	}
	temp := fmt.Sprintf("%s.%d", p.store, os.Getpid())
	if os.WriteFile(temp, text, 0o644) == nil && os.Rename(temp, p.store) != nil {
		_ = os.Remove(temp)
	}
}
