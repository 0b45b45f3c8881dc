package jinja

import (
	"errors"
	"fmt"
	"time"
)

// globals are the functions every template sees.
var globals = map[string]any{
	"range": callable(rangeOf),
	"dict": callable(func(args []any, named *Dict) (any, error) {
		if len(args) > 0 {
			return nil, errors.New("dict() takes named arguments only")
		}
		return named, nil
	}),
	"namespace": callable(func(args []any, named *Dict) (any, error) {
		out := NewDict()
		for _, arg := range args {
			d, ok := arg.(*Dict)
			if !ok {
				return nil, fmt.Errorf("namespace() takes a dict or named arguments, found %s", typeName(arg))
			}
			for _, key := range d.keys {
				out.Set(key, d.values[key])
			}
		}
		for _, key := range named.keys {
			out.Set(key, named.values[key])
		}
		return &namespace{out}, nil
	}),
	"raise_exception": callable(func(args []any, _ *Dict) (any, error) {
		if len(args) != 1 {
			return nil, errors.New("raise_exception() takes one argument")
		}
		return nil, errors.New(str(args[0]))
	}),
	"strftime_now": callable(func(args []any, _ *Dict) (any, error) {
		format, ok := oneString(args)
		if !ok {
			return nil, errors.New("strftime_now() takes one string")
		}
		return strftime(format, time.Now())
	}),
}

// oneString gives the only argument if it is a string.
func oneString(args []any) (string, bool) {
	if len(args) != 1 {
		return "", false
	}
	s, ok := args[0].(string)
	return s, ok
}

// maxRange is the sandbox's bound on range().
const maxRange = 100_000

// rangeOf is range([start,] stop[, step]).
func rangeOf(args []any, _ *Dict) (any, error) {
	bounds := make([]int, len(args))
	for i, arg := range args {
		n, ok := asInt(arg)
		if !ok {
			return nil, fmt.Errorf("range() takes integers, found %s", typeName(arg))
		}
		bounds[i] = n
	}
	start, stop, step := 0, 0, 1
	switch len(bounds) {
	case 1:
		stop = bounds[0]
	case 2:
		start, stop = bounds[0], bounds[1]
	case 3:
		start, stop, step = bounds[0], bounds[1], bounds[2]
	default:
		return nil, errors.New("range() takes one to three integers")
	}
	if step == 0 {
		return nil, errors.New("the step of range() must not be 0")
	}
	out := &List{Items: []any{}}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if len(out.Items) == maxRange {
			return nil, fmt.Errorf("range() is longer than %d", maxRange)
		}
		out.Items = append(out.Items, i)
	}
	return out, nil
}

// strftimeLayouts are the directives of Python's strftime that need no arithmetic.
var strftimeLayouts = map[byte]string{
	'd': "02", 'm': "01", 'y': "06", 'Y': "2006", 'b': "Jan", 'B': "January", 'a': "Mon", 'A': "Monday", 'H': "15", 'I': "03",
	'M': "04", 'S': "05", 'p': "PM", 'j': "002", 'Z': "MST", 'z': "-0700", 'F': "2006-01-02", 'T': "15:04:05", 'D': "01/02/06",
	'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05", 'f': "000000", 'e': "_2",
}

// strftime formats a time as Python does.
func strftime(format string, t time.Time) (string, error) {
	out := []byte{}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out = append(out, format[i])
			continue
		}
		i++
		plain := format[i] == '-' && i+1 < len(format) // %-d: without the leading zero
		if plain {
			i++
		}
		switch layout, ok := strftimeLayouts[format[i]]; {
		case format[i] == '%':
			out = append(out, '%')
		case format[i] == 'f':
			out = fmt.Appendf(out, "%06d", t.Nanosecond()/1000)
		case ok:
			part := t.Format(layout)
			for plain && len(part) > 1 && part[0] == '0' {
				part = part[1:]
			}
			out = append(out, part...)
		default:
			return "", fmt.Errorf("strftime directive %%%c is not supported", format[i])
		}
	}
	return string(out), nil
}
