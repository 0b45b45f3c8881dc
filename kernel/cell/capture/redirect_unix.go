//go:build unix

package capture

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// redirection is a file descriptor of the process that now leads into a pipe.
type redirection struct {
	fd       int
	original *os.File // what the descriptor was
	read     *os.File
	write    *os.File // a write end of our own, good even if a cell closes the descriptor
}

// redirect points the descriptor itself to the pipe, so that C code and child
// processes are caught too. The write end blocks when the pipe is full: a
// non-blocking one would lose output.
func redirect(file **os.File) (*redirection, error) {
	r := &redirection{fd: int((*file).Fd())}
	saved, err := unix.FcntlInt(uintptr(r.fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("duplicate descriptor %d: %w", r.fd, err)
	}
	r.original = os.NewFile(uintptr(saved), (*file).Name())
	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		return nil, errors.Join(fmt.Errorf("make a pipe: %w", err), r.original.Close())
	}
	unix.CloseOnExec(ends[0])
	unix.CloseOnExec(ends[1])
	if err := unix.SetNonblock(ends[0], true); err != nil {
		return nil, errors.Join(err, unix.Close(ends[0]), unix.Close(ends[1]), r.original.Close())
	}
	r.read, r.write = os.NewFile(uintptr(ends[0]), "|0"), os.NewFile(uintptr(ends[1]), "|1")
	if err := replace(ends[1], r.fd); err != nil {
		return nil, errors.Join(err, r.read.Close(), r.write.Close(), r.original.Close())
	}
	return r, nil
}

// undo gives the descriptor back and closes all that redirect opened. Closing
// the read end ends the reader even if a child process still holds a write end.
func (r *redirection) undo() error {
	err := replace(int(r.original.Fd()), r.fd)
	return errors.Join(err, r.write.Close(), r.read.Close(), r.original.Close())
}

func replace(from, to int) error {
	if err := unix.Dup2(from, to); err != nil {
		return fmt.Errorf("redirect descriptor %d: %w", to, err)
	}
	return nil
}
