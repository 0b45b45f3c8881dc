package jinja

import (
	"fmt"
	"strings"
	"unicode"
)

// tests are what may follow "is". The value stands first among the arguments.
var tests = map[string]func(args []any) (bool, error){
	"defined":     ofType(func(v any) bool { return !isUndefined(v) }),
	"undefined":   ofType(isUndefined),
	"none":        ofType(func(v any) bool { return v == nil }),
	"boolean":     ofType(func(v any) bool { _, ok := v.(bool); return ok }),
	"true":        ofType(func(v any) bool { return v == true }),
	"false":       ofType(func(v any) bool { return v == false }),
	"integer":     ofType(func(v any) bool { _, ok := v.(int); return ok }),
	"float":       ofType(func(v any) bool { _, ok := v.(float64); return ok }),
	"number":      ofType(func(v any) bool { _, ok := asFloat(v); return ok }),
	"string":      ofType(func(v any) bool { _, ok := v.(string); return ok }),
	"mapping":     ofType(func(v any) bool { _, ok := v.(*Dict); return ok }),
	"callable":    ofType(func(v any) bool { _, ok := v.(callable); return ok }),
	"iterable":    ofType(func(v any) bool { _, err := iterate(v); return err == nil }),
	"sequence":    ofType(func(v any) bool { _, err := iterate(v); return err == nil }),
	"lower":       ofType(func(v any) bool { return hasCase(str(v), unicode.IsUpper, unicode.IsLower) }),
	"upper":       ofType(func(v any) bool { return hasCase(str(v), unicode.IsLower, unicode.IsUpper) }),
	"even":        divisible(2, 0),
	"odd":         divisible(2, 1),
	"divisibleby": divisibleBy,
	"in":          withOther(func(v, other any) (bool, error) { return contains(other, v) }),
	"sameas":      withOther(sameAs),
	"eq":          comparing("=="), "equalto": comparing("=="), "==": comparing("=="),
	"ne": comparing("!="), "!=": comparing("!="),
	"lt": comparing("<"), "lessthan": comparing("<"), "<": comparing("<"),
	"le": comparing("<="), "<=": comparing("<="),
	"gt": comparing(">"), "greaterthan": comparing(">"), ">": comparing(">"),
	"ge": comparing(">="), ">=": comparing(">="),
}

// isUndefined tells whether a value does not exist.
func isUndefined(v any) bool { _, ok := v.(undefined); return ok }

// ofType makes a test without arguments.
func ofType(f func(any) bool) func([]any) (bool, error) {
	return func(args []any) (bool, error) {
		if len(args) != 1 {
			return false, fmt.Errorf("takes no argument, got %d", len(args)-1)
		}
		return f(args[0]), nil
	}
}

// withOther makes a test with one argument.
func withOther(f func(v, other any) (bool, error)) func([]any) (bool, error) {
	return func(args []any) (bool, error) {
		if len(args) != 2 {
			return false, fmt.Errorf("takes one argument, got %d", len(args)-1)
		}
		return f(args[0], args[1])
	}
}

// comparing makes a test of an operator.
func comparing(op string) func([]any) (bool, error) {
	return withOther(func(v, other any) (bool, error) { return compareBy(op, v, other) })
}

// sameAs compares identity, which for values without one is equality within a type.
func sameAs(v, other any) (bool, error) {
	switch v.(type) {
	case nil, bool, int, float64, string:
		return typeName(v) == typeName(other) && equal(v, other), nil
	case callable:
		return false, fmt.Errorf("functions cannot be compared")
	}
	if _, ok := other.(callable); ok {
		return false, nil
	}
	return v == other, nil
}

// divisible makes a test of a remainder.
func divisible(by, remainder int) func([]any) (bool, error) {
	return func(args []any) (bool, error) {
		n, ok := asInt(args[0])
		if !ok || len(args) != 1 {
			return false, fmt.Errorf("needs one integer, found %s", typeName(args[0]))
		}
		return n%by == remainder || n%by == -remainder, nil
	}
}

// divisibleBy is the test of that name.
func divisibleBy(args []any) (bool, error) {
	if len(args) == 2 {
		n, okN := asInt(args[0])
		by, okBy := asInt(args[1])
		if okN && okBy && by != 0 {
			return n%by == 0, nil
		}
	}
	return false, fmt.Errorf("needs an integer and a divisor")
}

// hasCase is Python's islower and isupper: some character of the wanted case and none of the other.
func hasCase(s string, other, wanted func(rune) bool) bool {
	return strings.IndexFunc(s, wanted) >= 0 && strings.IndexFunc(s, other) < 0
}
