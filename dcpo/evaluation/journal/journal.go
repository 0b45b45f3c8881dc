package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Name is the file's name in its folder.
const Name = "journal.jsonl"

// syncEvery is how long a line may wait until it is safe from a failing machine. From a killed process it is safe at once.
const syncEvery = time.Second

// Journal is a journal open for writing. Its methods may be called by several goroutines.
type Journal struct {
	f        *os.File
	settings string // hash
	settled  map[Key]bool
	sets     map[string]Benchmark
	problems map[string]map[string][]byte // spelling by benchmark and id

	mu    sync.Mutex
	fault error // of a write: what stands at the end is then unknown
	dirty bool
	stop  chan struct{}
	done  chan struct{}
}

// Open opens the journal in a folder, or begins one. It takes back a torn last line. A journal of other settings is a *MismatchError
// that names each difference; so is one that another process writes, and a file that is no journal or is damaged before its end.
func Open(dir string, s Settings) (*Journal, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if _, err := json.Marshal(s); err != nil {
		return nil, fmt.Errorf("open journal: settings cannot be written down: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	path := filepath.Join(dir, Name)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j := &Journal{f: f, settings: s.hash(), settled: map[Key]bool{}, sets: map[string]Benchmark{}, problems: map[string]map[string][]byte{},
		stop: make(chan struct{}), done: make(chan struct{})}
	if err = lock(f); err == nil {
		err = j.load(s)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open journal %s: %w", path, err), f.Close())
	}
	go j.syncNowAndThen()
	return j, nil
}

// load reads what is there, cuts a torn end off, and writes the head of a new journal.
func (j *Journal) load(s Settings) error {
	var found *head
	end, err := scan(j.f, true, func(l *line, _ int64) error {
		switch {
		case l.Head != nil:
			found = l.Head
			if d := l.Head.Settings.differences(s); len(d) > 0 {
				return &MismatchError{d}
			}
		case l.Benchmark != nil:
			j.sets[l.Benchmark.Name] = *l.Benchmark
		case l.Problem != nil:
			j.remember(l.Problem)
		case l.Answer != nil:
			if l.Answer.Settled() {
				j.settled[l.Answer.Key] = true
			}
		}
		return nil
	})
	if err == nil && found == nil {
		err = mayBegin(j.f)
	}
	if err != nil {
		return err
	}
	if err := j.f.Truncate(end); err != nil {
		return err
	}
	if _, err := j.f.Seek(end, 0); err != nil {
		return err
	}
	if found != nil {
		return nil
	}
	if err := j.write(&line{Head: &head{version, s}}); err != nil {
		return err
	}
	return errors.Join(j.f.Sync(), syncDir(filepath.Dir(j.f.Name())))
}

// mayBegin refuses to write over a file that is no journal whose head was torn.
func mayBegin(f *os.File) error {
	const want = `{"head":`
	begin := make([]byte, len(want))
	n, err := f.ReadAt(begin, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if !strings.HasPrefix(want, string(begin[:n])) && strings.Trim(string(begin[:n]), "\x00") != "" {
		return errors.New("it is no journal: move it away, or use another folder")
	}
	return nil
}

// syncDir makes a new file's name safe.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = d.Sync() // not every system can
	return nil
}

func (j *Journal) remember(p *Problem) {
	if j.problems[p.Benchmark] == nil {
		j.problems[p.Benchmark] = map[string][]byte{}
	}
	j.problems[p.Benchmark][p.ID] = spelling(p)
}

// spelling is what two problems are compared by.
func spelling(p *Problem) []byte {
	raw, _ := json.Marshal(p) // strings and lists of them always have a form
	return raw
}

// MismatchError is a journal of other settings or problems.
type MismatchError struct{ Differences []string }

// Error names each difference.
func (e *MismatchError) Error() string {
	return "its answers are of other settings: " + strings.Join(e.Differences, "; ") + ". Use these, or another folder"
}

// Begin notes a start of the evaluation.
func (j *Journal) Begin(r Run) error { return j.write(&line{Run: &r}) }

// Declare notes a benchmark and those of its problems that are not noted yet. A problem that reads otherwise than the one in the
// journal is a *MismatchError: its answers would be graded by another question's answer.
func (j *Journal) Declare(b Benchmark, problems []Problem) error {
	for i := range problems {
		if old, ok := j.problems[b.Name][problems[i].ID]; ok && !bytes.Equal(old, spelling(&problems[i])) {
			return &MismatchError{[]string{fmt.Sprintf("problem %q of %s reads otherwise there", problems[i].ID, b.Name)}}
		}
	}
	if _, ok := j.sets[b.Name]; !ok {
		if err := j.write(&line{Benchmark: &b}); err != nil {
			return err
		}
		j.sets[b.Name] = b
	}
	for i := range problems {
		p := &problems[i]
		if _, ok := j.problems[b.Name][p.ID]; ok {
			continue
		}
		if err := j.write(&line{Problem: p}); err != nil {
			return err
		}
		j.remember(p)
	}
	return nil
}

// Settled tells whether the journal holds an answer, or a final refusal.
func (j *Journal) Settled(k Key) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.settled[k]
}

// Answered is the number of settled requests.
func (j *Journal) Answered() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.settled)
}

// Append adds an answer; its Settings and, where it has none, its time are filled in. One that is settled already is an error. When Append
// returns, the answer outlives the process.
func (j *Journal) Append(a Answer) error {
	if j.Settled(a.Key) {
		return fmt.Errorf("write journal: sample %d of problem %q of %s is in it already", a.Sample, a.Problem, a.Benchmark)
	}
	a.Settings = j.settings
	if a.At.IsZero() {
		a.At = time.Now().UTC().Truncate(time.Millisecond)
	}
	if err := j.write(&line{Answer: &a}); err != nil {
		return err
	}
	if a.Settled() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.settled[a.Key] = true
	}
	return nil
}

// write adds a line by one call.
func (j *Journal) write(l *line) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(l); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fault != nil {
		return j.fault
	}
	if _, err := j.f.Write(text.Bytes()); err != nil {
		j.fault = fmt.Errorf("write journal: %w", err)
		return j.fault
	}
	j.dirty = true
	return nil
}

// syncNowAndThen brings lines to the disk in batches, until Close.
func (j *Journal) syncNowAndThen() {
	defer close(j.done)
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-j.stop:
			return
		case <-tick.C:
			if err := j.sync(); err != nil {
				j.mu.Lock()
				j.fault = err
				j.mu.Unlock()
				return
			}
		}
	}
}

func (j *Journal) sync() error {
	j.mu.Lock()
	dirty := j.dirty
	j.dirty = false
	j.mu.Unlock()
	if !dirty {
		return nil
	}
	if err := j.f.Sync(); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

// Close brings all lines to the disk and ends the journal.
func (j *Journal) Close() error {
	close(j.stop)
	<-j.done
	return errors.Join(j.fault, j.sync(), j.f.Close())
}
