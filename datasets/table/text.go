package table

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// Text writes a single value as text: numbers as they were spelled, whole
// floating-point numbers as integers, nil as "". ok is false for lists and
// objects.
func Text(value any) (text string, ok bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e15 {
			return strconv.FormatInt(int64(v), 10), true
		}
		return strconv.FormatFloat(v, 'g', -1, 64), true
	}
	return "", false
}

// Number reads a value as a number; ok is false where it is none.
func Number(value any) (number float64, ok bool) {
	text, ok := Text(value)
	if _, isBool := value.(bool); !ok || isBool {
		return 0, false
	}
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}

// Describe shows a value in messages, shortened.
func Describe(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		text = fmt.Append(nil, value)
	}
	if r := []rune(string(text)); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return string(text)
}
