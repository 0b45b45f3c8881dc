package jinja

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
)

// TestReference compares with what Python's jinja2 makes of the same templates, in the environment of the transformers library. The file is
// written by testdata/reference.py.
func TestReference(t *testing.T) {
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vars json.RawMessage `json:"vars"`
		Rows []struct {
			Template string  `json:"template"`
			Want     *string `json:"want"`
			Error    string  `json:"error"` // the Python exception, when it fails
		} `json:"rows"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	parsed, err := ParseJSON(file.Vars)
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]any{}
	for _, key := range parsed.(*Dict).Keys() {
		variables[key], _ = parsed.(*Dict).Get(key)
	}
	for _, row := range file.Rows {
		got, err := render(row.Template, variables)
		var fault *Error
		switch {
		case row.Want == nil && err == nil:
			t.Errorf("%q gave %q, want an error (%s)", row.Template, got, row.Error)
		case row.Want == nil && (!errors.As(err, &fault) || fault.Line < 1):
			t.Errorf("%q: error %v names no line", row.Template, err)
		case row.Want != nil && err != nil:
			t.Errorf("%q: %v, want %q", row.Template, err, *row.Want)
		case row.Want != nil && got != *row.Want:
			t.Errorf("%q gave\n%q, want\n%q", row.Template, got, *row.Want)
		}
	}
	if len(file.Rows) < 500 {
		t.Errorf("only %d rows", len(file.Rows))
	}
}

// render parses and renders.
func render(source string, variables map[string]any) (string, error) {
	template, err := Parse(source)
	if err != nil {
		return "", err
	}
	return template.Render(variables)
}
