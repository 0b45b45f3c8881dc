package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// store is the part of the cache that holds plug-ins, one folder per pin.
type store struct {
	dir string
}

// markerName is the file in a plug-in's folder that remembers what was verified.
const markerName = "verified.json"

// marker remembers that a folder's files were hashed, so that a start costs a few stat calls instead of seconds of hashing.
type marker struct {
	Source string       `json:"source"` // the way it was installed
	Files  []markedFile `json:"files"`
}

// markedFile is one verified file. A file whose size or time differs is hashed again before it is trusted.
type markedFile struct {
	Path    string `json:"path"`
	Size    int64  `json:"size"`
	ModTime int64  `json:"mtime_ns"`
	SHA256  string `json:"sha256"`
}

// folder is where a pin's files lie.
func (s store) folder(p pin) string { return filepath.Join(s.dir, p.ID) }

// place is the path of a pin's shared library.
func (s store) place(p pin) string {
	return filepath.Join(s.folder(p), filepath.FromSlash(p.Library.Path))
}

// lookup returns the pin's plug-in when it lies in the cache and is what was pinned. The error wraps errNotInstalled when there
// is nothing; any other error says why what is there is not trusted.
func (s store) lookup(p pin) (Plugin, error) {
	folder := s.folder(p)
	info, err := os.Stat(s.place(p))
	if errors.Is(err, fs.ErrNotExist) {
		return Plugin{}, errNotInstalled
	}
	if err != nil {
		return Plugin{}, fmt.Errorf("cached plug-in: %w", err)
	}
	if !info.Mode().IsRegular() {
		return Plugin{}, fmt.Errorf("cached plug-in %s is not a regular file", s.place(p))
	}
	m, err := readMarker(folder)
	if errors.Is(err, fs.ErrNotExist) {
		m, err = adopt(p)
	}
	if err != nil {
		return Plugin{}, err
	}
	changed, err := m.verify(folder, p.Library)
	if err != nil {
		return Plugin{}, err
	}
	if changed {
		// Best effort: without the marker the next start only hashes again, as on a read-only cache.
		_ = m.write(folder)
	}
	return Plugin{Path: s.place(p), Device: p.Device, Version: p.Version, SHA256: m.sum(p.Library.Path), Source: m.Source}, nil
}

// adopt makes the marker for a library that someone put into the cache by hand. It is trusted only by its pinned hash.
func adopt(p pin) (marker, error) {
	if p.Library.SHA256 == "" {
		return marker{}, errNotInstalled
	}
	return marker{Source: "put into the cache by hand", Files: []markedFile{{Path: p.Library.Path, Size: -1, SHA256: p.Library.SHA256}}}, nil
}

// verify checks every file of the marker below folder, and that the library among them is the pinned one. It hashes only the
// files whose size or time is not the recorded one, and tells whether that brought the marker up to date.
func (m *marker) verify(folder string, library file) (changed bool, err error) {
	if got := m.sum(library.Path); got == "" || (library.SHA256 != "" && got != library.SHA256) {
		return false, fmt.Errorf("%s: %s records sha256 %q for %s, pinned is %q", folder, markerName, got, library.Path, library.SHA256)
	}
	for i := range m.Files {
		f := &m.Files[i]
		path := filepath.Join(folder, filepath.FromSlash(f.Path))
		info, err := os.Stat(path)
		if err != nil {
			return false, fmt.Errorf("cached plug-in is incomplete: %w", err)
		}
		if info.Size() == f.Size && info.ModTime().UnixNano() == f.ModTime {
			continue
		}
		got, err := Hash(path)
		if err != nil {
			return false, err
		}
		if got != f.SHA256 {
			return false, fmt.Errorf("cached file %s is damaged: sha256 is %s, expected %s", path, got, f.SHA256)
		}
		f.Size, f.ModTime, changed = info.Size(), info.ModTime().UnixNano(), true
	}
	return changed, nil
}

// sum returns the recorded hash of a file, empty where the marker has none.
func (m *marker) sum(path string) string {
	for _, f := range m.Files {
		if f.Path == path {
			return f.SHA256
		}
	}
	return ""
}

// readMarker reads a folder's marker; the error wraps fs.ErrNotExist when there is none.
func readMarker(folder string) (marker, error) {
	var m marker
	path := filepath.Join(folder, markerName)
	text, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return m, nil
}

// write stores the marker by temporary file and rename.
func (m *marker) write(folder string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(folder, ".tmp-"+markerName+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails, as it should, once renamed
	if _, err := temp.Write(append(text, '\n')); err != nil {
		temp.Close()
		return err
	}
	if err := errors.Join(temp.Chmod(0o644), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), filepath.Join(folder, markerName))
}

// mark hashes nothing: it records the files just written and verified below folder, with the hashes their writer saw.
func mark(folder, source string, sums map[string]string) (marker, error) {
	m := marker{Source: source}
	for path, sum := range sums {
		info, err := os.Stat(filepath.Join(folder, filepath.FromSlash(path)))
		if err != nil {
			return m, err
		}
		m.Files = append(m.Files, markedFile{Path: path, Size: info.Size(), ModTime: info.ModTime().UnixNano(), SHA256: sum})
	}
	return m, m.write(folder)
}

// publish puts a finished folder in the place of a pin's folder. What was there before (a damaged plug-in) goes away only
// once the new one is complete.
func (s store) publish(p pin, finished string) error {
	folder := s.folder(p)
	old := filepath.Join(s.dir, fmt.Sprintf(".old-%s-%d", p.ID, time.Now().UnixNano()))
	if err := os.Rename(folder, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(finished, folder); err != nil {
		return err
	}
	_ = os.RemoveAll(old)
	syncFolder(s.dir)
	return nil
}

// sweep removes what killed installations of a pin left behind. Call it only with the pin's lock held.
func (s store) sweep(p pin) {
	entries, _ := os.ReadDir(s.dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".tmp-"+p.ID+"-") || strings.HasPrefix(e.Name(), ".old-"+p.ID+"-") {
			_ = os.RemoveAll(filepath.Join(s.dir, e.Name()))
		}
	}
}

// syncFolder makes a rename durable where the system lets a folder be synced; where it does not, the marker's hash catches a
// lost write.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}

// Hash returns the SHA-256 of a file in lower-case hexadecimal.
func Hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("hash %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
