package evaluation

import (
	"runtime"
	"sync"

	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/recalibrate"
)

// Folds that recalibrations are cross-fitted in.
const folds = 5

// measure fills in the methods' sets.
func (r *Result) measure() {
	var jobs []func()
	for k := range r.Methods {
		m := &r.Methods[k]
		m.Sets = r.sets(m)
		jobs = append(jobs, func() { m.Overall = r.overall(m) })
		for i := range m.Sets {
			s := &m.Sets[i]
			s.Rows = rows(s.Answers, m.Confidence, r.Options.Bootstrap.Seed)
			for n := range s.Rows {
				jobs = append(jobs, func() { r.summarize(&s.Rows[n], n == 0) })
			}
			jobs = append(jobs, func() { s.Counts, s.Votes = count(s.Answers, m.Confidence), votesOf(s.Answers, m.Confidence) })
		}
	}
	spread(jobs)
}

// spread does jobs on all cores.
func spread(jobs []func()) {
	var wait sync.WaitGroup
	next := make(chan func())
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for job := range next {
				job()
			}
		})
	}
	for _, job := range jobs {
		next <- job
	}
	close(next)
	wait.Wait()
}

// sets parts a method's answers by benchmark, and joins them.
func (r *Result) sets(m *Method) []Set {
	var sets []Set
	all := Set{Title: "all"}
	for _, b := range r.Benchmarks {
		s := Set{Benchmark: b.Name}
		problems := map[string]bool{}
		for _, a := range r.answers {
			if a.Benchmark == b.Name && a.Prompt == m.Prompt {
				s.Answers = append(s.Answers, a)
				problems[a.Problem] = true
			}
		}
		if len(s.Answers) == 0 {
			continue
		}
		s.Title, s.Note = title(b, len(problems))
		sets = append(sets, s)
		all.Answers = append(all.Answers, s.Answers...)
	}
	if len(sets) > 1 {
		sets = append(sets, all)
	}
	return sets
}

// summarize measures a row; in full where it is the confidence itself.
func (r *Result) summarize(row *Row, full bool) {
	b, bins := r.Options.Bootstrap, r.Options.Bins
	switch {
	case full && r.Options.NoIntervals:
		row.Summary = calibration.Report(row.Answers, bins)
	case full:
		row.Summary = b.Report(row.Answers, bins)
	case r.Options.NoIntervals:
		row.Summary = calibration.Summarize(row.Answers, bins)
	default:
		row.Summary = b.Summarize(row.Answers, bins)
	}
}

// overall averages a method's figures over its benchmarks.
func (r *Result) overall(m *Method) *calibration.Summary {
	var sets [][]calibration.Answer
	for i := range m.Sets {
		if m.Sets[i].Benchmark == "" {
			continue
		}
		one := make([]calibration.Answer, len(m.Sets[i].Answers))
		for k := range one {
			one[k] = m.Sets[i].Answers[k].confident(m.Confidence)
		}
		sets = append(sets, one)
	}
	if len(sets) < 2 {
		return nil
	}
	var mean calibration.Summary
	if r.Options.NoIntervals {
		mean = calibration.MeanOfSets(sets, r.Options.Bins)
	} else {
		mean = r.Options.Bootstrap.Mean(sets, r.Options.Bins)
	}
	return &mean
}

// rows are the confidence itself, and what it is to be compared with: the answers' probability, the votes of a problem's samples, what the model
// says of its answer when it is asked about it, the constant share of right answers, and the confidence after recalibration. Those that the answers cannot give are left out.
func rows(answers []Answer, c Confidence, seed uint64) []Row {
	n := len(answers)
	own, probability, votes, judged := make([]calibration.Answer, n), make([]calibration.Answer, n), make([]calibration.Answer, n), make([]calibration.Answer, n)
	known, several, asked := false, false, false
	for i := range answers {
		a := &answers[i]
		own[i], probability[i], votes[i] = a.confident(c), a.confident(Logits), a.confident(c)
		votes[i].Confidence, votes[i].HasConfidence = a.VoteShare, true
		judged[i] = a.confident(c)
		judged[i].Confidence, judged[i].HasConfidence = a.PTrue, a.HasPTrue
		asked = asked || a.HasPTrue
		known, several = known || a.HasProbability, several || a.Sample > 0
	}
	out := []Row{{Name: string(c), Answers: own}}
	if c != Logits && known {
		out = append(out, Row{Name: "answer probability", Answers: probability})
	}
	if several {
		out = append(out, Row{Name: "vote share", Answers: votes})
	}
	if asked {
		out = append(out, Row{Name: "P(True)", Answers: judged})
	}
	out = append(out, Row{Name: "base rate", Answers: calibration.BaseRate(own)})
	for _, method := range []recalibrate.Method{recalibrate.Temperature, recalibrate.Isotonic} {
		if mapped, err := recalibrate.CrossFit(own, method, folds, seed); err == nil { // too few problems say nothing
			out = append(out, Row{Name: string(method) + ", cross-fitted", Answers: mapped})
		}
	}
	return out
}

// count tells what became of answers.
func count(answers []Answer, of Confidence) (c Counts) {
	problems := map[[2]string]bool{}
	for i := range answers {
		a := &answers[i]
		problems[[2]string{a.Benchmark, a.Problem}] = true
		c.Answers++
		c.Tokens += a.Tokens
		c.Seconds += a.Seconds
		add := func(n *int, yes bool) {
			if yes {
				*n++
			}
		}
		add(&c.Truncated, a.Truncated)
		add(&c.Refused, a.Refused)
		add(&c.NoAnswer, !a.Refused && a.Answer == "" && !a.Correct)
		add(&c.Unclear, a.Reason == grade.ReasonUnreadable || a.Reason == grade.ReasonTooCostly)
		add(&c.Ambiguous, of == Verbal && a.Ambiguous)
		s := a.confident(of)
		add(&c.NoConfidence, !s.HasConfidence)
		add(&c.OutOfRange, s.HasConfidence && (s.Confidence < 0 || s.Confidence > 1))
	}
	c.Problems = len(problems)
	return c
}
