package dcpo

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/config"
	"github.com/dcpo-go/godcpo/dcpo/track"
)

// runLog keeps the record of a run in its folder and on trackers: figures and samples of each step, every answer of each
// validation. Without a folder it keeps nothing.
type runLog struct {
	cfg    Config
	dir    folder
	sink   track.Sink
	faults []error
}

// openRunLog begins the record, or goes on with it after so many steps.
func openRunLog(r *run, after int) (*runLog, error) {
	l := &runLog{cfg: r.cfg, dir: r.dir, sink: track.Multi()}
	if r.dir == "" {
		return l, nil
	}
	if err := writeJSON(r.dir.at("run.json"), r.about()); err != nil {
		return nil, fmt.Errorf("output.dir: %w", err)
	}
	if !r.opt.Resume {
		after = track.Fresh
	}
	var err error
	if l.sink, err = openSinks(r.cfg.Output, after); err != nil {
		return nil, fmt.Errorf("output.dir: %w", err)
	}
	return l, l.sink.Params(r.cfg.Params())
}

func openSinks(o config.Output, after int) (track.Sink, error) {
	var sinks []track.Sink
	var faults []error
	open := func(wanted bool, make func() (track.Sink, error)) {
		if !wanted {
			return
		}
		s, err := make()
		if err != nil {
			faults = append(faults, err)
			return
		}
		sinks = append(sinks, s)
	}
	name := filepath.Base(o.Dir)
	open(true, func() (track.Sink, error) { return track.OpenJSONL(o.Dir, after) })
	open(o.Samples > 0, func() (track.Sink, error) { return track.OpenSamples(o.Dir, after) })
	open(o.TensorBoard, func() (track.Sink, error) { return track.OpenTensorBoard(o.Dir, after) })
	open(o.WandB != "", func() (track.Sink, error) {
		return track.OpenWandB(o.Dir, after, track.WandBOptions{Project: o.WandB, Name: name})
	})
	open(o.MLflow != "", func() (track.Sink, error) {
		return track.OpenMLflow(o.Dir, after, track.MLflowOptions{Experiment: o.MLflow, Run: name})
	})
	all := track.Multi(sinks...)
	if len(faults) > 0 {
		return nil, errors.Join(append(faults, all.Close(nil))...)
	}
	return all, nil
}

// about records what a run is made by and of.
func (r *run) about() map[string]any {
	about := map[string]any{"started": time.Now().UTC().Format(time.RFC3339), "seed": r.cfg.Train.Seed, "method": r.cfg.Train.Method, "train": r.task.describe()}
	if r.eval != nil {
		about["eval"] = r.eval.describe()
	}
	if m := r.out.Model; m != nil {
		about["model"] = m.String()
	}
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

// step records a step's figures and a few of its rollouts.
func (l *runLog) step(s StepReport, rollouts []Rollout) {
	l.note(l.sink.Scalars(s.Step, s.Values()))
	if n := l.cfg.Output.Samples; n > 0 && l.dir != "" {
		all := make([]track.Sample, len(rollouts))
		for i := range rollouts {
			all[i] = rollouts[i].sample()
		}
		l.note(l.sink.Samples(s.Step, track.Choose(all, n, s.Step, l.cfg.Train.Seed)))
	}
}

// sample is the rollout as a reader wants to see it.
func (r *Rollout) sample() track.Sample {
	s := track.Sample{Problem: r.Problem.ID, Group: r.Group, Question: r.Problem.Question, Response: r.Response.Text, Gold: r.Problem.Answer,
		Answer: r.Verdict.Answer, Correct: r.Verdict.Correct, Verdict: r.Verdict.Reason, AnswerAdvantage: r.Advantage.Answer,
		ConfidenceAdvantage: r.Advantage.Confidence, Truncated: r.Response.Truncated, Rewards: map[string]float64{}}
	if r.Stated.HasConfidence {
		s.Confidence = &r.Stated.Confidence
	}
	for _, p := range r.Reward.Parts {
		s.Rewards[p.Name] = p.Value * p.Weight
	}
	return s
}

// validated keeps every answer of a validation, and its figures.
func (l *runLog) validated(step int, r *Result) {
	if l.dir == "" {
		return
	}
	values := map[string]float64{}
	s := r.Summary
	for name, v := range map[string]float64{"accuracy": s.Accuracy, "confidence": s.MeanStated, "confidence_missing": s.ShareMissing,
		"ece": s.ECE, "pce": s.PCE, "brier": s.Brier, "auroc": s.AUROC} {
		values["eval/"+name] = v
	}
	l.note(errors.Join(r.Save(l.dir.evaluation(step)), l.sink.Scalars(step, values)))
}

func (l *runLog) note(err error) {
	if err != nil {
		l.faults = append(l.faults, err)
	}
}

// fault is what went wrong with the record so far.
func (l *runLog) fault() error {
	if len(l.faults) == 0 {
		return nil
	}
	return fmt.Errorf("record of the run: %w", errors.Join(l.faults...))
}

// flush makes the record survive the process.
func (l *runLog) flush() error {
	l.note(l.sink.Flush())
	return l.fault()
}

// finish writes the evaluations before and after training to results.json.
func (l *runLog) finish(out *Outcome) error {
	if l.dir == "" {
		return nil
	}
	results := map[string]calibration.Summary{}
	for _, r := range []*Result{out.Before, out.After} {
		if r != nil {
			results[r.Name] = r.Summary
		}
	}
	return writeJSON(l.dir.at("results.json"), results)
}

// close ends the record.
func (l *runLog) close(cause error) error {
	l.note(l.sink.Close(cause))
	return l.fault()
}

// replay adds the steps that an earlier part of the run recorded to the curves.
func (l *runLog) replay(c *Curves, name string, steps int) error {
	if l.dir == "" || steps == 0 {
		return nil
	}
	f, err := os.Open(l.dir.at("metrics.jsonl"))
	if err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 1<<20)
	for line := 1; scanner.Scan(); line++ {
		var figures map[string]*float64
		if err := json.Unmarshal(scanner.Bytes(), &figures); err != nil {
			return fmt.Errorf("resume: %s, line %d: %w", f.Name(), line, err)
		}
		get := func(name string) float64 {
			if v := figures[name]; v != nil {
				return *v
			}
			return math.NaN()
		}
		if step := int(get("step")); step > 0 && step <= steps {
			c.Add(name, StepReport{Step: step, Summary: calibration.Summary{Accuracy: get("accuracy"), MeanStated: get("confidence"),
				ECE: get("ece"), PCE: get("pce"), Brier: get("brier"), AUROC: get("auroc"), ShareMissing: get("confidence_missing")}})
		}
	}
	return scanner.Err()
}
