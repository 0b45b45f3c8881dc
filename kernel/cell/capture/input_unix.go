//go:build unix

package capture

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Input makes a file the standard input of the process until restore is called.
func Input(file *os.File) (restore func() error, err error) {
	saved, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 3)
	if errors.Is(err, unix.EBADF) { // there was none
		saved, err = unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		return nil, fmt.Errorf("keep the standard input: %w", err)
	}
	if err := replace(int(file.Fd()), 0); err != nil {
		return nil, errors.Join(err, unix.Close(saved))
	}
	return func() error { return errors.Join(replace(saved, 0), unix.Close(saved)) }, nil
}
