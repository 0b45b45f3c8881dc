package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"
)

// Every side is a process of its own, so that its memory and processor time are its own too. It says hello when it has run its case once, and
// then runs as many steps as each line of its input asks for. peers/turns.py does the same for the peers.

// hello is a side's first line.
type hello struct {
	FirstS   float64           `json:"first_s"` // seconds of the first step, with whatever is compiled for it
	Versions map[string]string `json:"versions"`
	About    about             `json:"about"` // ours only
}

// about is what ours knows of a case and peers need not tell.
type about struct {
	Model  string `json:"model"` // the model used, where auto was asked for
	Device string `json:"device"`
	Tokens int    `json:"tokens"` // of a step
	// Operations and Bytes are what a step cannot do without: multiplications and additions of matrix products, and device memory read.
	Operations float64 `json:"operations"`
	Bytes      float64 `json:"bytes"`
	// PeakOperations and PeakBytes are the device's, a second; 0 where no data sheet is known.
	PeakOperations float64 `json:"peak_operations"`
	PeakBytes      float64 `json:"peak_bytes"`
}

// turn is the answer to a line that asks for steps.
type turn struct {
	Seconds      []float64 `json:"seconds"`
	CPUSeconds   []float64 `json:"cpu_seconds"` // user and system, of all threads
	Check        float64   `json:"check"`       // a result of the last step: all sides must get the same
	PeakBytes    int64     `json:"peak_bytes"`  // resident memory of the process so far
	ProgramBytes int64     `json:"program_bytes"`
	Others       float64   `json:"-"` // share of the processors' time that other processes took; not the side's to tell
}

// takeTurns is our side of the benchmark.
func takeTurns(ctx context.Context, s spec, in io.Reader, out io.Writer) error {
	w, err := newWork(ctx, s)
	if err != nil {
		return err
	}
	defer w.release()
	answers := json.NewEncoder(out)
	start := time.Now()
	if _, err := w.step(ctx); err != nil {
		return err
	}
	if err := answers.Encode(hello{FirstS: time.Since(start).Seconds(), Versions: ourVersions(w), About: w.about}); err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		steps, err := strconv.Atoi(lines.Text())
		if err != nil {
			return fmt.Errorf("asked for %q steps: %w", lines.Text(), err)
		}
		t, err := w.turn(ctx, steps)
		if err != nil {
			return err
		}
		if err := answers.Encode(t); err != nil {
			return err
		}
	}
	return lines.Err()
}

// turn runs and times a number of steps.
func (w *work) turn(ctx context.Context, steps int) (turn, error) {
	var t turn
	for range steps {
		before, err := processUsage()
		if err != nil {
			return t, err
		}
		start := time.Now()
		if t.Check, err = w.step(ctx); err != nil {
			return t, err
		}
		t.Seconds = append(t.Seconds, time.Since(start).Seconds())
		after, err := processUsage()
		if err != nil {
			return t, err
		}
		t.CPUSeconds = append(t.CPUSeconds, after.cpu-before.cpu)
		t.PeakBytes = after.peak
	}
	t.ProgramBytes = w.programBytes
	return t, nil
}
