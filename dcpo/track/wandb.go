package track

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// WandBOptions name a run for Weights & Biases.
type WandBOptions struct {
	// Project is the project it belongs to; "" stands for "godcpo". Entity is the user or team; "" leaves it to "wandb sync".
	Project, Entity string
	// Name is the run's name; "" leaves it to the server.
	Name string
}

// OpenWandB is a sink that writes a run as the wandb client does offline, in the folder wandb of the run's: "wandb sync" with the
// folder offline-run-… uploads it. Nothing is sent from here. Figures and parameters go into the run, samples are pages in it; undefined
// and infinite figures are left out. A step's row is written when the next step begins, or at Flush. A record that goes on continues
// the newest run of the folder, less the rows of later steps.
func OpenWandB(dir string, after int, o WandBOptions) (Sink, error) {
	if o.Project == "" {
		o.Project = "godcpo"
	}
	w := &wandB{opt: o, row: map[string]string{}, summary: map[string]string{}, step: Fresh}
	err := error(nil)
	if after != Fresh {
		err = w.goOn(filepath.Join(dir, "wandb"), after)
	}
	if err == nil && w.f == nil {
		err = w.create(filepath.Join(dir, "wandb"))
	}
	if err == nil && w.num == 0 {
		if err = w.add(recordHeader, wandbHead()); err != nil {
			err = errors.Join(err, w.f.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open W&B run: %w", err)
	}
	return w, nil
}

// wandbTime is how a run's folder is stamped, wandbRuns how folders of runs are named.
const (
	wandbTime = "20060102_150405"
	wandbRuns = "offline-run-"
)

type wandB struct {
	opt WandBOptions

	mu      sync.Mutex
	f       *os.File // nil when closed
	folder  string   // of the run
	id      string
	start   time.Time
	end     int64 // of the file
	num     int   // records
	hasRun  bool  // the run's record is written
	step    int   // of row
	row     map[string]string
	summary map[string]string // the last value of each figure
}

// create makes the folder and file of a new run.
func (w *wandB) create(dir string) error {
	w.id, w.start = strings.ToLower(rand.Text()[:8]), time.Now()
	w.folder = filepath.Join(dir, wandbRuns+w.start.Format(wandbTime)+"-"+w.id)
	if err := os.MkdirAll(filepath.Join(w.folder, "files"), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(w.file(), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	w.f = f
	if _, err := f.Write(wandbHeader); err != nil {
		return errors.Join(err, f.Close())
	}
	w.end = int64(len(wandbHeader))
	return nil
}

func (w *wandB) file() string { return filepath.Join(w.folder, "run-"+w.id+".wandb") }

// goOn opens the newest run of a folder and cuts it behind the last row that stays. It leaves f nil where there is none.
func (w *wandB) goOn(dir string, after int) error {
	runs, err := filepath.Glob(filepath.Join(dir, wandbRuns+"*-*"))
	if err != nil || len(runs) == 0 {
		return err
	}
	w.folder = slices.Max(runs)
	stamp, id, _ := strings.Cut(strings.TrimPrefix(filepath.Base(w.folder), wandbRuns), "-")
	w.id = id
	if w.start, err = time.ParseInLocation(wandbTime, stamp, time.Local); err != nil {
		return fmt.Errorf("%s: its name holds no time", w.folder)
	}
	raw, err := os.ReadFile(w.file())
	if err != nil {
		return err
	}
	if len(raw) < len(wandbHeader) { // killed before it had begun
		raw = wandbHeader
	}
	end := len(wandbHeader)
	err = readWandB(raw, func(record []byte, behind int) bool {
		num, isRun, step := readRecord(record)
		if step > after {
			return false
		}
		if isRun || step != Fresh || num == 1 {
			w.num, w.hasRun, w.step, end = num, w.hasRun || isRun, max(w.step, step), behind
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("%s: %w", w.file(), err)
	}
	w.end = int64(end)
	w.f, err = os.OpenFile(w.file(), os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	_, err = w.f.WriteAt(wandbHeader, 0)
	if err = errors.Join(err, w.f.Truncate(w.end)); err != nil {
		return errors.Join(err, w.f.Close())
	}
	return nil
}

// add writes a record in one call.
func (w *wandB) add(field protowire.Number, value []byte) error {
	raw := appendWandBRecord(nil, w.end, wandbRecord(w.num+1, field, value))
	if _, err := w.f.WriteAt(raw, w.end); err != nil {
		return fmt.Errorf("write W&B run: %w", errors.Join(err, w.f.Truncate(w.end)))
	}
	w.num++
	w.end += int64(len(raw))
	return nil
}

// Params writes the run's record, unless the file has one.
func (w *wandB) Params(params map[string]string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.f == nil {
		return errClosed
	}
	return w.begin(params)
}

func (w *wandB) begin(params map[string]string) error {
	if w.hasRun {
		return nil
	}
	config := map[string]string{}
	for name, v := range params {
		config[name] = jsonValue(v)
	}
	w.hasRun = true
	return w.add(recordRun, wandbRun(w.id, w.opt, w.start, config))
}

func (w *wandB) Scalars(step int, values map[string]float64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.turn(step); err != nil {
		return err
	}
	for name, v := range values {
		if finite(v) {
			w.row[name] = string(number(v))
		}
	}
	return nil
}

// Samples writes a page and names it in the step's row.
func (w *wandB) Samples(step int, rows []Sample) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.turn(step); err != nil || len(rows) == 0 {
		return err
	}
	var page bytes.Buffer
	if err := samplesPage.Execute(&page, rows); err != nil {
		return err
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(page.Bytes()))
	name := path.Join("media", "html", fmt.Sprintf("%s_%d_%s.html", samplesTag, step, sum[:20]))
	at := filepath.Join(w.folder, "files", filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, page.Bytes(), 0o644)); err != nil {
		return fmt.Errorf("write samples: %w", err)
	}
	w.row[samplesTag] = fmt.Sprintf(`{"_type":"html-file","path":%q,"sha256":%q,"size":%d}`, name, sum, page.Len())
	return w.add(recordFiles, wandbFile(name))
}

// turn ends the row of the step before, if another one begins.
func (w *wandB) turn(step int) error {
	switch {
	case w.f == nil:
		return fmt.Errorf("W&B run, step %d: %w", step, errClosed)
	case step < 0 || step < w.step:
		return fmt.Errorf("W&B run: step %d after step %d: steps must not go back", step, w.step)
	case step == w.step:
		return w.begin(nil)
	}
	if err := errors.Join(w.begin(nil), w.endRow()); err != nil {
		return err
	}
	w.step = step
	return nil
}

// endRow writes the row at hand.
func (w *wandB) endRow() error {
	if len(w.row) == 0 {
		return nil
	}
	now := time.Now()
	w.row["_step"] = fmt.Sprint(w.step)
	w.row["_timestamp"] = fmt.Sprintf("%.3f", float64(now.UnixMilli())/1e3)
	w.row["_runtime"] = fmt.Sprintf("%.3f", now.Sub(w.start).Seconds())
	if err := w.add(recordHistory, wandbHistory(w.step, w.row)); err != nil {
		return err
	}
	maps.Copy(w.summary, w.row)
	w.row = map[string]string{}
	return nil
}

func (w *wandB) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.f == nil {
		return errClosed
	}
	return errors.Join(w.endRow(), w.f.Sync())
}

// Close writes the summary, the last value of each figure, and how the run ended.
func (w *wandB) Close(cause error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.f == nil {
		return nil
	}
	code := 0
	if cause != nil {
		code = 1
	}
	err := errors.Join(w.begin(nil), w.endRow())
	if len(w.summary) > 0 {
		err = errors.Join(err, w.add(recordSummary, wandbItems(update, w.summary)))
	}
	err = errors.Join(err, w.add(recordExit, wandbExit(code, time.Since(w.start))), w.f.Sync(), w.f.Close())
	w.f = nil
	return err
}
