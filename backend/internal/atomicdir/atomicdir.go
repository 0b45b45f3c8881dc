// Package atomicdir replaces whole directories: a reader, or a process killed at any moment, finds the old directory or the new
// one, each complete.
//
// The new directory is written beside its place under a hidden name, flushed to the disk, and exchanged with the old one in a
// single step where the system has one (Linux; elsewhere there is a moment between two renames).
package atomicdir

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Replace makes dir the directory that write fills. When write fails, dir is as it was. Entries of the old directory for which
// owned is true are deleted with it; others, which a stranger put there, move to the new one. owned nil owns everything.
//
// Directories that a killed process left half-written beside dir are removed first. When the finished directory cannot be put in
// its place, because dir is a mount point for instance, the error says where it lies.
func Replace(dir string, write func(tmp string) error, owned func(name string) bool) error {
	place, err := resolve(dir)
	if err != nil {
		return err
	}
	if info, err := os.Stat(place); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is a file, expected a directory or nothing", place)
	}
	if here, err := os.Getwd(); err == nil && here == place {
		return fmt.Errorf("%s is the working directory, which cannot be replaced: name a directory below it", place)
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	clear(place, owned)
	tmp, lock, err := begin(place)
	if err != nil {
		return err
	}
	defer lock.release()
	if err = write(tmp); err == nil {
		err = SyncTree(tmp)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	old, err := swap(tmp, place)
	if err != nil {
		return fmt.Errorf("put %s in its place (what was written is complete and lies in %s): %w", place, keep(tmp, place), err)
	}
	if err := SyncDir(filepath.Dir(place)); err != nil || old == "" {
		return err
	}
	return discard(old, place, owned)
}

// keep gives a finished directory that has no place a name that nobody clears away, and returns it.
func keep(tmp, place string) string {
	kept := place + ".new-" + filepath.Base(tmp)[len(filepath.Base(place)+marker)+1:]
	if os.Rename(tmp, kept) != nil {
		return tmp
	}
	return kept
}

// Remove deletes a directory such that it is gone from its place at once, even when the deletion is broken off.
func Remove(dir string) error {
	place, err := resolve(dir)
	if err != nil {
		return err
	}
	hidden := hiddenName(place)
	if err := os.Rename(place, hidden); err != nil {
		return err
	}
	return os.RemoveAll(hidden)
}

// Hidden tells whether an entry's name is that of a directory being written or deleted.
func Hidden(name string) bool { return strings.HasPrefix(name, ".") && strings.Contains(name, marker) }

const marker = ".tmp-"

// resolve gives the real path of a directory, which need not exist.
func resolve(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return abs, nil
}

func hiddenName(place string) string {
	var salt [6]byte
	rand.Read(salt[:]) // never fails
	return filepath.Join(filepath.Dir(place), "."+filepath.Base(place)+marker+hex.EncodeToString(salt[:]))
}

// begin makes the hidden directory and locks it, so that others see that its writer lives. Between the two steps another
// process may take it for an abandoned one and delete it, hence the repetition.
func begin(place string) (string, *lock, error) {
	for {
		tmp := hiddenName(place)
		if err := os.Mkdir(tmp, 0o777); err != nil {
			return "", nil, err
		}
		l, held, err := tryLock(tmp)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return tmp, nil, nil // no locks on this file system: then nobody clears up here either
		}
		if !held {
			continue
		}
		if _, err := os.Stat(tmp); err == nil {
			return tmp, l, nil
		}
		l.release()
	}
}

// Sweep removes what dead processes left half-written or half-deleted in a folder of directories that Replace and Remove manage.
func Sweep(folder string) { sweep(folder, ".", folder, nil) }

// clear removes what dead processes left beside place; a stranger's entries that were on their way move on.
func clear(place string, owned func(name string) bool) {
	sweep(filepath.Dir(place), "."+filepath.Base(place)+marker, place, owned)
}

// sweep removes the hidden directories of a folder whose names begin with prefix and which no living process holds. What cannot
// be removed is left: it is in nobody's way.
func sweep(folder, prefix, place string, owned func(name string) bool) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !Hidden(e.Name()) || !strings.HasPrefix(e.Name(), prefix) || !e.IsDir() {
			continue
		}
		path := filepath.Join(folder, e.Name())
		if l, held, err := tryLock(path); err == nil && held {
			_ = discard(path, place, owned)
			l.release()
		}
	}
}

// swap puts tmp in the place of a directory that may exist, and returns where the old one lies now; "" when there was none.
func swap(tmp, place string) (old string, err error) {
	if _, err := os.Lstat(place); errors.Is(err, fs.ErrNotExist) {
		return "", os.Rename(tmp, place)
	}
	err = exchange(tmp, place)
	if err == nil {
		return tmp, nil
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		return "", err
	}
	old = hiddenName(place)
	if err := os.Rename(place, old); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, place); err != nil {
		return "", errors.Join(err, os.Rename(old, place))
	}
	return old, nil
}

// discard moves what strangers put into the old directory to the new one and deletes the rest.
func discard(old, place string, owned func(name string) bool) error {
	entries, err := os.ReadDir(old)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if owned == nil || owned(e.Name()) {
			continue
		}
		target := filepath.Join(place, e.Name())
		if _, err := os.Lstat(target); err == nil {
			continue // the new directory has one of its own
		}
		if err := os.Rename(filepath.Join(old, e.Name()), target); err != nil {
			return fmt.Errorf("keep %s: %w", e.Name(), err)
		}
	}
	return os.RemoveAll(old)
}
