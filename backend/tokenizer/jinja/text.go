package jinja

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// str is Python's str().
func str(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case undefined:
		return ""
	}
	return repr(v)
}

// repr is Python's repr().
func repr(v any) string { return reprTo(v, maxDepth) }

// reprTo is repr to a depth: a namespace may hold itself.
func reprTo(v any, depth int) string {
	if depth == 0 {
		return "..."
	}
	switch v := v.(type) {
	case nil:
		return "None"
	case undefined:
		return "Undefined"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int:
		return strconv.Itoa(v)
	case float64:
		return reprFloat(v)
	case string:
		return reprString(v)
	case *List:
		return reprList(v, depth)
	case *Dict:
		parts := make([]string, len(v.keys))
		for i, key := range v.keys {
			parts[i] = reprString(key) + ": " + reprTo(v.values[key], depth-1)
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case *namespace:
		return "<Namespace " + reprTo(v.Dict, depth-1) + ">"
	}
	return "<" + typeName(v) + ">"
}

// reprList writes a list or tuple.
func reprList(v *List, depth int) string {
	parts := make([]string, len(v.Items))
	for i, item := range v.Items {
		parts[i] = reprTo(item, depth-1)
	}
	inner := strings.Join(parts, ", ")
	switch {
	case !v.tuple:
		return "[" + inner + "]"
	case len(parts) == 1:
		return "(" + inner + ",)"
	}
	return "(" + inner + ")"
}

// reprFloat is the shortest decimal that reads back as v, as Python writes it.
func reprFloat(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 0):
		if v < 0 {
			return "-inf"
		}
		return "inf"
	}
	if size := math.Abs(v); v != 0 && (size < 1e-4 || size >= 1e16) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	out := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(out, ".") {
		out += ".0"
	}
	return out
}

// reprString quotes as Python does: single quotes unless the string has some and no double ones.
func reprString(s string) string {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var out strings.Builder
	out.WriteRune(quote)
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			out.WriteRune('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r == ' ' || unicode.IsGraphic(r) && !unicode.IsSpace(r):
			out.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&out, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			fmt.Fprintf(&out, `\U%08x`, r)
		}
	}
	out.WriteRune(quote)
	return out.String()
}

// jsonStyle is how toJSON lays its text out.
type jsonStyle struct {
	item, key string // separators
	indent    string // of one level, "" for a single line
	lines     bool   // one element a line
	sorted    bool   // keys in order
	ascii     bool   // escape all that is not ASCII
}

// toJSON is Python's json.dumps.
func toJSON(v any, style jsonStyle) (string, error) {
	var out strings.Builder
	err := writeJSON(&out, v, style, "\n")
	return out.String(), err
}

// writeJSON writes one value; newline starts a line at the level of the value.
func writeJSON(out *strings.Builder, v any, style jsonStyle, newline string) error {
	switch v := v.(type) {
	case nil:
		out.WriteString("null")
	case bool:
		out.WriteString(strconv.FormatBool(v))
	case int:
		out.WriteString(strconv.Itoa(v))
	case float64:
		switch text := reprFloat(v); text {
		case "nan":
			out.WriteString("NaN")
		case "inf", "-inf":
			out.WriteString(strings.Replace(text, "inf", "Infinity", 1))
		default:
			out.WriteString(text)
		}
	case string:
		writeJSONString(out, v, style.ascii)
	case *List:
		return writeElements(out, len(v.Items), "[]", style, newline, func(i int, newline string) error {
			return writeJSON(out, v.Items[i], style, newline)
		})
	case *Dict:
		keys := v.keys
		if style.sorted {
			keys = sortedStrings(keys)
		}
		return writeElements(out, len(keys), "{}", style, newline, func(i int, newline string) error {
			writeJSONString(out, keys[i], style.ascii)
			out.WriteString(style.key)
			return writeJSON(out, v.values[keys[i]], style, newline)
		})
	default:
		return fmt.Errorf("%s cannot be written as JSON", typeName(v))
	}
	return nil
}

// writeElements writes the brackets, separators and line breaks around n elements.
func writeElements(out *strings.Builder, n int, brackets string, style jsonStyle, newline string, element func(i int, newline string) error) error {
	out.WriteByte(brackets[0])
	inner := newline + style.indent
	for i := range n {
		if i > 0 {
			out.WriteString(style.item)
		}
		if style.lines {
			out.WriteString(inner)
		}
		if err := element(i, inner); err != nil {
			return err
		}
	}
	if style.lines && n > 0 {
		out.WriteString(newline)
	}
	out.WriteByte(brackets[1])
	return nil
}

// writeJSONString writes a quoted string with Python's escapes.
func writeJSONString(out *strings.Builder, s string, ascii bool) {
	out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r == '\b':
			out.WriteString(`\b`)
		case r == '\f':
			out.WriteString(`\f`)
		case r < 0x20 || ascii && r >= 0x7f && r < 0x10000:
			fmt.Fprintf(out, `\u%04x`, r)
		case ascii && r >= 0x10000:
			r -= 0x10000
			fmt.Fprintf(out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
}

// ParseJSON reads JSON into values a template takes: objects become *Dict, in the order of the text, so that a tool's description is rendered as
// it was written.
func ParseJSON(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	v, err := parseValue(dec)
	if err == nil {
		if _, err = dec.Token(); err == nil {
			err = errors.New("text follows the value")
		} else if errors.Is(err, io.EOF) {
			return v, nil
		}
	}
	return nil, fmt.Errorf("parse JSON: %w", err)
}

// parseValue reads one value. The decoder bounds the depth.
func parseValue(dec *json.Decoder) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Number:
		return number(token.String())
	case json.Delim:
		if token == '[' {
			list := &List{}
			for dec.More() {
				item, err := parseValue(dec)
				if err != nil {
					return nil, err
				}
				list.Items = append(list.Items, item)
			}
			_, err := dec.Token()
			return list, err
		}
		dict := NewDict()
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			value, err := parseValue(dec)
			if err != nil {
				return nil, err
			}
			dict.Set(key.(string), value) // the decoder allows no other keys
		}
		_, err := dec.Token()
		return dict, err
	}
	return token, nil
}

// number reads a JSON number: an int where it is written as one.
func number(text string) (any, error) {
	if strings.ContainsAny(text, ".eE") {
		return strconv.ParseFloat(text, 64)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("the number %s does not fit in 64 bits", text)
	}
	return n, nil
}
