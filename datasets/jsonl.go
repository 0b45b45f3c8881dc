package datasets

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// row is one line of a file. Unknown fields are ignored, so files may carry
// more than this package reads.
type row struct {
	ID         flexible `json:"id"`
	Problem    flexible `json:"problem"`
	Answer     flexible `json:"answer"`
	Solution   flexible `json:"solution"`
	Source     flexible `json:"source"`
	Level      flexible `json:"level"`
	Subject    flexible `json:"subject"`
	Difficulty *float64 `json:"difficulty"`
}

// flexible is a string that may also be written as a JSON number, since
// answers and levels come in both spellings. null reads as "".
type flexible string

// UnmarshalJSON accepts a string, a number or null.
func (f *flexible) UnmarshalJSON(data []byte) error {
	switch c := data[0]; {
	case c == '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*f = flexible(s)
	case c == '-' || c >= '0' && c <= '9':
		*f = flexible(data)
	case c == 'n':
		*f = ""
	default:
		return fmt.Errorf("expected a string or a number, found %.40s", data)
	}
	return nil
}

// parseLines reads all rows of data. path is only for messages. A row whose
// id was seen before is an error, unless repeatedRows and its content is the
// same as before.
func parseLines(ctx context.Context, path string, data []byte, repeatedRows bool) ([]Problem, error) {
	type first struct{ line, index int }
	seen := make(map[string]first)
	problems := make([]Problem, 0, bytes.Count(data, []byte{'\n'})+1)
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for line := 1; len(data) > 0; line++ {
		if line%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		text, rest, _ := bytes.Cut(data, []byte{'\n'})
		data = rest
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		p, err := parseRow(text, line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, line, err)
		}
		if before, dup := seen[p.ID]; !dup {
			seen[p.ID] = first{line, len(problems)}
		} else if !repeatedRows {
			return nil, fmt.Errorf("%s:%d: id %q was already used in line %d: give each row its own id", path, line, p.ID, before.line)
		} else if problems[before.index] != p {
			return nil, fmt.Errorf("%s:%d: id %q stands for another problem in line %d: give each problem its own id", path, line, p.ID, before.line)
		}
		problems = append(problems, p)
	}
	if len(problems) == 0 {
		return nil, fmt.Errorf("%s: no rows: expected one JSON object a line", path)
	}
	return problems, nil
}

func parseRow(text []byte, line int) (Problem, error) {
	var r row
	if err := json.Unmarshal(text, &r); err != nil {
		return Problem{}, fmt.Errorf("expected one JSON object with problem and answer: %w", err)
	}
	if strings.TrimSpace(string(r.Problem)) == "" {
		return Problem{}, fmt.Errorf("the row has no problem: expected a non-empty field \"problem\"")
	}
	if strings.TrimSpace(string(r.Answer)) == "" {
		return Problem{}, fmt.Errorf("the row has no answer: expected a non-empty field \"answer\"; remove the row or add its answer")
	}
	p := Problem{
		ID:       string(r.ID),
		Question: string(r.Problem),
		Answer:   string(r.Answer),
		Solution: string(r.Solution),
		Source:   string(r.Source),
		Level:    string(r.Level),
		Subject:  string(r.Subject),
	}
	if p.ID == "" {
		p.ID = "line/" + strconv.Itoa(line)
	}
	if r.Difficulty != nil {
		p.Difficulty, p.HasDifficulty = *r.Difficulty, true
	}
	return p, nil
}
