// Package table reads the rows of data files, whatever their format: JSON
// Lines, JSON, CSV, TSV and Parquet. It knows nothing of what the columns mean.
package table

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// Row is one record of a file.
type Row struct {
	// Number is the line the record begins at, from 1; in Parquet, which has no
	// lines, the number of the record.
	Number int
	// Unit is "line" or "row" accordingly.
	Unit string
	// Fields are the columns by name. Values are string, bool, nil, json.Number,
	// int64, float64, []any or map[string]any.
	Fields map[string]any
}

// Place names a row within its file for messages: "file.csv:12" or
// "file.parquet: row 12".
func (r Row) Place(path string) string {
	if r.Unit == "row" {
		return fmt.Sprintf("%s: row %d", path, r.Number)
	}
	return fmt.Sprintf("%s:%d", path, r.Number)
}

// Extensions lists the file name endings that [Parse] knows.
var Extensions = []string{".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet"}

// Parse reads all rows of data, in the format that the ending of path tells; a
// file with another ending is read as JSON Lines. path is otherwise only for
// messages, which say where in the file a fault is. A file without rows is an
// error.
func Parse(ctx context.Context, path string, data []byte) ([]Row, error) {
	var rows []Row
	var err error
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json":
		rows, err = parseJSON(ctx, path, data)
	case ".csv":
		rows, err = parseSeparated(ctx, path, data, ',')
	case ".tsv":
		rows, err = parseSeparated(ctx, path, data, '\t')
	case ".parquet":
		rows, err = parseParquet(ctx, path, data)
	default:
		rows, err = parseLines(ctx, path, data)
	}
	if err == nil && len(rows) == 0 {
		err = fmt.Errorf("%s: no rows", path)
	}
	if err != nil {
		return nil, err
	}
	return rows, nil
}
