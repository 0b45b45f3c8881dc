package report

import (
	"encoding/json"
	"math"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/evaluation"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
)

// The shape of results.json. Undefined measures are null.
type (
	resultsData struct {
		Program     string           `json:"program"`
		Results     []resultData     `json:"results"`
		Comparisons []comparisonData `json:"comparisons,omitempty"`
	}
	resultData struct {
		Name     string           `json:"name"`
		Settings journal.Settings `json:"settings"`
		Missing  int              `json:"missing"`
		Methods  []methodData     `json:"methods"`
	}
	methodData struct {
		Confidence string    `json:"confidence"`
		Prompt     string    `json:"prompt"`
		Sets       []setData `json:"sets"`
		// Overall is the mean over the benchmarks.
		Overall *calibration.Summary `json:"overall,omitempty"`
	}
	setData struct {
		Benchmark string            `json:"benchmark"` // "" for all of them
		Title     string            `json:"title"`
		Note      string            `json:"note,omitempty"`
		Counts    map[string]int    `json:"counts"`
		Majority  *float64          `json:"majority"`
		Weighted  *float64          `json:"weighted_majority"`
		Rows      []measuredRowData `json:"rows"`
	}
	measuredRowData struct {
		Name    string              `json:"name"`
		Summary calibration.Summary `json:"measures"`
	}
	comparisonData struct {
		Title       string                   `json:"title"`
		One         string                   `json:"one"`
		Other       string                   `json:"other"`
		Problems    int                      `json:"problems"`
		Left        int                      `json:"left_out"`
		Level       float64                  `json:"level"`
		Resamples   int                      `json:"resamples"`
		Differences []calibration.Difference `json:"differences"`
	}
)

// encode is results.json.
func encode(results []*evaluation.Result, comparisons []evaluation.Comparison, o Options) ([]byte, error) {
	data := resultsData{Program: o.Program}
	for _, r := range results {
		one := resultData{Name: r.Name, Settings: r.Settings, Missing: r.Missing}
		for i := range r.Methods {
			m := methodData{Confidence: string(r.Methods[i].Confidence), Prompt: string(r.Methods[i].Prompt), Overall: r.Methods[i].Overall}
			for k := range r.Methods[i].Sets {
				m.Sets = append(m.Sets, setOf(&r.Methods[i].Sets[k]))
			}
			one.Methods = append(one.Methods, m)
		}
		data.Results = append(data.Results, one)
	}
	for _, c := range comparisons {
		data.Comparisons = append(data.Comparisons, comparisonData{c.Title, c.One, c.Other, c.Problems, c.Left, c.Level, c.Resamples, c.Differences})
	}
	raw, err := json.MarshalIndent(data, "", " ")
	return append(raw, '\n'), err
}

func setOf(s *evaluation.Set) setData {
	c := s.Counts
	out := setData{Benchmark: s.Benchmark, Title: s.Title, Note: s.Note, Majority: defined(s.Votes.Majority), Weighted: defined(s.Votes.Weighted),
		Counts: map[string]int{"problems": c.Problems, "answers": c.Answers, "truncated": c.Truncated, "refused": c.Refused, "no_answer": c.NoAnswer, "unclear": c.Unclear,
			"no_confidence": c.NoConfidence, "out_of_range": c.OutOfRange, "ambiguous": c.Ambiguous, "tokens": c.Tokens}}
	for _, r := range s.Rows {
		out.Rows = append(out.Rows, measuredRowData{r.Name, r.Summary})
	}
	return out
}

func defined(x float64) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	return &x
}
