package datasets

import (
	"context"
	"fmt"
	"reflect"

	"github.com/dcpo-go/godcpo/datasets/table"
)

// parse reads all problems of a file. path tells the format, and is for
// messages. A row whose id was seen before is an error, unless repeatedRows and
// its content is the same as before.
func parse(ctx context.Context, path string, data []byte, repeatedRows bool) ([]Problem, error) {
	rows, err := table.Parse(ctx, path, data)
	if err != nil {
		return nil, err
	}
	first := make(map[string]int, len(rows)) // index of the row with an id
	problems := make([]Problem, 0, len(rows))
	for i, row := range rows {
		p, err := problemOf(row)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", row.Place(path), err)
		}
		before, repeated := first[p.ID]
		switch {
		case !repeated:
			first[p.ID] = i
		case !repeatedRows && !isChat(row):
			return nil, fmt.Errorf("%s: id %q was already used in %s %d: give each row its own id", row.Place(path), p.ID, row.Unit, rows[before].Number)
		case !reflect.DeepEqual(problems[before], p):
			return nil, fmt.Errorf("%s: id %q stands for another problem in %s %d: give each problem its own id", row.Place(path), p.ID, row.Unit, rows[before].Number)
		}
		problems = append(problems, p)
	}
	return problems, nil
}

// isChat tells whether a row is of the training format of verl, whose files
// repeat rows on purpose.
func isChat(r table.Row) bool {
	_, ok := r.Fields["reward_model"]
	return ok
}
