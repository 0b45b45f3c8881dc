package dcpo

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// savedAnswer is a line of a saved evaluation.
type savedAnswer struct {
	Problem    string    `json:"problem"`
	Group      int       `json:"group"`
	Level      string    `json:"level,omitempty"`
	Question   string    `json:"question"`
	Gold       string    `json:"gold"`
	Response   string    `json:"response"`
	Answer     string    `json:"answer"`
	Correct    bool      `json:"correct"`
	Reason     string    `json:"reason"`
	Confidence *float64  `json:"confidence"` // null where none was stated
	Truncated  bool      `json:"truncated"`
	Prompt     []int32   `json:"prompt"` // token ids
	Tokens     []int32   `json:"tokens"`
	LogProbs   []float32 `json:"logprobs"`
}

// savedHead is the first line of a saved evaluation.
type savedHead struct {
	Name string `json:"name"`
	Task string `json:"task"`
	Bins int    `json:"bins"`
	Seed uint64 `json:"seed"`
}

// Save writes every answer of the evaluation, one JSON object a line after a head.
func (r *Result) Save(path string) error {
	if err := r.save(path); err != nil {
		return fmt.Errorf("save evaluation: %w", err)
	}
	return nil
}

func (r *Result) save(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".evaluation-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	err = e.Encode(savedHead{r.Name, r.Task, r.bins, r.seed})
	for i := range r.Rollouts {
		one := &r.Rollouts[i]
		line := savedAnswer{Problem: one.Problem.ID, Group: one.Group, Level: one.Problem.Level, Question: one.Problem.Question, Gold: one.Problem.Answer,
			Response: one.Response.Text, Answer: one.Verdict.Answer, Correct: one.Verdict.Correct, Reason: one.Verdict.Reason,
			Truncated: one.Response.Truncated, Prompt: one.Response.Prompt, Tokens: one.Response.Tokens, LogProbs: one.Response.LogProbs}
		if a := r.Answers[i]; a.HasConfidence {
			line.Confidence = &a.Confidence
		}
		err = errors.Join(err, e.Encode(line))
	}
	err = errors.Join(err, w.Flush(), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// OpenResult reads an evaluation that Save wrote. Its rollouts have no byte offsets of their tokens and no confidence spans.
func OpenResult(path string) (*Result, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open evaluation: %w", err)
	}
	defer f.Close()
	d := json.NewDecoder(bufio.NewReader(f))
	var head savedHead
	err = d.Decode(&head)
	if err == nil && head.Name == "" {
		err = errors.New("it has no name")
	}
	if err != nil {
		return nil, fmt.Errorf("open evaluation %s: its first line is not the head of one: %w", path, err)
	}
	r := &Result{Name: head.Name, Task: head.Task, bins: head.Bins, seed: head.Seed}
	var answers []calibration.Answer
	for line := 2; d.More(); line++ {
		var s savedAnswer
		if err := d.Decode(&s); err != nil {
			return nil, fmt.Errorf("open evaluation %s, line %d: %w", path, line, err)
		}
		one := Rollout{Problem: datasets.Problem{ID: s.Problem, Question: s.Question, Answer: s.Gold, Level: s.Level}, Group: s.Group,
			Response: backend.Response{Prompt: s.Prompt, Tokens: s.Tokens, LogProbs: s.LogProbs, Text: s.Response, Truncated: s.Truncated},
			Verdict:  grade.Verdict{Correct: s.Correct, Answer: s.Answer, Found: s.Answer != "", Reason: s.Reason}}
		a := calibration.Answer{Correct: s.Correct, Problem: strconv.Itoa(s.Group)}
		if s.Confidence != nil {
			a.Confidence, a.HasConfidence = *s.Confidence, true
			one.Stated = verbal.Stated{Confidence: *s.Confidence, HasConfidence: true}
		}
		r.Rollouts, answers = append(r.Rollouts, one), append(answers, a)
	}
	r.measure(answers)
	return r, nil
}
