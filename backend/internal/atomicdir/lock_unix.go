//go:build unix

package atomicdir

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock is held on a directory by the process that writes it, and gone with that process.
type lock struct{ dir *os.File }

// tryLock takes the lock of a directory unless another holds it.
func tryLock(path string) (*lock, bool, error) {
	d, err := os.Open(path)
	if err != nil {
		return nil, false, err
	}
	err = unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return &lock{d}, true, nil
	}
	d.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, false, nil
	}
	return nil, false, &os.PathError{Op: "lock", Path: path, Err: err}
}

func (l *lock) release() {
	if l != nil {
		l.dir.Close()
	}
}
