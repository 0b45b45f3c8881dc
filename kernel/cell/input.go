package cell

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/dcpo-go/godcpo/kernel/cell/capture"
	"github.com/dcpo-go/godcpo/kernel/cell/magic"
)

// input is the standard input of cells. It is what the process has, usually
// nothing, except while a cell runs that asks the user for lines.
type input struct {
	mu      sync.Mutex
	write   *os.File // of the pipe that cells read; nil for none
	read    *os.File
	restore func() error
}

// enter prepares the input for a cell: a pipe if the cell asks for lines. leave
// ends it: what still reads gets the end of the file.
func (in *input) enter(ctx context.Context, h host, script *magic.Script, code string) (leave func()) {
	asks := script.Inputs || strings.Contains(code, "RequestInput")
	if !asks {
		return in.leave
	}
	if err := in.open(); err != nil {
		h.router.Stream(capture.Stderr, fmt.Sprintf("the cell cannot read what you type: %v\n", err))
		return in.leave
	}
	if !script.Inputs {
		return in.leave
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		if err := magic.AskLines(ctx, h, script.Password, in); err != nil && ctx.Err() == nil {
			h.router.Stream(capture.Stderr, err.Error()+"\n")
		}
	}()
	return func() {
		cancel()
		in.leave()
	}
}

func (in *input) leave() { _ = in.Close() } // a pipe has nothing to lose

func (in *input) open() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.write != nil {
		return nil
	}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	restore, err := capture.Input(read)
	if err != nil {
		_, _ = read.Close(), write.Close()
		return err
	}
	in.read, in.write, in.restore = read, write, restore
	return nil
}

// Write hands lines to the cell.
func (in *input) Write(p []byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.write == nil {
		return 0, os.ErrClosed
	}
	return in.write.Write(p)
}

// Close ends the input: the process has its own again.
func (in *input) Close() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.write == nil {
		return nil
	}
	err := errors.Join(in.write.Close(), in.restore(), in.read.Close())
	in.write = nil
	return err
}
