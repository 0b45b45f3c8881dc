package datasets

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/datasets/table"
)

// The names that columns go by, the first that a row has being taken. Case does
// not matter.
var (
	idNames         = []string{"id", "unique_id", "question_id", "problem_id", "record id"}
	questionNames   = []string{"problem", "question", "prompt", "query"}
	answerNames     = []string{"answer", "final_answer", "expected_answer", "ground_truth", "correct answer"}
	solutionNames   = []string{"solution", "rationale", "explanation"}
	sourceNames     = []string{"source", "data_source"}
	subjectNames    = []string{"subject", "category", "ability", "subdomain", "high-level domain"}
	difficultyNames = []string{"difficulty"}
)

// columns are the fields of a row, by their names in lower case.
type columns map[string]any

func columnsOf(r table.Row) columns {
	c := make(columns, len(r.Fields))
	for name, value := range r.Fields {
		key := strings.ToLower(name)
		if _, taken := c[key]; !taken || key == name {
			c[key] = value
		}
	}
	return c
}

// first is the value of the first of the columns that is there and not empty.
func (c columns) first(names []string) (name string, value any) {
	for _, name := range names {
		if v, ok := c[name]; ok && v != nil && v != "" {
			return name, v
		}
	}
	return "", nil
}

// text is the first of the columns as text; "" where there is none.
func (c columns) text(names ...string) (string, error) {
	name, value := c.first(names)
	s, ok := table.Text(value)
	if !ok {
		return "", fmt.Errorf("column %q: expected a string or a number, found %s", name, table.Describe(value))
	}
	return s, nil
}

// names lists the columns for messages.
func (c columns) names() string { return strings.Join(slices.Sorted(maps.Keys(c)), ", ") }

// nested are the columns of a value that is an object.
func nested(value any) columns {
	m, _ := value.(map[string]any)
	return columnsOf(table.Row{Fields: m})
}

// problemOf reads a row of any known layout. A row without an id gets one by
// its place.
func problemOf(r table.Row) (Problem, error) {
	c := columnsOf(r)
	var p Problem
	var faults []error
	read := func(to *string, names ...string) {
		s, err := c.text(names...)
		if err != nil {
			faults = append(faults, err)
		}
		*to = s
	}
	read(&p.ID, idNames...)
	read(&p.Solution, solutionNames...)
	read(&p.Source, sourceNames...)
	read(&p.Subject, subjectNames...)
	read(&p.Level, "level")
	readDifficulty(c, &p)
	var err error
	if _, chat := c["reward_model"]; chat {
		err = readChat(c, &p)
	} else if _, expert := c["correct answer"]; expert {
		err = readExpert(c, &p)
	} else {
		err = readPlain(c, &p)
	}
	if err := errors.Join(append(faults, err)...); err != nil {
		return Problem{}, err
	}
	switch {
	case strings.TrimSpace(p.Question) == "":
		return Problem{}, fmt.Errorf("the row has no problem: expected a non-empty column \"problem\" or \"question\"; its columns are %s", c.names())
	case strings.TrimSpace(p.Answer) == "":
		return Problem{}, fmt.Errorf("the row has no answer: expected a non-empty column \"answer\"; remove the row or add its answer; its columns are %s", c.names())
	}
	if p.ID == "" {
		p.ID = fmt.Sprintf("%s/%d", r.Unit, r.Number)
	}
	return p, nil
}

// readDifficulty takes percent of failed attempts, or of solved ones.
func readDifficulty(c columns, p *Problem) {
	if _, value := c.first(difficultyNames); value != nil {
		if p.Difficulty, p.HasDifficulty = table.Number(value); !p.HasDifficulty && p.Level == "" {
			p.Level, _ = table.Text(value)
		}
		return
	}
	if solved, ok := table.Number(c["solved_percentage"]); ok {
		p.Difficulty, p.HasDifficulty = 100-solved, true
	}
}

// readPlain reads a question and its answer from columns of their own.
func readPlain(c columns, p *Problem) error {
	question, err := c.text(questionNames...)
	if err != nil {
		return err
	}
	p.Question = question
	p.Aliases = listOf(c["aliases"])
	if choices := listOf(c["choices"]); len(choices) > 0 {
		return readChoices(c, choices, p)
	}
	name, value := c.first(answerNames)
	switch v := value.(type) {
	case map[string]any: // TriviaQA: {"value": …, "aliases": […]}
		answer := nested(v)
		p.Fact = true
		p.Aliases = append(p.Aliases, listOf(answer["aliases"])...)
		p.Answer, err = answer.text("value")
		return err
	case []any:
		return readAnswers(name, v, p)
	}
	if p.Answer, err = c.text(answerNames...); err != nil {
		return err
	}
	if solution, last, ok := cutLast(p.Answer, "\n#### "); ok { // GSM8K
		p.Answer = strings.TrimSpace(last)
		if p.Solution == "" {
			p.Solution = solution + "\n#### " + last
		}
	}
	if boxed, ok := grade.Boxed(p.Solution); p.Answer == "" && ok { // MATH
		p.Answer = boxed
	}
	return nil
}

// readAnswers reads the parts of an answer from a list, as OlympiadBench has
// them in final_answer.
func readAnswers(name string, list []any, p *Problem) error {
	parts := listOf(list)
	if name != "final_answer" || len(parts) == 0 {
		return fmt.Errorf("column %q: expected a string or a number, found %s; where several answers are right, write one there and the others in a list \"aliases\"", name, table.Describe(list))
	}
	p.Answer = strings.Join(parts, ", ")
	return nil
}

// listOf is a list of texts; other values in it, and other values than lists,
// are passed over.
func listOf(value any) []string {
	list, _ := value.([]any)
	var texts []string
	for _, v := range list {
		if s, ok := table.Text(v); ok && strings.TrimSpace(s) != "" {
			texts = append(texts, s)
		}
	}
	return texts
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
