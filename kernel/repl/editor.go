package repl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/ergochat/readline"
	"golang.org/x/term"
)

// editor reads lines from a terminal.
type editor struct{ *readline.Instance }

// newEditor takes the process's terminal.
func newEditor(o Options, session *cell.Session) (reader, func() error, error) {
	if o.History != "" {
		if err := os.MkdirAll(filepath.Dir(o.History), 0o700); err != nil {
			return nil, nil, fmt.Errorf("keep the history: %w", err)
		}
	}
	i, err := readline.NewFromConfig(&readline.Config{Prompt: prompt, HistoryFile: o.History, HistoryLimit: 10_000, AutoComplete: completer{session},
		Stdin: os.Stdin, Stdout: o.Out, Stderr: o.Err, Undo: true,
		FuncIsTerminal: func() bool { return true }, // the session has the process's standard output, of which the default asks
		FuncGetSize:    func() (width, height int) { return terminalSize(session) }})
	if err != nil {
		return nil, nil, fmt.Errorf("edit lines: %w", err)
	}
	return editor{i}, i.Close, nil
}

// terminalSize is that of the terminal behind the session, or the usual one where it does not tell.
func terminalSize(session *cell.Session) (width, height int) {
	out, _ := session.Terminal()
	width, height, err := term.GetSize(int(out.Fd()))
	if err != nil || width <= 0 {
		return 80, 24
	}
	return width, height
}

func (e editor) next(prompt string) (string, error) {
	e.SetPrompt(prompt)
	return e.ReadLine()
}

// completer proposes what a session knows.
type completer struct{ session *cell.Session }

// Do implements readline.AutoCompleter: the rests of the names that may stand at the cursor, and how much of them is there.
func (c completer) Do(line []rune, pos int) ([][]rune, int) {
	text := string(line)
	found := c.session.Complete(text, len(string(line[:pos])))
	there := text[found.Start:len(string(line[:pos]))]
	var rests [][]rune
	for _, m := range found.Matches {
		if rest, ok := strings.CutPrefix(m, there); ok {
			rests = append(rests, []rune(rest))
		}
	}
	return rests, len([]rune(there))
}
