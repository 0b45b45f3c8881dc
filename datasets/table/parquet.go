package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// batchRows is how many rows are read at once.
const batchRows = 256

// rowsPerByte bounds how many rows are believed: more hold no text.
const rowsPerByte = 8

// parseParquet reads a Parquet file with whatever columns it has, nested ones
// too.
func parseParquet(ctx context.Context, path string, data []byte) (rows []Row, err error) {
	defer func() { // the reader panics on some damaged files
		if fault := recover(); fault != nil {
			rows, err = nil, fmt.Errorf("%s: damaged Parquet file: %v", path, fault)
		}
	}()
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)), parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	if err != nil {
		return nil, fmt.Errorf("%s: not a Parquet file: %w", path, err)
	}
	if most := 1000 + rowsPerByte*int64(len(data)); f.NumRows() > most {
		return nil, fmt.Errorf("%s: damaged Parquet file: it claims %d rows in %d bytes", path, f.NumRows(), len(data))
	}
	r := parquet.NewGenericReader[any](f)
	defer r.Close()
	batch := make([]any, batchRows)
	for {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n, err := r.Read(batch)
		for _, record := range batch[:n] {
			fields, ok := record.(map[string]any)
			if !ok {
				return nil, fmt.Errorf("%s: row %d: expected named columns, found %T", path, len(rows)+1, record)
			}
			rows = append(rows, Row{len(rows) + 1, "row", plain(fields).(map[string]any)})
		}
		clear(batch)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: after row %d: %w", path, len(rows), err)
		}
		if n == 0 {
			return nil, fmt.Errorf("%s: after row %d: no more rows, and no end", path, len(rows))
		}
	}
}

// plain gives values the few types that Row promises.
func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for name := range v {
			v[name] = plain(v[name])
		}
		return v
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
		return v
	case nil, bool, string, int64, float64:
		return v
	case int32:
		return int64(v)
	case uint32:
		return int64(v)
	case float32:
		return float64(v)
	case []byte:
		return string(v)
	}
	return fmt.Sprint(value)
}
