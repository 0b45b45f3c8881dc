package evaluation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/paper"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Result is a journal, graded and measured.
type Result struct {
	// Name is what tables call it.
	Name string
	// Dir is the journal's folder.
	Dir string
	journal.Contents
	// Missing is how many of the requests of the latest run have no answer; FailedNow of them were asked and failed.
	Missing, FailedNow int
	// Methods are a confidence each.
	Methods []Method
	// Options are those it was measured with.
	Options MeasureOptions

	asked   map[string]map[string]*journal.Problem
	answers []Answer
}

// Method is one confidence of the answers to one prompt.
type Method struct {
	Confidence Confidence
	Prompt     verbal.Prompt
	// Sets are the benchmarks; where there are several, the last one holds all answers and has no Benchmark.
	Sets []Set
	// Overall is the mean of each measure over the benchmarks, which count alike; nil where there is one benchmark.
	Overall *calibration.Summary
}

// Title names the method in tables. Logits of answers to a prompt that asks for a stated confidence are not what the reference's are, which
// sends the bare problem: the title says so.
func (m *Method) Title() string {
	title := string(m.Confidence)
	if m.Confidence == Logits && asks(m.Prompt) {
		title += " (of the verbal answers)"
	}
	return title
}

// Set is a benchmark's answers under a confidence.
type Set struct {
	// Benchmark is the registry's name, Title the paper's; Note is what a table has to say of the benchmark.
	Benchmark, Title, Note string
	Answers                []Answer
	Counts                 Counts
	Votes                  Votes
	// Rows are the confidence itself and, after it, what it is to be compared with.
	Rows []Row
}

// Summary is that of the confidence itself.
func (s *Set) Summary() calibration.Summary { return s.Rows[0].Summary }

// Row is a confidence of a set's answers, measured.
type Row struct {
	Name    string
	Answers []calibration.Answer
	Summary calibration.Summary
}

// Counts tell what became of the answers.
type Counts struct {
	Problems, Answers int
	// Truncated were cut off by the length limit, Refused by the server or declined by the model; NoAnswer hold none that the grader finds, Unclear
	// one that it cannot read or compare. All of them count as answers, the last three as wrong ones.
	Truncated, Refused, NoAnswer, Unclear int
	// NoConfidence and OutOfRange are about the confidence at hand: none, and one outside [0, 1].
	NoConfidence, OutOfRange int
	// Ambiguous stated confidences would be read otherwise by the other of the two policies.
	Ambiguous int
	// Tokens of all responses, and Seconds that they took, each from request to answer.
	Tokens  int
	Seconds float64
}

// Text reads the response of an answer again.
func (r *Result) Text(a *Answer) (string, error) {
	full, err := journal.At(r.Dir, a.at)
	if err != nil {
		return "", err
	}
	return full.Text, nil
}

// Problem is what an answer is to.
func (r *Result) Problem(a *Answer) *journal.Problem { return r.problem(a.Key) }

func (r *Result) problem(k journal.Key) *journal.Problem { return r.asked[k.Benchmark][k.Problem] }

// LogProbs are, for each answer that has some, the log of the mean token probability in each hundredth of the response.
func (s *Set) LogProbs() [][]float64 {
	var out [][]float64
	for i := range s.Answers {
		if a := &s.Answers[i]; a.HasProbability {
			parts := make([]float64, partsOfText)
			for k, x := range a.parts {
				parts[k] = float64(x)
			}
			out = append(out, parts)
		}
	}
	return out
}

// title is what tables call a benchmark, and note what they say of it.
func title(b journal.Benchmark, asked int) (title, note string) {
	title, note = paper.Title(b.Name), b.Note
	if asked < b.Size {
		part := fmt.Sprintf("%d of its %d problems", asked, b.Size)
		if note != "" {
			part += "; " + note
		}
		note = part
	}
	return title, note
}

// String is a table of the methods on all sets.
func (r *Result) String() string {
	var rows []calibration.Row
	for i := range r.Methods {
		for _, s := range r.Methods[i].Sets {
			rows = append(rows, calibration.Row{Name: r.Methods[i].Title() + ", " + s.Title, Summary: s.Summary()})
		}
	}
	text := calibration.Table(rows)
	if r.Missing > 0 {
		text += fmt.Sprintf("\nanswers missing: %d", r.Missing)
	}
	return text
}

// MIMEBundle shows the table in a notebook.
func (r *Result) MIMEBundle() map[string]any { return map[string]any{"text/plain": r.String()} }

// missing counts requests of the latest run that are not settled.
func (r *Result) missing() (missing, failed int) {
	if len(r.Runs) == 0 {
		return 0, 0
	}
	answers := map[journal.Key]*Answer{}
	for i := range r.answers {
		answers[r.answers[i].Key] = &r.answers[i]
	}
	open := func(k journal.Key) {
		missing++
		if _, ok := r.Failed[k]; ok {
			failed++
		}
	}
	last := r.Runs[len(r.Runs)-1]
	for _, set := range last.Sets {
		problems := r.Problems[set.Benchmark]
		for _, p := range problems[:min(set.Problems, len(problems))] {
			for _, prompt := range last.Prompts {
				for sample := range last.Samples {
					k := journal.Key{Benchmark: set.Benchmark, Problem: p.ID, Sample: sample, Prompt: prompt}
					a := answers[k]
					if a == nil {
						open(k)
					} else if last.Check && !a.checked && !a.Refused && a.Answer != "" {
						k.Check = true
						open(k)
					}
				}
			}
		}
	}
	return missing, failed
}

// promptsOf are those of the answers, the ones that ask for a confidence first.
func promptsOf(answers []Answer) []verbal.Prompt {
	seen := map[verbal.Prompt]bool{}
	for i := range answers {
		seen[answers[i].Prompt] = true
	}
	var out []verbal.Prompt
	for p := range seen {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b verbal.Prompt) int {
		switch {
		case asks(a) && !asks(b):
			return -1
		case asks(b) && !asks(a):
			return 1
		}
		return strings.Compare(string(a), string(b))
	})
	return out
}
