package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/dcpo-go/godcpo/dcpo/evaluation"
)

// view is what the page and the Markdown show.
type view struct {
	Title       string
	Lead        string
	Notes       []string
	Main        table
	Comparisons []table
	Methods     []methodView
	Counts      table
	Votes       table
	Figures     []picture
	Worst       []worst
	Settings    table
	Sources     table
}

// methodView is a method's tables, a benchmark each, and all measures of it as text.
type methodView struct {
	Title   string
	Sets    []table
	Further []further
}

type further struct{ Title, Text string }

func newView(results []*evaluation.Result, comparisons []evaluation.Comparison, o Options) (*view, error) {
	names := make([]string, len(results))
	for i, r := range results {
		names[i] = r.Name
	}
	v := &view{Title: "Evaluation of " + strings.Join(names, " and "), Notes: notes(results), Main: mainTable(results), Counts: countTable(results),
		Settings: settingsTable(results, o), Sources: sourcesTable(results)}
	v.Lead = lead(results)
	for _, c := range comparisons {
		v.Comparisons = append(v.Comparisons, comparisonTable(c))
	}
	several := false
	for _, r := range results {
		for i := range r.Methods {
			m := &r.Methods[i]
			mv := methodView{Title: r.Name + ", " + m.Title()}
			for k := range m.Sets {
				mv.Sets = append(mv.Sets, setTable(&m.Sets[k]))
				mv.Further = append(mv.Further, further{m.Sets[k].Title, m.Sets[k].Summary().String()})
				several = several || m.Sets[k].Counts.Problems < m.Sets[k].Counts.Answers
			}
			if m.Overall != nil {
				mv.Sets = append(mv.Sets, overallTable(m))
			}
			v.Methods = append(v.Methods, mv)
			shown, err := worstOf(r, m, o.Worst)
			if err != nil {
				return nil, err
			}
			v.Worst = append(v.Worst, shown...)
		}
	}
	if several {
		v.Votes = voteTable(results)
	}
	return v, nil
}

// lead is the first sentence.
func lead(results []*evaluation.Result) string {
	var parts []string
	for _, r := range results {
		m := &r.Methods[0]
		last := m.Sets[len(m.Sets)-1]
		parts = append(parts, fmt.Sprintf("%s: %d answers to %d problems", r.Name, last.Counts.Answers, last.Counts.Problems))
	}
	return strings.Join(parts, "; ") + "."
}

// notes are what a reader must know before the figures.
func notes(results []*evaluation.Result) (out []string) {
	for _, r := range results {
		if r.Missing > 0 {
			out = append(out, fmt.Sprintf("%s is incomplete: %d missing, %d of them after a request that failed. Figures are of the other answers.", r.Name, r.Missing, r.FailedNow))
		}
		if r.Repeated > 0 {
			out = append(out, fmt.Sprintf("%s: %d repeated answers in the journal were passed over.", r.Name, r.Repeated))
		}
		for k := range r.Methods {
			for i := range r.Methods[k].Sets {
				out = append(out, notesOn(r, &r.Methods[k], &r.Methods[k].Sets[i], k == 0)...)
			}
		}
	}
	return out
}

// notesOn are those on a benchmark; what is not about the confidence is said of the first only.
func notesOn(r *evaluation.Result, m *evaluation.Method, s *evaluation.Set, first bool) (out []string) {
	c := s.Counts
	if s.Benchmark == "" {
		return nil
	}
	say := func(when bool, format string, args ...any) {
		if when {
			out = append(out, r.Name+", "+s.Title+": "+fmt.Sprintf(format, args...))
		}
	}
	say(first && s.Note != "", "%s.", strings.TrimSuffix(s.Note, "."))
	say(first && c.Truncated > 0, "%d of %d answers were cut off by the length limit.", c.Truncated, c.Answers)
	say(first && c.Refused > 0, "%d of %d were refused.", c.Refused, c.Answers)
	say(c.NoConfidence > 0, "%d of %d answers have no %s confidence. They count as −0.1, in no bin: that lowers ECE and PCE.", c.NoConfidence, c.Answers, m.Confidence)
	say(c.OutOfRange > 0, "%d of %d %s confidences lie outside [0, 1], in no bin.", c.OutOfRange, c.Answers, m.Confidence)
	return out
}

// settingsTable has a column a result.
func settingsTable(results []*evaluation.Result, o Options) table {
	t := table{Title: "Settings and versions", Head: []string{""}}
	columns := make([]map[string]string, len(results))
	names := map[string]bool{}
	for i, r := range results {
		t.Head = append(t.Head, r.Name)
		columns[i] = settings(r, o)
		for name := range columns[i] {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		texts := []string{name}
		for _, c := range columns {
			texts = append(texts, c[name])
		}
		t.Rows = append(t.Rows, row{"", words(texts...)})
	}
	return t
}

func settings(r *evaluation.Result, o Options) map[string]string {
	out := map[string]string{}
	var fields map[string]json.RawMessage
	if raw, err := json.Marshal(r.Settings); err == nil && json.Unmarshal(raw, &fields) == nil {
		for name, value := range fields {
			out["sampling: "+name] = string(value)
		}
	}
	out["measures: confidences read by"], out["measures: bins"] = string(r.Options.Policy), fmt.Sprint(r.Options.Bins)
	b := r.Options.Bootstrap
	out["measures: intervals"] = fmt.Sprintf("%d bootstrap resamples of problems, seed %d", max(b.Resamples, 0), b.Seed)
	if r.Options.NoIntervals {
		out["measures: intervals"] = "none"
	}
	out["report made by"], out["report made at"] = "godcpo "+o.Program+", "+runtime.Version(), time.Now().UTC().Format(time.RFC3339)
	var endpoints, programs, began []string
	for _, run := range r.Runs {
		began = append(began, run.Began.Format(time.RFC3339))
		if !slices.Contains(programs, run.Program) {
			programs = append(programs, run.Program)
		}
		for _, e := range run.Endpoints {
			if !slices.Contains(endpoints, e) {
				endpoints = append(endpoints, e)
			}
		}
	}
	if n := len(began); n > 3 {
		began = append(append(began[:1:1], fmt.Sprintf("… (%d starts)", n)), began[n-1])
	}
	out["asked: endpoints"], out["asked: by godcpo"], out["asked: began"] = strings.Join(endpoints, ", "), strings.Join(programs, ", "), strings.Join(began, ", ")
	if n := len(r.Runs); n > 0 {
		out["asked: samples"] = fmt.Sprint(r.Runs[n-1].Samples)
		var prompts []string
		for _, p := range r.Runs[n-1].Prompts {
			prompts = append(prompts, string(p))
		}
		out["asked: prompts"] = strings.Join(prompts, ", ")
	}
	return out
}

// sourcesTable says where the problems come from.
func sourcesTable(results []*evaluation.Result) table {
	t := table{Title: "Benchmarks", Head: []string{"", "source", "licence", "note", "SHA-256 of the file"}}
	seen := map[string]bool{}
	for _, r := range results {
		for _, b := range r.Benchmarks {
			if key := b.Name + b.SHA256; !seen[key] {
				seen[key] = true
				t.Rows = append(t.Rows, row{"", words(b.Name, b.Source, b.Licence, b.Note, b.SHA256)})
			}
		}
	}
	return t
}
