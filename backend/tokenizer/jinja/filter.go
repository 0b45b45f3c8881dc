package jinja

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// filters are what may follow |. The value stands first among the arguments. They are filled by init, because map and select look filters and
// tests up by name.
var filters map[string]callable

func init() {
	filters = map[string]callable{
		"tojson":     jsonFilter,
		"trim":       trimFilter,
		"length":     lengthFilter,
		"count":      lengthFilter,
		"upper":      textFilter(upper),
		"lower":      textFilter(lower),
		"title":      textFilter(titleWords),
		"capitalize": textFilter(capitalize),
		"string":     textFilter(func(s string) string { return s }),
		"safe":       textFilter(func(s string) string { return s }),
		"escape":     textFilter(escaper.Replace),
		"e":          textFilter(escaper.Replace),
		"default":    defaultFilter,
		"d":          defaultFilter,
		"join":       joinFilter,
		"replace":    replaceFilter,
		"indent":     indentFilter,
		"first":      endFilter(func(items []any) any { return items[0] }),
		"last":       endFilter(func(items []any) any { return items[len(items)-1] }),
		"list":       listFilter(func(items []any) []any { return items }),
		"reverse":    reverseFilter,
		"unique":     listFilter(unique),
		"sort":       sortFilter,
		"items":      itemsFilter,
		"dictsort":   dictsortFilter,
		"map":        mapFilter,
		"select":     selectFilter(true, false),
		"reject":     selectFilter(false, false),
		"selectattr": selectFilter(true, true),
		"rejectattr": selectFilter(false, true),
		"sum":        sumFilter,
		"min":        extremeFilter(-1),
		"max":        extremeFilter(1),
		"int":        intFilter,
		"float":      floatFilter,
		"abs":        absFilter,
		"round":      roundFilter,
	}
}

// escaper escapes the characters that mean something in HTML.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;")

// textFilter makes a filter of a string function.
func textFilter(f func(string) string) callable {
	return func(args []any, named *Dict) (any, error) {
		if len(args) != 1 || len(named.keys) > 0 {
			return nil, errArguments
		}
		return f(str(args[0])), nil
	}
}

// titleWords is the title filter, which, unlike the method, begins words only after white space, hyphens and opening brackets.
func titleWords(s string) string {
	begins := true
	var out strings.Builder
	for _, r := range s {
		switch {
		case strings.ContainsRune("-({[<", r) || unicode.IsSpace(r):
			out.WriteRune(r)
			begins = true
			continue
		case begins:
			out.WriteString(upper(string(r)))
		default:
			out.WriteString(lower(string(r)))
		}
		begins = false
	}
	return out.String()
}

// jsonFilter is tojson as transformers defines it: json.dumps without ASCII escapes and without escaping for HTML.
func jsonFilter(args []any, named *Dict) (any, error) {
	all, err := positional(args[1:], named, "ensure_ascii", "indent", "separators", "sort_keys")
	if err != nil {
		return nil, fmt.Errorf("tojson: %w", err)
	}
	all = append(all, make([]any, 4-len(all))...)
	style := jsonStyle{item: ", ", key: ": ", ascii: truth(all[0]), sorted: truth(all[3])}
	switch indent := all[1].(type) {
	case nil:
	case int:
		style.indent, style.lines, style.item = strings.Repeat(" ", max(indent, 0)), true, ","
	case string:
		style.indent, style.lines, style.item = indent, true, ","
	default:
		return nil, errors.New("tojson: indent must be an integer or a string")
	}
	if all[2] != nil {
		separators, ok := all[2].(*List)
		if !ok || len(separators.Items) != 2 {
			return nil, errors.New("tojson: separators must be a pair of strings")
		}
		style.item, style.key = str(separators.Items[0]), str(separators.Items[1])
	}
	text, err := toJSON(args[0], style)
	if err != nil {
		return nil, fmt.Errorf("tojson: %w", err)
	}
	return text, nil
}

// trimFilter is trim, of white space or of given characters.
func trimFilter(args []any, named *Dict) (any, error) {
	all, err := positional(args[1:], named, "chars")
	if err != nil {
		return nil, fmt.Errorf("trim: %w", err)
	}
	return strip(true, true)(str(args[0]), all)
}

// lengthFilter counts characters, elements or keys.
func lengthFilter(args []any, _ *Dict) (any, error) {
	items, err := iterate(args[0])
	if err != nil || len(args) > 1 {
		return nil, fmt.Errorf("%s has no length", typeName(args[0]))
	}
	return len(items), nil
}

// defaultFilter gives another value for one that is undefined, or also for a false one.
func defaultFilter(args []any, named *Dict) (any, error) {
	all, err := positional(args[1:], named, "default_value", "boolean")
	if err != nil {
		return nil, fmt.Errorf("default: %w", err)
	}
	all = append(all, make([]any, 2-len(all))...)
	if isUndefined(args[0]) || truth(all[1]) && !truth(args[0]) {
		if all[0] == nil && len(args) == 1 && len(named.keys) == 0 {
			return "", nil
		}
		return all[0], nil
	}
	return args[0], nil
}

// joinFilter joins the elements as text, or one attribute of each.
func joinFilter(args []any, named *Dict) (any, error) {
	all, err := positional(args[1:], named, "d", "attribute")
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	all = append(all, make([]any, 2-len(all))...)
	items, err := iterate(args[0])
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	separator := ""
	if all[0] != nil {
		separator = str(all[0])
	}
	parts := make([]string, len(items))
	for i, item := range items {
		if all[1] != nil {
			item = attributeOf(item, all[1])
		}
		parts[i] = str(item)
	}
	return strings.Join(parts, separator), nil
}

// replaceFilter is replace on the text of a value.
func replaceFilter(args []any, named *Dict) (any, error) {
	all, err := positional(args[1:], named, "old", "new", "count")
	if err != nil {
		return nil, fmt.Errorf("replace: %w", err)
	}
	for i := range min(len(all), 2) {
		all[i] = str(all[i])
	}
	return replace(str(args[0]), all)
}

// indentFilter indents all lines but the first.
func indentFilter(args []any, named *Dict) (any, error) {
	all, err := positional(args[1:], named, "width", "first", "blank")
	if err != nil {
		return nil, fmt.Errorf("indent: %w", err)
	}
	all = append(all, make([]any, 3-len(all))...)
	prefix := "    "
	switch width := all[0].(type) {
	case nil:
	case int:
		prefix = strings.Repeat(" ", max(width, 0))
	case string:
		prefix = width
	default:
		return nil, errors.New("indent: width must be an integer or a string")
	}
	lines := strings.Split(str(args[0]), "\n")
	for i, line := range lines {
		if (i > 0 || truth(all[1])) && (line != "" || truth(all[2]) && i > 0) {
			lines[i] = prefix + line
		}
	}
	return strings.Join(lines, "\n"), nil
}

// intFilter converts to an integer, or gives the default.
func intFilter(args []any, named *Dict) (any, error) {
	all, err := positional(args[1:], named, "default")
	if err != nil {
		return nil, fmt.Errorf("int: %w", err)
	}
	if f, ok := asFloat(args[0]); ok && !math.IsNaN(f) && !math.IsInf(f, 0) {
		if n, ok := asInt(args[0]); ok {
			return n, nil
		}
		return int(f), nil
	}
	if isUndefined(args[0]) {
		return nil, fmt.Errorf("int: %s", typeName(args[0]))
	}
	if s, ok := args[0].(string); ok {
		s = strings.TrimSpace(s)
		if n, err := strconv.Atoi(s); err == nil {
			return n, nil
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return int(f), nil
		}
	}
	if len(all) > 0 {
		return all[0], nil
	}
	return 0, nil
}

// floatFilter converts to a float, or gives the default.
func floatFilter(args []any, named *Dict) (any, error) {
	all, err := positional(args[1:], named, "default")
	if err != nil {
		return nil, fmt.Errorf("float: %w", err)
	}
	if isUndefined(args[0]) {
		return nil, fmt.Errorf("float: %s", typeName(args[0]))
	}
	if f, ok := asFloat(args[0]); ok {
		return f, nil
	}
	if s, ok := args[0].(string); ok {
		if f, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil {
			return f, nil
		}
	}
	if len(all) > 0 {
		return all[0], nil
	}
	return 0.0, nil
}

// absFilter is the absolute value.
func absFilter(args []any, _ *Dict) (any, error) {
	if n, ok := asInt(args[0]); ok {
		return max(n, -n), nil
	}
	if f, ok := args[0].(float64); ok {
		return math.Abs(f), nil
	}
	return nil, fmt.Errorf("abs: %s is no number", typeName(args[0]))
}

// roundFilter is round(precision, method): common (half to even, as Python's round), ceil or floor.
func roundFilter(args []any, named *Dict) (any, error) {
	all, err := positional(args[1:], named, "precision", "method")
	if err != nil {
		return nil, fmt.Errorf("round: %w", err)
	}
	all = append(all, make([]any, 2-len(all))...)
	v, ok := asFloat(args[0])
	precision, okPrecision := 0, true
	if all[0] != nil {
		precision, okPrecision = asInt(all[0])
	}
	if !ok || !okPrecision {
		return nil, errors.New("round: expected a number and an integer precision")
	}
	scale := math.Pow(10, float64(precision))
	switch all[1] {
	case nil, "common":
		if precision >= 0 { // decimal rounding of the exact value, which scaling would lose
			return strconv.ParseFloat(strconv.FormatFloat(v, 'f', precision, 64), 64)
		}
		return math.RoundToEven(v*scale) / scale, nil
	case "ceil":
		return math.Ceil(v*scale) / scale, nil
	case "floor":
		return math.Floor(v*scale) / scale, nil
	}
	return nil, errors.New("round: method must be common, ceil or floor")
}
