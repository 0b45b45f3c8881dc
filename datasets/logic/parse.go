package logic

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Parse reads the question of a puzzle, worded as a [Generator] does or as the
// data set of Logic-RL does, and solves it. Any other wording is an error, lest
// it be misread, and so is a puzzle without exactly one solution.
func Parse(question string) (Puzzle, error) {
	p := Puzzle{Question: question}
	text := strings.Join(strings.Fields(question), " ")
	text, err := p.readPeople(text)
	if err != nil {
		return Puzzle{}, fmt.Errorf("parse a puzzle: %w", err)
	}
	if text, err = cutClosing(text); err != nil {
		return Puzzle{}, fmt.Errorf("parse a puzzle: %w", err)
	}
	if err := p.readStatements(text); err != nil {
		return Puzzle{}, fmt.Errorf("parse a puzzle: %w", err)
	}
	found := solutions(p.Statements)
	if len(found) != 1 {
		return Puzzle{}, fmt.Errorf("parse a puzzle: expected exactly one solution, found %d", len(found))
	}
	p.Knights = found[0].bools(len(p.Names))
	return p, nil
}

// The wordings of Logic-RL's data set, in the notation of intro and frames.
const (
	introLogicRL   = "A very special island is inhabited only by knights and knaves. Knights always tell the truth, and knaves always lie. You meet # inhabitants: "
	closingLogicRL = " So who is a knight and who is a knave?"
)

var framesLogicRL = []string{
	`N said that P.`, `N told you that P.`, `N expressed that P.`,
	`N said, "P."`, `N stated, "P".`, `N remarked, "P".`, `N commented, "P".`, `N noted, "P".`, `N was heard saying, "P".`,
	`N asserted: "P".`, `As N put it, "P".`, `According to N, "P".`, `In N's words: "P".`, `In a statement by N: "P".`,
	`"P," N declared.`, `"P," N mentioned.`, `"P," N claimed.`, `"P" - N.`,
}

// readPeople reads the introduction and returns what follows it.
func (p *Puzzle) readPeople(text string) (rest string, err error) {
	for _, known := range []string{intro, introLogicRL} {
		before, after, _ := strings.Cut(known, "#")
		rest, ok := strings.CutPrefix(text, before)
		if !ok {
			continue
		}
		count, rest, ok := strings.Cut(rest, after)
		list, rest, end := strings.Cut(rest, ".")
		if !ok || !end {
			return "", fmt.Errorf("expected %q and a list of names after %q", after, before)
		}
		p.Names = strings.FieldsFunc(strings.Replace(list, " and ", ", ", 1), func(r rune) bool { return r == ',' || r == ' ' })
		return rest, p.checkNames(count)
	}
	return "", errors.New("the introduction is unknown: expected one of this generator or of Logic-RL's data set")
}

// checkNames compares the names with the number of people, in figures or words.
func (p *Puzzle) checkNames(count string) error {
	n := len(p.Names)
	if n < fewestPeople || n > mostPeople {
		return fmt.Errorf("expected %d to %d names, found %d", fewestPeople, mostPeople, n)
	}
	if count != fmt.Sprint(n) && count != numbers[n] {
		return fmt.Errorf("the text says %q people and names %d", count, n)
	}
	for i, name := range p.Names {
		if name != properName.FindString(name) {
			return fmt.Errorf("expected a name made of letters, found %q", name)
		}
		if slices.Contains(p.Names[:i], name) {
			return fmt.Errorf("two people are called %q", name)
		}
	}
	return nil
}

func cutClosing(text string) (string, error) {
	for _, known := range []string{closing, closingLogicRL} {
		if rest, ok := strings.CutSuffix(text, known); ok {
			return rest, nil
		}
	}
	return "", fmt.Errorf("expected the question to end with %q or %q", closing, closingLogicRL)
}

// readStatements reads one statement a person.
func (p *Puzzle) readStatements(text string) error {
	said := make([]*Statement, len(p.Names))
	for sentence := range sentences(text) {
		speaker, s, err := p.readSentence(sentence)
		if err != nil {
			return err
		}
		if said[speaker] != nil {
			return fmt.Errorf("%s makes a second statement: %q", p.Names[speaker], sentence)
		}
		said[speaker] = &s
	}
	for i, s := range said {
		if s == nil {
			return fmt.Errorf("%s makes no statement", p.Names[i])
		}
		p.Statements = append(p.Statements, *s)
	}
	return nil
}

// sentences splits a text after full stops, and after the quotation marks that
// close behind them.
func sentences(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, quoted := 0, false
		for i := 0; i < len(text); i++ {
			if text[i] == '"' {
				quoted = !quoted
			}
			if text[i] != '.' {
				continue
			}
			if quoted && i+1 < len(text) && text[i+1] == '"' {
				i++
				quoted = false
			}
			if !yield(strings.TrimSpace(text[start : i+1])) {
				return
			}
			start = i + 1
		}
		if rest := strings.TrimSpace(text[start:]); rest != "" {
			yield(rest)
		}
	}
}

const (
	nameRule  = `(\pL+(?:-\pL+)*)`
	claimRule = nameRule + ` is a (knight|knave)`
)

var (
	properName = regexp.MustCompile(nameRule)
	// formula has four alternatives: if … then; a connective between two claims;
	// one claim, perhaps denied; two people alike or not.
	formula = regexp.MustCompile(`(?:[Ii]f ` + claimRule + ` then ` + claimRule +
		`|` + claimRule + ` (and|or|if and only if) ` + claimRule +
		`|` + nameRule + ` is (not )?a (knight|knave)` +
		`|` + nameRule + ` and ` + nameRule + `(` + sameKind + `|` + otherKinds + `))\b`)
	connectives = map[string]string{"and": "and", "or": "or", "if and only if": "<=>"}
)

// readSentence reads who says what. The sentence without the two must be one of
// the frames.
func (p *Puzzle) readSentence(sentence string) (speaker int, s Statement, err error) {
	at := formula.FindStringSubmatchIndex(sentence)
	if at == nil {
		return 0, s, fmt.Errorf("found no statement in %q", sentence)
	}
	speaker = -1
	mask := func(text string) string {
		return properName.ReplaceAllStringFunc(text, func(name string) string {
			if i := slices.Index(p.Names, name); i >= 0 {
				speaker = i
				return "N"
			}
			return name
		})
	}
	frame := mask(sentence[:at[0]]) + "P" + mask(sentence[at[1]:])
	if speaker < 0 || !slices.Contains(frames, frame) && !slices.Contains(framesLogicRL, frame) {
		return 0, s, fmt.Errorf("do not know how to read %q: expected a wording of this generator or of Logic-RL's data set", sentence)
	}
	s, err = p.readFormula(formula.FindStringSubmatch(sentence))
	if err != nil {
		return 0, s, fmt.Errorf("in %q: %w", sentence, err)
	}
	return speaker, s, nil
}

// readFormula takes the groups of a match of formula.
func (p *Puzzle) readFormula(m []string) (s Statement, err error) {
	claim := func(name, kind string) {
		i := slices.Index(p.Names, name)
		if i < 0 && err == nil {
			err = fmt.Errorf("%q is none of the people", name)
		}
		s.Claims = append(s.Claims, Claim{Person: i, Knight: kind == "knight"})
	}
	switch {
	case m[1] != "":
		s.Op = "->"
		claim(m[1], m[2])
		claim(m[3], m[4])
	case m[5] != "":
		s.Op = connectives[m[7]]
		claim(m[5], m[6])
		claim(m[8], m[9])
	case m[13] != "":
		s.Op = "<=>"
		second := "knave"
		if m[15] == sameKind {
			second = "knight"
		}
		claim(m[13], "knight")
		claim(m[14], second)
	default:
		if m[11] != "" {
			s.Op = "not"
		}
		claim(m[10], m[12])
	}
	return s, err
}
