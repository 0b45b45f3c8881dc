package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// jsonlPending is how many lines may be read beyond the first one whose answer is not written yet, so that an input of any size
	// takes little memory.
	jsonlPending = 1024
	// jsonlBatchBytes ends a batch whose lines are long.
	jsonlBatchBytes = 16 << 20
	// jsonlLull is how long a batch that is not full waits for another line: a program that writes one line and waits for its answer gets it.
	jsonlLull = 20 * time.Millisecond
)

// jsonl answers JSON Lines: one object a line in, one object a line out, in the same order.
type jsonl struct {
	in       io.Reader
	out      io.Writer
	batch    int // lines handled together at most
	progress *progress
}

// run reads lines and hands them on in batches; handle sees to it that each record is finished, at once or later. Lines that are no JSON
// objects are answered here. Answers are written as soon as those before them are.
//
// Once all is answered, an error tells how many lines have one.
func (s jsonl) run(ctx context.Context, handle func(ctx context.Context, batch []*record)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := make(chan *record)
	read := make(chan error, 1)
	go func() {
		read <- readRecords(ctx, s.in, lines)
		close(lines)
	}()
	order := make(chan *record, max(s.batch, jsonlPending))
	written := make(chan error, 1)
	go func() {
		written <- s.write(ctx, order)
		cancel()
	}()
	for ctx.Err() == nil {
		batch := gather(ctx, lines, s.batch)
		if len(batch) == 0 {
			break
		}
		open := make([]*record, 0, len(batch))
		for _, r := range batch {
			select {
			case order <- r:
			case <-ctx.Done():
			}
			if r.err == nil {
				open = append(open, r)
			}
		}
		if len(open) > 0 && ctx.Err() == nil {
			handle(ctx, open)
		}
	}
	close(order)
	err := <-written
	select {
	case readErr := <-read: // a reader that still waits for its input is left alone
		err = errors.Join(readErr, err)
	default:
	}
	return err
}

// gather waits for a line and takes what follows without a lull, up to limit lines; none at the end of the input.
func gather(ctx context.Context, lines <-chan *record, limit int) (batch []*record) {
	var lull <-chan time.Time
	for size := 0; len(batch) < limit && size < jsonlBatchBytes; {
		select {
		case r, ok := <-lines:
			if !ok {
				return batch
			}
			batch, size = append(batch, r), size+r.size
			lull = time.After(jsonlLull)
		case <-lull:
			return batch
		case <-ctx.Done():
			return nil
		}
	}
	return batch
}

// write prints the records' answers in order.
func (s jsonl) write(ctx context.Context, order <-chan *record) error {
	w := bufio.NewWriter(s.out)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	var failed, all int
	var first error
	for r := range order {
		select {
		case <-r.done:
		default: // what is there should not wait
			if err := w.Flush(); err != nil {
				return fmt.Errorf("write the answers: %w", err)
			}
			select {
			case <-r.done:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := ctx.Err(); err != nil {
			return errors.Join(err, w.Flush())
		}
		all++
		answer := r.answer
		if r.err != nil {
			r.err = fmt.Errorf("line %d: %w", r.number, r.err)
			if failed++; first == nil {
				first = r.err
			}
			answer = failedLine{r.id, r.err.Error()}
		}
		if err := encoder.Encode(answer); err != nil {
			return fmt.Errorf("write the answer to line %d: %w", r.number, err)
		}
		s.progress.line()
		if len(order) == 0 {
			if err := w.Flush(); err != nil {
				return fmt.Errorf("write the answers: %w", err)
			}
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the answers: %w", err)
	}
	s.progress.end()
	if failed > 0 {
		return &exitError{exitFailed, fmt.Errorf("%d of %d lines could not be answered; the first: %w", failed, all, first)}
	}
	return ctx.Err()
}

// failedLine is the answer to a line that has none.
type failedLine struct {
	ID    json.RawMessage `json:"id"`
	Error string          `json:"error"`
}

// readRecords sends what in holds, a record a line; empty lines are passed over. Lines may be of any length.
func readRecords(ctx context.Context, in io.Reader, to chan<- *record) error {
	r := bufio.NewReaderSize(in, 1<<16)
	for number := 1; ; number++ {
		line, err := r.ReadBytes('\n')
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			select {
			case to <- newRecord(number, text):
			case <-ctx.Done():
				return nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read line %d: %w", number, err)
		}
	}
}
