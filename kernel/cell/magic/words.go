package magic

import (
	"os"
	"path/filepath"
	"strings"
)

// words splits a command at spaces. Text in double quotes is one word, in which
// a backslash takes the next character as it is, n and t meaning a new line and a
// tab; "" is an empty word.
func words(text string) []string {
	var all []string
	var word strings.Builder
	open, quoted := false, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted, open = !quoted, true
		case quoted && c == '\\' && i+1 < len(text):
			i++
			switch text[i] {
			case 'n':
				word.WriteByte('\n')
			case 't':
				word.WriteByte('\t')
			default:
				word.WriteByte(text[i])
			}
		case !quoted && (c == ' ' || c == '\t' || c == '\n'):
			if open {
				all = append(all, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if open {
		all = append(all, word.String())
	}
	return all
}

// path replaces variables and a leading ~ in the name of a file.
func path(name string) string {
	name = os.ExpandEnv(name)
	if rest, ok := strings.CutPrefix(name, "~"); ok && (rest == "" || rest[0] == '/') {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	return name
}

// nearest returns the name that differs least from another, "" if none is alike.
func nearest(name string, from []string) string {
	best, least := "", 3
	for _, candidate := range from {
		if d := distance(name, candidate); d < least && d < len(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or replace to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := corner
			if a[i-1] != b[j-1] {
				cost++
			}
			corner = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
