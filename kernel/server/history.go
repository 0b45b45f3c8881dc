package server

import (
	"regexp"
	"strings"
	"sync"

	"github.com/dcpo-go/godcpo/kernel/wire"
)

// historyLimit is how many cells the history keeps; the oldest go first.
const historyLimit = 10_000

// sessionNumber is the number of this session in history entries. Nothing is kept from earlier ones.
const sessionNumber = 1

// entry is one cell of the history.
type entry struct {
	line         int // the cell's execution count
	code, output string
}

// history holds the cells of this session. It is safe for concurrent use; the zero value is empty.
type history struct {
	mu      sync.Mutex
	entries []entry
}

func (h *history) add(line int, code, output string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.entries = append(h.entries, entry{line, code, output})
	if len(h.entries) > historyLimit {
		h.entries = append([]entry(nil), h.entries[len(h.entries)-historyLimit*9/10:]...)
	}
}

// find returns the entries that a request asks for, oldest first.
func (h *history) find(ask wire.History) []entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []entry
	switch ask.Access {
	case "tail":
		found = h.entries
	case "range":
		found = h.between(ask)
	case "search":
		found = h.matching(ask)
	}
	if ask.Access != "range" && ask.N > 0 && len(found) > ask.N {
		found = found[len(found)-ask.N:]
	}
	return append([]entry(nil), found...)
}

// between returns the lines of a range, with the lock held.
func (h *history) between(ask wire.History) []entry {
	if ask.Session != 0 && ask.Session != sessionNumber {
		return nil
	}
	var found []entry
	for _, e := range h.entries {
		if e.line >= ask.Start && (ask.Stop <= 0 || e.line < ask.Stop) {
			found = append(found, e)
		}
	}
	return found
}

// matching returns the cells that fit a search pattern, with the lock held.
func (h *history) matching(ask wire.History) []entry {
	pattern := glob(ask.Pattern)
	last := make(map[string]int)
	var fitting []entry
	for _, e := range h.entries {
		if pattern.MatchString(e.code) {
			last[e.code] = len(fitting)
			fitting = append(fitting, e)
		}
	}
	if !ask.Unique {
		return fitting
	}
	var unique []entry
	for i, e := range fitting {
		if last[e.code] == i {
			unique = append(unique, e)
		}
	}
	return unique
}

// glob turns a pattern in which * stands for any text and ? for one character into an expression over a whole cell.
func glob(pattern string) *regexp.Regexp {
	if pattern == "" {
		pattern = "*"
	}
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(quoted)
	return regexp.MustCompile(`(?s)^` + quoted + `$`) // a quoted pattern always compiles
}

// answerHistory answers a history_request.
func (s *Server) answerHistory(r request) any {
	ask, err := wire.DecodeHistory(r.Content)
	if err != nil {
		return malformed(err)
	}
	reply := wire.HistoryOK{Status: wire.OK, History: []any{}}
	for _, e := range s.history.find(ask) {
		var what any = e.code
		if ask.Output {
			what = []string{e.code, e.output}
		}
		reply.History = append(reply.History, []any{sessionNumber, e.line, what})
	}
	return reply
}
