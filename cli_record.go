package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// record is one line of input on its way to its line of output.
type record struct {
	number int             // of the line, from 1
	size   int             // bytes of the line
	id     json.RawMessage // passed through; null where the line has none
	fields map[string]json.RawMessage

	answer any // what is printed, an object
	err    error
	done   chan struct{} // closed once answer or err is set
}

// newRecord reads a line; one that is no JSON object is finished with an error.
func newRecord(number int, line []byte) *record {
	r := &record{number: number, size: len(line), id: json.RawMessage("null"), done: make(chan struct{})}
	err := json.Unmarshal(line, &r.fields)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		r.finish(nil, fmt.Errorf("not valid JSON, at byte %d: %w", syntax.Offset, err))
	case err != nil || r.fields == nil:
		r.finish(nil, fmt.Errorf("expected a JSON object, found %s", abridged(line)))
	default:
		if id, ok := r.fields["id"]; ok {
			r.id = id
		}
	}
	return r
}

// finish sets the answer, or the error that is printed in its place.
func (r *record) finish(answer any, err error) {
	r.answer, r.err = answer, err
	close(r.done)
}

// has tells whether the line has a field that is not null.
func (r *record) has(name string) bool {
	raw, ok := r.fields[name]
	return ok && string(raw) != "null"
}

// read decodes fields into what the targets point to. One that is absent or null leaves its target alone.
func (r *record) read(targets map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(targets)) {
		if !r.has(name) {
			continue
		}
		if err := json.Unmarshal(r.fields[name], targets[name]); err != nil {
			if want := describe(targets[name]); want != "" {
				err = fmt.Errorf("expected %s, found %s", want, abridged(r.fields[name]))
			}
			return fmt.Errorf("field %q: %w", name, err)
		}
	}
	return nil
}

// readAll is read, and refuses fields that have no target: a misspelt one must not be passed over.
func (r *record) readAll(targets map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(r.fields)) {
		if _, known := targets[name]; !known && name != "id" {
			return fmt.Errorf("unknown field %q: want one of %s", name, strings.Join(slices.Sorted(maps.Keys(targets)), ", "))
		}
	}
	return r.read(targets)
}

// describe says what JSON value a target takes; "" where its own error says more.
func describe(target any) string {
	switch target.(type) {
	case *string:
		return "a string"
	case *bool, **bool:
		return "true or false"
	case *int, *uint64, **uint64:
		return "a whole number"
	case *float64:
		return "a number"
	case *[]int32:
		return "a list of token ids"
	case *stringList:
		return "a string or a list of strings"
	case *map[int32]float64:
		return "an object of token ids and numbers"
	}
	return ""
}

// stringList is a list of strings, or a string that stands for a list of one.
type stringList []string

// UnmarshalJSON reads both spellings.
func (l *stringList) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*l = stringList{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(l))
}

// abridged is the beginning of a JSON text, for messages.
func abridged(text []byte) string {
	const most = 40
	if len(text) <= most {
		return string(text)
	}
	return strings.ToValidUTF8(string(text[:most]), "") + "…"
}
