package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// fields are the members of a request's JSON object, read one by one. Members of the wrong kind are collected as faults and reported
// together, in the shape of a validation error of vLLM. A member that is null counts as absent.
type fields struct {
	raw    map[string]json.RawMessage
	read   map[string]bool // names that somebody asked for
	faults []fault
}

// fault is one thing wrong with the form of a request.
type fault struct {
	kind, loc, message, input, context string
}

// String spells the fault as vLLM does, which prints a Python dictionary.
func (f fault) String() string {
	context := ""
	if f.context != "" {
		context = fmt.Sprintf(", 'ctx': {'error': '%s'}", f.context)
	}
	return fmt.Sprintf("{'type': '%s', 'loc': '%s', 'msg': '%s', 'input': %s%s}", f.kind, f.loc, f.message, f.input, context)
}

// parseFields reads a request body.
func parseFields(body []byte) (*fields, error) {
	f := &fields{read: map[string]bool{}}
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\ufffd"))
	}
	err := json.Unmarshal(body, &f.raw)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		loc := fmt.Sprintf("body.%d", max(0, syntax.Offset-1))
		f.faults = []fault{{kind: "json_invalid", loc: loc, message: "JSON decode error", input: "'<dict of 0 items>'", context: syntax.Error()}}
	case err != nil || f.raw == nil:
		f.faults = []fault{{kind: "model_attributes_type", loc: "body", message: "Input should be a valid dictionary or object to extract fields from", input: describe(body)}}
	}
	return f, f.err()
}

// err is the error that reports all faults, nil when there are none.
func (f *fields) err() error {
	if len(f.faults) == 0 {
		return nil
	}
	plural := "s"
	if len(f.faults) == 1 {
		plural = ""
	}
	var message strings.Builder
	fmt.Fprintf(&message, "%d validation error%s:", len(f.faults), plural)
	for _, fault := range f.faults {
		message.WriteString("\n  " + fault.String())
	}
	return &apiError{status: http.StatusBadRequest, kind: "Bad Request", message: message.String(), param: f.faults[0].loc}
}

// get gives the text of a member; false when it is absent or null.
func (f *fields) get(name string) (json.RawMessage, bool) {
	f.read[name] = true
	raw, ok := f.raw[name]
	return raw, ok && string(bytes.TrimSpace(raw)) != "null"
}

// wrong notes a member of the wrong kind.
func (f *fields) wrong(name, kind, message string, raw []byte) {
	f.faults = append(f.faults, fault{kind: kind, loc: "body." + name, message: message, input: describe(raw)})
}

// missing notes an absent member that is required.
func (f *fields) missing(name string) {
	f.faults = append(f.faults, fault{kind: "missing", loc: "body." + name, message: "Field required", input: fmt.Sprintf("'<dict of %d items>'", len(f.raw))})
}

// into reads a member that encoding/json decodes as it is; false when it is absent or wrong.
func (f *fields) into(name string, to any, kind, message string) bool {
	raw, ok := f.get(name)
	if !ok {
		return false
	}
	if err := json.Unmarshal(raw, to); err != nil {
		f.wrong(name, kind, message, raw)
		return false
	}
	return true
}

func (f *fields) float(name string, to *float64) bool {
	return f.into(name, to, "float_type", "Input should be a valid number")
}

func (f *fields) bool(name string, to *bool) bool {
	return f.into(name, to, "bool_type", "Input should be a valid boolean")
}

func (f *fields) string(name string, to *string) bool {
	return f.into(name, to, "string_type", "Input should be a valid string")
}

// int reads a whole number, which may be written 3.0.
func (f *fields) int(name string, to *int64) bool {
	raw, ok := f.get(name)
	if !ok {
		return false
	}
	if json.Unmarshal(raw, to) == nil {
		return true
	}
	var x float64
	if json.Unmarshal(raw, &x) != nil || x != math.Trunc(x) || math.Abs(x) >= 1<<53 {
		f.wrong(name, "int_type", "Input should be a valid integer", raw)
		return false
	}
	*to = int64(x)
	return true
}

// size reads a count or an index into to; what is out of all proportion is cut to ±2³¹ and left to later checks.
func (f *fields) size(name string, to *int) bool {
	var x int64
	if !f.int(name, &x) {
		return false
	}
	*to = int(min(max(x, math.MinInt32), math.MaxInt32))
	return true
}

// ids reads a list of token ids.
func (f *fields) ids(name string, to *[]int32) bool {
	return f.into(name, to, "list_type", "Input should be a valid list of token ids")
}

// strings reads a string or a list of strings.
func (f *fields) strings(name string, to *[]string) bool {
	raw, ok := f.get(name)
	if !ok {
		return false
	}
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*to = []string{one}
		return true
	}
	return f.into(name, to, "list_type", "Input should be a valid string or list of strings")
}

// empty tells whether a member is absent or says nothing: null, false, 0, "", [] or {}.
func (f *fields) empty(name string) bool {
	raw, ok := f.get(name)
	if !ok {
		return true
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return false
	}
	return slices.Contains([]string{"false", "0", `""`, "[]", "{}"}, compact.String())
}

// logUnknown tells the log which members nobody asked for.
func (f *fields) logUnknown(log *slog.Logger) {
	for name := range f.raw {
		if !f.read[name] {
			log.Debug("request field ignored", "field", name)
		}
	}
}

// describe shows a JSON value in an error, short.
func describe(raw []byte) string {
	var list []json.RawMessage
	var dict map[string]json.RawMessage
	var text string
	switch {
	case json.Unmarshal(raw, &text) == nil:
		return "'" + shorten(text) + "'"
	case json.Unmarshal(raw, &list) == nil && list != nil:
		return fmt.Sprintf("'<list of %d items>'", len(list))
	case json.Unmarshal(raw, &dict) == nil && dict != nil:
		return fmt.Sprintf("'<dict of %d items>'", len(dict))
	}
	return shorten(string(raw))
}

// shorten cuts a text to 100 characters.
func shorten(text string) string {
	if runes := []rune(text); len(runes) > 100 {
		return string(runes[:100]) + "…"
	}
	return text
}
