package magic

import (
	"fmt"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/split"
)

// First lines by which a cell asks for an engine.
const (
	Compiled    = "%%go"
	Interpreted = "%%yaegi"
)

// goPrefix may stand before a command, so that editors take the line for a
// comment.
const goPrefix = "//gonb:"

// Script is a cell taken apart.
type Script struct {
	// Engine is Compiled, Interpreted or empty.
	Engine string
	// Args are what os.Args holds behind the program's name: those of %args, %%,
	// %main or %exec.
	Args []string
	// Inputs says that the Go code of the cell reads lines which the user is
	// asked for; with Password they are not shown.
	Inputs, Password bool

	lines      []string
	commands   []command
	unfinished bool // the last line of the cell is a command that goes on
	whole      bool // the first line takes the whole cell
	body       string
	main       int    // index of the line at which main starts, -1 for none
	exec       string // the function that %exec calls
	test       *testRun
}

// command is one line, or several joined by backslashes.
type command struct {
	line int // from 1
	text string
}

// Error is the failure of one command.
type Error struct {
	Line int // from 1
	Text string
	Err  error
}

// Error returns the cause's text.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Place says where the command stands.
func (e *Error) Place() string { return fmt.Sprintf("line %d: %s: %v", e.Line, e.Text, e.Err) }

// Parse takes a cell apart. Nothing is run.
func Parse(code string) *Script {
	s := &Script{lines: strings.Split(code, "\n"), main: -1}
	first := start(s.lines[0])
	switch name, _, _ := strings.Cut(first, " "); name {
	case "%%script", "%%bash", "%%sh", "%%writefile":
		s.whole, s.body = true, strings.Join(s.lines[1:], "\n")
		s.commands = []command{{1, first}}
		s.lines = nil
		return s
	case Compiled, Interpreted:
		s.Engine, s.lines[0] = name, ""
	}
	for i := 0; i < len(s.lines); i++ {
		text := start(s.lines[i])
		if text == "" || !s.atStatement(i) {
			continue // Go, an operator at the start of a line, or text in a string
		}
		c := command{line: i + 1}
		for ; ; i++ {
			line, more := strings.CutSuffix(start(s.lines[i]), `\`)
			if i+1 > c.line && line == "" {
				line, more = strings.CutSuffix(strings.TrimSpace(s.lines[i]), `\`)
			}
			c.text += line
			s.lines[i] = ""
			if !more || i+1 == len(s.lines) {
				s.unfinished = more
				break
			}
			c.text += " "
		}
		c.text = strings.TrimSpace(c.text)
		s.commands = append(s.commands, c)
		if isMain(c.text) && s.main < 0 {
			s.main = i
		}
	}
	return s
}

// start returns a line without what may stand before a command, "" if it is
// none.
func start(line string) string {
	text := strings.TrimSpace(line)
	text = strings.TrimSpace(strings.TrimPrefix(text, goPrefix))
	if strings.HasPrefix(text, "!") || strings.HasPrefix(text, "%") {
		return text
	}
	return ""
}

func (s *Script) atStatement(i int) bool {
	before := strings.Join(s.lines[:i], "\n")
	if i > 0 {
		before += "\n"
	}
	return split.AtStatement(before)
}

// isMain says that a command starts the main code of the cell.
func isMain(text string) bool {
	name, _, _ := strings.Cut(text, " ")
	return name == "%%" || name == "%main"
}

// Open says that more lines belong to the cell than those that make it complete:
// it starts with %%, or its last line goes on.
func (s *Script) Open() bool {
	if s.whole || s.main == 0 {
		return true
	}
	return s.unfinished
}

// Blank returns the cell with the lines of commands empty, all else as it is.
func (s *Script) Blank() string { return strings.Join(s.lines, "\n") }
