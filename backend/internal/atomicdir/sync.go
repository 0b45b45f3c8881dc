package atomicdir

import (
	"io/fs"
	"os"
	"path/filepath"
)

// SyncTree flushes every file and directory below root to the disk.
func SyncTree(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return SyncDir(path)
		case !d.Type().IsRegular():
			return nil
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		err = f.Sync()
		if closed := f.Close(); err == nil {
			err = closed
		}
		return err
	})
}

// SyncDir makes the creation, renaming and removal of a directory's entries durable. File systems that cannot flush a directory
// are left to their own devices.
func SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	_ = d.Sync()
	return d.Close()
}
