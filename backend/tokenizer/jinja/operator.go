package jinja

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
)

// compareBy applies one comparison operator.
func compareBy(op string, x, y any) (bool, error) {
	switch op {
	case "==":
		return equal(x, y), nil
	case "!=":
		return !equal(x, y), nil
	case "in":
		return contains(y, x)
	case "not in":
		ok, err := contains(y, x)
		return !ok, err
	}
	order, err := compare(x, y)
	if err != nil {
		return false, err
	}
	switch op {
	case "<":
		return order < 0, nil
	case "<=":
		return order <= 0, nil
	case ">":
		return order > 0, nil
	}
	return order >= 0, nil
}

// contains is Python's x in container.
func contains(container, x any) (bool, error) {
	if text, ok := container.(string); ok {
		part, ok := x.(string)
		if !ok {
			return false, fmt.Errorf("%s cannot be in a str", typeName(x))
		}
		return strings.Contains(text, part), nil
	}
	items, err := iterate(container)
	if err != nil {
		return false, fmt.Errorf("nothing can be in %s", typeName(container))
	}
	for _, item := range items {
		if equal(item, x) {
			return true, nil
		}
	}
	return false, nil
}

// maxText bounds what repetition may build.
const maxText = 1 << 24

// arithmetic applies an operator to two values as Python does.
func arithmetic(op string, x, y any) (any, error) {
	if op == "~" {
		return str(x) + str(y), nil
	}
	i, okI := asInt(x)
	j, okJ := asInt(y)
	if okI && okJ {
		return integers(op, i, j)
	}
	a, okA := asFloat(x)
	b, okB := asFloat(y)
	if okA && okB {
		return floats(op, a, b)
	}
	if op == "*" && okI {
		return repeat(y, i)
	} else if op == "*" && okJ {
		return repeat(x, j)
	}
	switch x := x.(type) {
	case string:
		if y, ok := y.(string); ok && op == "+" {
			return x + y, nil
		}
	case *List:
		if y, ok := y.(*List); ok && op == "+" && x.tuple == y.tuple {
			return &List{append(append([]any{}, x.Items...), y.Items...), x.tuple}, nil
		}
	}
	return nil, fmt.Errorf("%s %s %s is not possible", typeName(x), op, typeName(y))
}

// repeat is x * n for a string or list.
func repeat(x any, n int) (any, error) {
	n = max(n, 0)
	switch x := x.(type) {
	case string:
		if n > 0 && len(x) > maxText/n {
			return nil, fmt.Errorf("the repeated string is longer than %d bytes", maxText)
		}
		return strings.Repeat(x, n), nil
	case *List:
		if n > 0 && len(x.Items) > maxRange/n {
			return nil, fmt.Errorf("the repeated list is longer than %d", maxRange)
		}
		return &List{slices.Repeat(x.Items, n), x.tuple}, nil
	}
	return nil, fmt.Errorf("%s cannot be repeated", typeName(x))
}

// integers computes with integers; division and remainder round down. Python's integers have no bound, so a result beyond ours is an error.
func integers(op string, i, j int) (any, error) {
	exact := new(big.Int)
	x, y := big.NewInt(int64(i)), big.NewInt(int64(j))
	switch {
	case op == "+":
		exact.Add(x, y)
	case op == "-":
		exact.Sub(x, y)
	case op == "*":
		exact.Mul(x, y)
	case op == "**" && j >= 0:
		if j > 64 && (i > 1 || i < -1) {
			return nil, errors.New("the number does not fit in 64 bits")
		}
		exact.Exp(x, y, nil)
	case (op == "//" || op == "%") && j != 0:
		remainder := new(big.Int)
		exact.DivMod(x, y, remainder) // Euclidean: the remainder is not negative
		if remainder.Sign() != 0 && j < 0 {
			remainder.Add(remainder, y)
			exact.Sub(exact, big.NewInt(1))
		}
		if op == "%" {
			exact = remainder
		}
	default:
		return floats(op, float64(i), float64(j))
	}
	if !exact.IsInt64() {
		return nil, errors.New("the number does not fit in 64 bits")
	}
	return int(exact.Int64()), nil
}

// floats computes with floats.
func floats(op string, a, b float64) (any, error) {
	switch op {
	case "+":
		return a + b, nil
	case "-":
		return a - b, nil
	case "*":
		return a * b, nil
	case "**":
		return math.Pow(a, b), nil
	}
	if b == 0 {
		return nil, errors.New("division by zero")
	}
	switch op {
	case "/":
		return a / b, nil
	case "//":
		return math.Floor(a / b), nil
	}
	return a - b*math.Floor(a/b), nil
}
