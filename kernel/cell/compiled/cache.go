package compiled

import (
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"
)

const (
	maxCacheBytes = 1 << 30
	minCacheAge   = 24 * time.Hour // what is younger may belong to a running session
)

// touch keeps folders of built cells that are in use.
func touch(dirs ...string) {
	now := time.Now()
	for _, dir := range dirs {
		_ = os.Chtimes(dir, now, now) // at worst the cell is built again
	}
}

// pruned is set once a process has looked at the cache.
var pruned sync.Once

// prune removes the oldest built cells until the cache is small enough.
func prune(root string) {
	type entry struct {
		path string
		size int64
		at   time.Time
	}
	var entries []entry
	var total int64
	folders, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if err != nil {
		return
	}
	for _, path := range folders {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			continue
		}
		e := entry{path: path, at: info.ModTime()}
		for _, name := range []string{archiveName, pluginName} {
			if info, err := os.Stat(filepath.Join(path, name)); err == nil {
				e.size += info.Size()
			}
		}
		total += e.size
		entries = append(entries, e)
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].at.Before(entries[j].at) })
	for _, e := range entries {
		if total <= maxCacheBytes || time.Since(e.at) < minCacheAge {
			return
		}
		if os.RemoveAll(e.path) == nil {
			total -= e.size
		}
	}
}
