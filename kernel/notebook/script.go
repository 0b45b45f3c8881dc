package notebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// IsScript tells whether a file is run as a script, which every file is that is not called .ipynb.
func IsScript(path string) bool { return filepath.Ext(path) != ".ipynb" }

// ReadScript opens a script: Go text, which need not be a whole program, in cells that lines such as
//
//	// %% a title
//	// %% [markdown]
//	// %% tags=["parameters"]
//
// begin, as editors know them from Jupytext's percent format; without such lines it is one cell. A package clause and a first line that begins
// with #! are allowed and mean nothing; a function main is run.
func ReadScript(path string) (*Notebook, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open script: %w", err)
	}
	if !utf8.Valid(raw) || strings.ContainsRune(string(raw), 0) {
		return nil, fmt.Errorf("open script %s: it is no text", path)
	}
	n, err := ParseScript(string(raw))
	if err != nil {
		return nil, fmt.Errorf("open script %s: %w", path, err)
	}
	return n, nil
}

var (
	cellMark      = regexp.MustCompile(`^//\s*%%(?:\s+(.*))?$`)
	cellTags      = regexp.MustCompile(`\btags=(\[.*\])`)
	packageClause = regexp.MustCompile(`^package\s+[\pL_][\pL\d_]*\s*(//.*)?$`)
)

// ParseScript reads the text of a script.
func ParseScript(text string) (*Notebook, error) {
	n := &Notebook{fields: map[string]json.RawMessage{
		"nbformat": json.RawMessage("4"), "nbformat_minor": json.RawMessage("5"),
		"metadata": json.RawMessage(`{"kernelspec":{"name":"godcpo","display_name":"Go (godcpo)","language":"go"},"language_info":{"name":"go","file_extension":".go"}}`),
	}}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if strings.HasPrefix(lines[0], "#!") {
		lines[0] = ""
	}
	withoutPackage(lines)
	part := scriptPart{line: 1}
	for i, line := range lines {
		mark := cellMark.FindStringSubmatch(line)
		if mark == nil {
			part.lines = append(part.lines, line)
			continue
		}
		if err := n.add(part); err != nil {
			return nil, err
		}
		part = scriptPart{head: mark[1], line: i + 2}
	}
	if err := n.add(part); err != nil {
		return nil, err
	}
	if len(n.Cells) == 0 {
		return nil, errors.New("it holds no code")
	}
	return n, nil
}

// withoutPackage empties the package clause, which stands before all other code.
func withoutPackage(lines []string) {
	for i, line := range lines {
		switch line = strings.TrimSpace(line); {
		case packageClause.MatchString(line):
			lines[i] = ""
			return
		case line != "" && !strings.HasPrefix(line, "//"):
			return
		}
	}
}

// scriptPart is a cell of a script: what follows its mark, and its lines from the given one on.
type scriptPart struct {
	head  string
	line  int
	lines []string
}

// add makes a cell of a part, unless it is blank.
func (n *Notebook) add(p scriptPart) error {
	id := fmt.Sprintf("line-%d", p.line)
	if strings.HasPrefix(p.head, "[markdown]") {
		for i, line := range p.lines {
			line = strings.TrimPrefix(line, "//")
			p.lines[i] = strings.TrimPrefix(line, " ")
		}
		c := newCode(id, strings.TrimSpace(strings.Join(p.lines, "\n")))
		c.Type, c.fields["cell_type"] = "markdown", json.RawMessage(`"markdown"`)
		n.Cells = append(n.Cells, c)
		return nil
	}
	// Blank lines at the start go, but for those of a script that is one cell: the numbers of its lines stay those of the file.
	for p.head != "" || len(n.Cells) > 0 {
		if len(p.lines) == 0 || strings.TrimSpace(p.lines[0]) != "" {
			break
		}
		p.lines, p.line = p.lines[1:], p.line+1
	}
	source := strings.TrimRight(strings.Join(p.lines, "\n"), " \t\n")
	if strings.TrimSpace(source) == "" {
		return nil
	}
	var tags []string
	if m := cellTags.FindStringSubmatch(p.head); m != nil {
		if err := json.Unmarshal([]byte(m[1]), &tags); err != nil {
			return fmt.Errorf("line %d: tags=%s: want a list such as [\"parameters\"]: %w", p.line-1, m[1], err)
		}
	}
	c := newCode(id, source, tags...)
	c.line = p.line
	n.Cells = append(n.Cells, c)
	return nil
}
