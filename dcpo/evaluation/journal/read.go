package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Contents are what a journal holds besides answers.
type Contents struct {
	Settings   Settings
	Runs       []Run
	Benchmarks []Benchmark
	// Problems of each benchmark, in the order in which they were first asked.
	Problems map[string][]Problem
	// Failed are requests that never got an answer; they are no answers, and asking again may help.
	Failed map[Key]string
	// Repeated counts answers that were passed over since one to the same question stood before; a journal that Open wrote has none.
	Repeated int
}

// Read reads the journal in a folder and shows each problem, and each settled answer with where it stands, in order: problems stand
// before their answers. Both may be kept. What a running evaluation has not written to its end yet is left out.
func Read(dir string, problem func(*Problem), answer func(a *Answer, at int64) error) (*Contents, error) {
	path := filepath.Join(dir, Name)
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer f.Close()
	c := &Contents{Problems: map[string][]Problem{}, Failed: map[Key]string{}}
	hash, empty, settled := "", true, map[Key]bool{}
	_, err = scan(f, false, func(l *line, at int64) error {
		switch {
		case l.Head != nil:
			c.Settings, hash, empty = l.Head.Settings, l.Head.Settings.hash(), false
		case l.Run != nil:
			c.Runs = append(c.Runs, *l.Run)
		case l.Benchmark != nil:
			c.Benchmarks = append(c.Benchmarks, *l.Benchmark)
		case l.Problem != nil:
			c.Problems[l.Problem.Benchmark] = append(c.Problems[l.Problem.Benchmark], *l.Problem)
			problem(l.Problem)
		case l.Answer == nil:
		case l.Answer.Settings != hash:
			return fmt.Errorf("an answer is of settings %s, the head of %s: lines of two journals were mixed", l.Answer.Settings, hash)
		case settled[l.Answer.Key]:
			c.Repeated++
		case !l.Answer.Settled():
			c.Failed[l.Answer.Key] = l.Answer.Error
		default:
			settled[l.Answer.Key] = true
			delete(c.Failed, l.Answer.Key)
			return answer(l.Answer, at)
		}
		return nil
	})
	if err == nil && empty {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", path, err)
	}
	return c, nil
}

// At reads again the answer that Read showed at a place.
func At(dir string, at int64) (*Answer, error) {
	f, err := os.Open(filepath.Join(dir, Name))
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer f.Close()
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	var l line
	if err := json.NewDecoder(bufio.NewReader(f)).Decode(&l); err != nil || l.Answer == nil {
		return nil, fmt.Errorf("read journal: at byte %d stands no answer (%w)", at, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return l.Answer, nil
}

// scan shows each whole line with the byte it begins at, and gives the end of the last. A last line without an end, and lines at the end that
// are no JSON, as a failing machine may leave, are not shown; one before others is an error. With brief, answers have no tokens and text.
func scan(f *os.File, brief bool, show func(l *line, at int64) error) (end int64, err error) {
	r := bufio.NewReaderSize(f, 1<<20)
	bad := 0 // number of the first line that is no JSON
	for number, at := 1, int64(0); ; number++ {
		text, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return end, err
		}
		l, ok := decode(text, brief)
		switch {
		case !ok && bad == 0:
			bad = number
		case ok && bad > 0:
			return end, fmt.Errorf("line %d cannot be read, and lines follow it: it is no journal, or damaged", bad)
		case ok && number == 1 && l.Head == nil:
			return end, errors.New("its first line is not the head of a journal")
		case ok && number == 1 && l.Head.Version != version:
			return end, fmt.Errorf("it is of version %d of the format, this program knows %d", l.Head.Version, version)
		case ok:
			if err := show(l, at); err != nil {
				return end, fmt.Errorf("line %d: %w", number, err)
			}
			end = at + int64(len(text))
		}
		at += int64(len(text))
	}
}

// decode reads a line.
func decode(text []byte, brief bool) (*line, bool) {
	if !brief {
		l := &line{}
		return l, json.Unmarshal(text, l) == nil
	}
	var l struct {
		line
		Answer *struct {
			Benchmark string
			Problem   string
			Sample    int
			Prompt    verbal.Prompt
			Check     bool
			Error     string
			Final     bool
		} `json:"answer"`
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, false
	}
	if a := l.Answer; a != nil {
		l.line.Answer = &Answer{Key: Key{a.Benchmark, a.Problem, a.Sample, a.Prompt, a.Check}, Error: a.Error, Final: a.Final}
	}
	return &l.line, true
}
