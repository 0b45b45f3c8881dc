package table

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// parseSeparated reads a table whose first record names the columns. Values
// stay text.
func parseSeparated(ctx context.Context, path string, data []byte, comma rune) ([]Row, error) {
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte(byteOrderMark))))
	r.Comma = comma
	r.LazyQuotes = comma == '\t'
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	header = append([]string(nil), header...)
	seen := make(map[string]bool)
	for i, name := range header {
		header[i] = strings.TrimSpace(name)
		if header[i] != "" && seen[header[i]] {
			return nil, fmt.Errorf("%s:1: column %q is named twice", path, header[i])
		}
		seen[header[i]] = true
	}
	var rows []Row
	for {
		if len(rows)%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err) // which names the line
		}
		line, _ := r.FieldPos(0)
		fields := make(map[string]any, len(record))
		for i, value := range record {
			if header[i] != "" {
				fields[header[i]] = value
			}
		}
		rows = append(rows, Row{line, "line", fields})
	}
}
