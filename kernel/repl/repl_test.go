package repl

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

// session runs lines and gives what they printed.
func session(t *testing.T, lines string) (out, complaints string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	err = Run(context.Background(), Options{In: strings.NewReader(lines), Out: &o, Err: &e})
	return o.String(), e.String(), err
}

func TestPiped(t *testing.T) {
	for name, c := range map[string]struct {
		lines, out, complaint string
		fails                 bool
	}{
		"values":                    {"x := 40\nx + 2\n", "42\n", "", false},
		"a cell of several lines":   {"func f(a int) int {\n\treturn a + 2\n}\nf(1)\n", "3\n", "", false},
		"no end of line at the end": {"fmt.Print(\"a\")\n1", "a1\n", "", false},
		"blank lines":               {"\n\n1\n\n", "1\n", "", false},
		"the first fault ends it":   {"x := 1\ny\nfmt.Println(x)\n", "", "undefined: y", true},
		"a cell that is cut off":    {"func f() {\n", "", "", true},
		"a panic":                   {"panic(\"lost\")\n1\n", "", "panic: lost", true},
		"nothing":                   {"", "", "", false},
	} {
		out, complaints, err := session(t, c.lines)
		if out != c.out || !strings.Contains(complaints, c.complaint) || errors.Is(err, errEnded) != c.fails {
			t.Errorf("%s: printed %q and %q, %v", name, out, complaints, err)
		}
	}
}
