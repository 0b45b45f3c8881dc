package yaegi

import (
	"fmt"
	"regexp"
	"strings"
)

// The interpreter works by reflection, whose panics say less than Go's. These
// are Go's words for them.
var goWords = []struct{ pattern, words string }{
	{`^reflect: (slice|array|string) index out of range$`, "runtime error: index out of range"},
	{`^reflect\.Value\.(Slice|Slice3): .*out of bounds$`, "runtime error: slice bounds out of range"},
	{`^reflect: call of reflect\.Value\.\w+ on zero Value$`, "runtime error: invalid memory address or nil pointer dereference"},
	{`^reflect\.Value\.Call: call of nil function$`, "runtime error: invalid memory address or nil pointer dereference"},
	{`^reflect: call of nil function$`, "runtime error: invalid memory address or nil pointer dereference"},
}

var words = func() []*regexp.Regexp {
	out := make([]*regexp.Regexp, len(goWords))
	for i, w := range goWords {
		out[i] = regexp.MustCompile(w.pattern)
	}
	return out
}()

func isRuntime(text string) bool { return strings.HasPrefix(text, "runtime error: ") }

// place of an interpreter's own message, such as "5:30: interface conversion", or "-: " where positions were let go.
var position = regexp.MustCompile(`^(\d+:\d+|-): `)

// panicMessage is what a panic's value says, in Go's words.
func panicMessage(v any) string {
	text := fmt.Sprint(v)
	if err, ok := v.(error); ok {
		text = err.Error()
	}
	text = position.ReplaceAllString(text, "")
	for i, re := range words {
		if re.MatchString(text) {
			return goWords[i].words
		}
	}
	if fault.MatchString(text) {
		text += " (a fault of the interpreter, not of the cell: run it with %%go as its first line)"
	}
	return strings.TrimSpace(text)
}

// fault is what reflection says where the interpreter has mixed values up.
var fault = regexp.MustCompile(`^reflect: call of reflect\.Value\.\w+ on \w+ Value$|^reflect\.Set: value of type |^reflect\.Value\.Convert: value of type `)
