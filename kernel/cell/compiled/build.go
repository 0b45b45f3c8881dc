package compiled

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
)

// selfMark stands for the path of a package in its own text, of which the path
// is made.
const selfMark = "cell/self"

// files of a built cell.
const (
	archiveName = "cell.a"
	pluginName  = "cell.so"
)

// pathOf names a package after all that its text says.
func pathOf(files []string, session int) string {
	sum := sha256.New()
	fmt.Fprintln(sum, session)
	for _, text := range files {
		fmt.Fprintln(sum, len(text), text)
	}
	return "cell/h" + hex.EncodeToString(sum.Sum(nil)[:12])
}

// build compiles and links a package unless that has been done before. It
// returns the folder of the result.
func (e *Engine) build(ctx context.Context, em *emission, path string, files []string) (string, error) {
	dir := filepath.Join(e.cache, filepath.Base(path))
	if _, err := os.Stat(filepath.Join(dir, pluginName)); err == nil {
		return dir, nil
	}
	known, err := e.packages.need(ctx, em.paths)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(e.cache, 0o755); err != nil {
		return "", fmt.Errorf("make the folder of built cells: %w", err)
	}
	work, err := os.MkdirTemp(e.cache, "build-")
	if err != nil {
		return "", fmt.Errorf("make a folder to build in: %w", err)
	}
	defer os.RemoveAll(work)
	if err := e.compile(ctx, em, path, files, work, known); err != nil {
		return "", err
	}
	if err := os.Rename(work, dir); err != nil && !exists(filepath.Join(dir, pluginName)) {
		return "", fmt.Errorf("keep the built cell: %w", err)
	}
	return dir, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (e *Engine) compile(ctx context.Context, em *emission, path string, files []string, work string, known map[string]string) error {
	var config strings.Builder
	for _, p := range sortedKeys(known) {
		fmt.Fprintf(&config, "packagefile %s=%s\n", p, known[p])
	}
	for _, h := range em.closure() {
		fmt.Fprintf(&config, "packagefile %s=%s\n", h.path, filepath.Join(h.dir, archiveName))
	}
	importConfig := filepath.Join(work, "importcfg")
	sources := map[string]string{importConfig: config.String()}
	var names []string
	for i, text := range files {
		name := filepath.Join(work, fmt.Sprintf("f%d.go", i))
		names = append(names, name)
		sources[name] = strings.ReplaceAll(text, selfMark, path)
	}
	for name, text := range sources {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write the cell's package: %w", err)
		}
	}
	archive := filepath.Join(work, archiveName)
	race := []string{}
	if e.tools.race {
		race = append(race, "-race")
	}
	args := append([]string{"-o", archive, "-p", path, "-complete", "-pack", "-dynlink", "-importcfg", importConfig, "-lang=go1.26", "-trimpath", work, "-dwarf=false"}, race...)
	if _, err := e.tools.run(ctx, work, e.tools.compile, append(args, names...)...); err != nil {
		return em.compileError(err)
	}
	args = append([]string{"-o", filepath.Join(work, pluginName), "-importcfg", importConfig, "-buildmode=plugin", "-pluginpath", path, "-s", "-w", "-extld", e.tools.cc}, race...)
	if _, err := e.tools.run(ctx, work, e.tools.link, append(args, archive)...); err != nil {
		return fmt.Errorf("link the cell: %w", err)
	}
	return nil
}

// closure lists the cells' packages that this one imports, directly or not.
func (em *emission) closure() []*home {
	seen := map[*home]bool{}
	var all []*home
	var add func(h *home)
	add = func(h *home) {
		if seen[h] {
			return
		}
		seen[h] = true
		all = append(all, h)
		for _, used := range h.uses {
			add(used)
		}
	}
	for h := range em.uses {
		add(h)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].path < all[j].path })
	return all
}

// complaint is a line of the compiler about a place in a cell.
var complaint = regexp.MustCompile(`(?m)^(?:.*/)?c(\d+)\.cell:(\d+):(?:(\d+):)? (.*)$`)

// compileError puts the compiler's complaints into the places of cells.
func (em *emission) compileError(err error) error {
	var tool *toolError
	if !errors.As(err, &tool) {
		return err
	}
	var problems front.Problems
	for _, m := range complaint.FindAllStringSubmatch(tool.complaint, -1) {
		index, _ := strconv.Atoi(m[1])
		line, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		if index < len(em.cells) {
			problems = append(problems, front.Problem{Cell: em.cells[index], Line: line, Column: max(column, 1), Message: readable(m[4])})
		}
	}
	if len(problems) == 0 {
		return fmt.Errorf("compile the cell: %w", err)
	}
	return problems
}

// generated are the names that only generated code has.
var generated = regexp.MustCompile(`\(X` + dot + `\{\}\)\.|X` + dot + `\{\}\.|c` + dot + `h[0-9a-f]+\.|X` + dot + `|\*?v` + dot + `|p` + dot + `\w+_`)

// readable takes the names of generated code out of a message.
func readable(message string) string { return generated.ReplaceAllString(message, "") }
