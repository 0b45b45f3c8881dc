// Package capture takes over the standard output and error of the whole
// process, C and C++ libraries included, and hands what is written to a
// function. A flush barrier tells when everything written so far has arrived,
// without waiting for a time to pass.
package capture

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"unicode/utf8"
)

// Names of the two streams, as Jupyter has them.
const (
	Stdout = "stdout"
	Stderr = "stderr"
)

// A Capture is in force from [Start] to Close. There is at most one in a
// process.
type Capture struct {
	// Out and Err are the streams the process had before; a host writes there
	// what must not be captured. Close closes them.
	Out, Err *os.File

	streams []*stream
	flush   sync.Mutex
}

var active struct {
	mu      sync.Mutex
	capture *Capture
}

// Start redirects both streams. sink gets the name of the stream and text that
// never ends within a UTF-8 sequence; it is called by one goroutine a stream
// and may block. Reports of crashes of the Go runtime still go to the former
// standard error.
func Start(sink func(name, text string)) (*Capture, error) {
	active.mu.Lock()
	defer active.mu.Unlock()
	if active.capture != nil {
		return nil, errors.New("standard output is captured already: close the other session first")
	}
	c := &Capture{}
	for _, target := range []struct {
		name string
		file **os.File
		orig **os.File
	}{{Stdout, &os.Stdout, &c.Out}, {Stderr, &os.Stderr, &c.Err}} {
		r, err := redirect(target.file)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("capture %s: %w", target.name, err), c.restore())
		}
		*target.orig = r.original
		s := &stream{name: target.name, redirection: r, sink: sink, ended: make(chan struct{}), mark: make(chan struct{})}
		s.sentinel = []byte("\x00flush-" + rand.Text() + "\x00")
		c.streams = append(c.streams, s)
		go s.read()
	}
	if err := debug.SetCrashOutput(c.Err, debug.CrashOptions{}); err != nil {
		return nil, errors.Join(fmt.Errorf("keep crash reports on the terminal: %w", err), c.restore())
	}
	active.capture = c
	return c, nil
}

// Flush returns when everything that was written to both streams before the
// call has been handed to the sink.
func (c *Capture) Flush() error {
	c.flush.Lock()
	defer c.flush.Unlock()
	var failed error
	for _, s := range c.streams {
		if err := s.barrier(); err != nil {
			failed = errors.Join(failed, fmt.Errorf("flush %s: %w", s.name, err))
		}
	}
	return failed
}

// Close hands over what is left and gives the process its streams back.
func (c *Capture) Close() error {
	active.mu.Lock()
	defer active.mu.Unlock()
	if active.capture != c {
		return nil
	}
	active.capture = nil
	err := c.Flush()
	return errors.Join(err, debug.SetCrashOutput(nil, debug.CrashOptions{}), c.restore())
}

func (c *Capture) restore() error {
	var failed error
	for _, s := range c.streams {
		failed = errors.Join(failed, s.redirection.undo())
		<-s.ended
	}
	c.streams = nil
	return failed
}

// stream is one redirected file. read consumes the pipe until all its write
// ends are closed; it unblocks barrier each time it meets the sentinel.
type stream struct {
	name        string
	redirection *redirection
	sink        func(name, text string)
	sentinel    []byte
	mark        chan struct{} // one value for each sentinel met
	ended       chan struct{} // closed when read returns
}

// barrier writes the sentinel behind everything written before and waits until
// the reader has met it.
func (s *stream) barrier() error {
	if _, err := s.redirection.write.Write(s.sentinel); err != nil {
		return err
	}
	select {
	case <-s.mark:
	case <-s.ended:
	}
	return nil
}

func (s *stream) read() {
	defer close(s.ended)
	buf := make([]byte, 32<<10)
	var held []byte
	for {
		n, err := s.redirection.read.Read(buf)
		held = append(held, buf[:n]...)
		for {
			at := bytes.Index(held, s.sentinel)
			if at < 0 {
				break
			}
			s.emit(held[:at])
			held = append([]byte(nil), held[at+len(s.sentinel):]...)
			s.mark <- struct{}{}
		}
		if err != nil {
			s.emit(held)
			return
		}
		ready := len(held) - unfinished(held, s.sentinel)
		s.emit(held[:ready])
		held = append(held[:0], held[ready:]...)
	}
}

func (s *stream) emit(text []byte) {
	if len(text) > 0 {
		s.sink(s.name, string(text))
	}
}

// unfinished counts the bytes at the end of data that may be the beginning of
// the sentinel or of a UTF-8 sequence, so that they wait for what follows.
func unfinished(data, sentinel []byte) int {
	for n := min(len(data), len(sentinel)-1); n > 0; n-- {
		if bytes.HasSuffix(data, sentinel[:n]) {
			return n
		}
	}
	for n := 1; n <= min(len(data), utf8.UTFMax-1); n++ {
		tail := data[len(data)-n:]
		if utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return n
			}
			break
		}
	}
	return 0
}
