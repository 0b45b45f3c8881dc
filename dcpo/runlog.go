package dcpo

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
)

// runLog writes a run's metrics.jsonl, one line a step, beside the resolved configuration and the versions. A nil log writes
// nothing.
type runLog struct {
	dir string
	f   *os.File
}

// openRunLog makes output.dir and writes config.toml and run.json. Metrics of an earlier run in the same folder are kept under
// another name.
func openRunLog(cfg Config) (*runLog, error) {
	if cfg.Output.Dir == "" {
		return nil, nil
	}
	if err := makeDir(cfg.Output.Dir); err != nil {
		return nil, err
	}
	resolved, err := cfg.encode()
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Output.Dir, "config.toml"), resolved, 0o644); err != nil {
		return nil, fmt.Errorf("output.dir: %w", err)
	}
	about, err := json.MarshalIndent(versions(cfg), "", "  ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(cfg.Output.Dir, "run.json"), append(about, '\n'), 0o644); err != nil {
		return nil, fmt.Errorf("output.dir: %w", err)
	}
	path := filepath.Join(cfg.Output.Dir, "metrics.jsonl")
	if _, err := os.Stat(path); err == nil {
		old := filepath.Join(cfg.Output.Dir, "metrics-"+time.Now().Format("20060102-150405")+".jsonl")
		if err := os.Rename(path, old); err != nil {
			return nil, fmt.Errorf("output.dir: %w", err)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("output.dir: %w", err)
	}
	return &runLog{cfg.Output.Dir, f}, nil
}

// versions records what a run was made by.
func versions(cfg Config) map[string]any {
	about := map[string]any{"started": time.Now().UTC().Format(time.RFC3339), "seed": cfg.Train.Seed, "method": cfg.Train.Method}
	if info, ok := debug.ReadBuildInfo(); ok {
		about["go"] = info.GoVersion
		modules := map[string]string{}
		for _, m := range info.Deps {
			modules[m.Path] = m.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" || s.Key == "vcs.modified" {
				about[s.Key] = s.Value
			}
		}
		about["modules"] = modules
	}
	return about
}

// step appends a report's figures; undefined ones are null.
func (l *runLog) step(r StepReport) error {
	if l == nil {
		return nil
	}
	line := map[string]any{"step": r.Step}
	for name, v := range r.Values() {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			line[name] = nil
		} else {
			line[name] = v
		}
	}
	raw, err := json.Marshal(line)
	if err != nil {
		return err
	}
	_, err = l.f.Write(append(raw, '\n'))
	return err
}

// finish writes the evaluations before and after training to results.json.
func (l *runLog) finish(out *Outcome) error {
	if l == nil {
		return nil
	}
	results := map[string]calibration.Summary{}
	for _, r := range []*Result{out.Before, out.After} {
		if r != nil {
			results[r.Name] = r.Summary
		}
	}
	raw, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(l.dir, "results.json"), append(raw, '\n'), 0o644)
}

func (l *runLog) close() {
	if l != nil {
		l.f.Close()
	}
}
