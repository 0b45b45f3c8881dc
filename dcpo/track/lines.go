package track

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// lineFile is a file of JSON objects, one a line, each with its "step", in the order of steps. A line is written by one call, so
// that a killed process leaves at most the last one torn; opening the file again takes that one back.
type lineFile struct {
	f    *os.File
	end  int64 // of the last whole line
	last int64 // where the last line begins
	step int   // of the last line; Fresh where there is none
}

// openLines opens or makes the file and takes back the lines of steps after the given one. Each line that stays is shown to keep,
// without its end; keep may be nil. A line that cannot be read and has readable ones behind it is an error: it was not torn by a kill.
func openLines(path string, after int, keep func(line []byte)) (*lineFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	l := &lineFile{f: f, step: Fresh}
	if err = l.load(after, keep); err == nil {
		err = l.cut()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return l, nil
}

// load finds the end of what stays.
func (l *lineFile) load(after int, keep func([]byte)) error {
	r := bufio.NewReader(l.f)
	torn := 0 // number of the first line that cannot be read
	for number, at := 1, int64(0); ; number++ {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil {
			return nil // what lies behind the last line end was torn
		}
		step, ok := stepOf(line)
		switch {
		case !ok && torn == 0:
			torn = number
		case ok && torn > 0:
			return fmt.Errorf("line %d is not a JSON object with a step: repair it, or move the file away to begin another", torn)
		case ok && step > after:
			return nil
		case ok:
			l.last, l.end, l.step = at, at+int64(len(line)), step
			if keep != nil {
				keep(bytes.TrimSuffix(line, []byte("\n")))
			}
		}
		at += int64(len(line))
	}
}

// stepOf reads the step of a line.
func stepOf(line []byte) (int, bool) {
	var head struct {
		Step *int `json:"step"`
	}
	if err := json.Unmarshal(line, &head); err != nil || head.Step == nil || *head.Step < 0 {
		return 0, false
	}
	return *head.Step, true
}

// cut ends the file behind the last whole line. A file system shortens a file at once or not at all.
func (l *lineFile) cut() error {
	info, err := l.f.Stat()
	if err != nil || info.Size() == l.end {
		return err
	}
	if err := l.f.Truncate(l.end); err != nil {
		return err
	}
	return l.f.Sync()
}

// append adds a line, given without its end.
func (l *lineFile) append(step int, line []byte) error { return l.write(l.end, step, line) }

// replace puts a line in the place of the last one.
func (l *lineFile) replace(line []byte) error { return l.write(l.last, l.step, line) }

func (l *lineFile) write(at int64, step int, line []byte) error {
	if step < 0 || step < l.step {
		return fmt.Errorf("%s: step %d after step %d: steps must not go back", l.f.Name(), step, l.step)
	}
	line = append(line[:len(line):len(line)], '\n')
	if _, err := l.f.WriteAt(line, at); err != nil {
		l.end, l.last = at, at // what was written of it is torn
		return errors.Join(err, l.cut())
	}
	l.last, l.end, l.step = at, at+int64(len(line)), step
	return l.cut() // a replaced line may have been longer
}

func (l *lineFile) sync() error { return l.f.Sync() }

func (l *lineFile) close() error { return errors.Join(l.f.Sync(), l.f.Close()) }
