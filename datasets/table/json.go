package table

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// checkEvery is after how many rows the context is looked at.
const checkEvery = 1024

// byteOrderMark may begin a text file.
const byteOrderMark = "\xef\xbb\xbf"

// parseLines reads one JSON object a line; blank lines are passed over.
func parseLines(ctx context.Context, path string, data []byte) ([]Row, error) {
	rows := make([]Row, 0, bytes.Count(data, []byte{'\n'})+1)
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	for line := 1; len(data) > 0; line++ {
		if line%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		text, rest, _ := bytes.Cut(data, []byte{'\n'})
		data = rest
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		fields, err := object(text)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: expected one JSON object a line: %w", path, line, err)
		}
		rows = append(rows, Row{line, "line", fields})
	}
	return rows, nil
}

// object decodes one JSON object, with its numbers as they are spelled.
func object(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var fields map[string]any
	if err := d.Decode(&fields); err != nil {
		return nil, err
	}
	if fields == nil {
		return nil, fmt.Errorf("found null")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("found more after the object")
	}
	return fields, nil
}

// parseJSON reads an array of objects, or an object that holds one array of
// objects, such as {"data": […]}.
func parseJSON(ctx context.Context, path string, data []byte) ([]Row, error) {
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	if start := bytes.TrimLeft(data, " \t\r\n"); len(start) > 0 && start[0] == '{' {
		return parseWrapped(ctx, path, data)
	}
	return parseArray(ctx, path, data, 1)
}

// parseArray reads an array whose first line is the given one of the file.
func parseArray(ctx context.Context, path string, data []byte, line int) ([]Row, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, fmt.Errorf("%s:%d: expected an array of JSON objects", path, line)
	}
	var rows []Row
	counted := 0 // bytes whose line breaks are in line
	for d.More() {
		if len(rows)%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		begin := int(d.InputOffset())
		begin += len(data[begin:]) - len(bytes.TrimLeft(data[begin:], " \t\r\n,"))
		line += bytes.Count(data[counted:begin], []byte{'\n'})
		counted = begin
		var element json.RawMessage
		if err := d.Decode(&element); err != nil {
			return nil, fmt.Errorf("%s:%d: row %d is no valid JSON: %w", path, line, len(rows)+1, err)
		}
		fields, err := object(element)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: row %d: expected a JSON object: %w", path, line, len(rows)+1, err)
		}
		rows = append(rows, Row{line, "line", fields})
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("%s: the array does not end: %w", path, err)
	}
	return rows, nil
}

// parseWrapped reads {"version": 1, "data": [{…}, …]}. A file with one JSON
// object a line that is named .json by mistake is read as such.
func parseWrapped(ctx context.Context, path string, data []byte) ([]Row, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	var whole map[string]json.RawMessage
	if err := d.Decode(&whole); err != nil {
		return nil, fmt.Errorf("%s: no valid JSON: %w", path, err)
	}
	if d.More() {
		return parseLines(ctx, path, data)
	}
	var arrays []string
	for name, value := range whole {
		if text := bytes.TrimLeft(value, " \t\r\n"); len(text) > 1 && text[0] == '[' && bytes.HasPrefix(bytes.TrimLeft(text[1:], " \t\r\n"), []byte("{")) {
			arrays = append(arrays, name)
		}
	}
	if len(arrays) != 1 {
		slices.Sort(arrays)
		return nil, fmt.Errorf("%s: expected an array of JSON objects, or an object with one such array, found %d: %s", path, len(arrays), strings.Join(arrays, ", "))
	}
	array := whole[arrays[0]]
	before := data[:max(0, bytes.Index(data, array))]
	return parseArray(ctx, path, array, 1+bytes.Count(before, []byte{'\n'}))
}
