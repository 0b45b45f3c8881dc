package logic

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// sampleRow is a row of the sample of Logic-RL's data set.
type sampleRow struct {
	ID, Problem, Answer, Statements string
	Names                           []string
	Knights                         []bool
}

func readSample(t testing.TB) []sampleRow {
	t.Helper()
	const path = "../../../shared/data/kk_logic_sample.jsonl"
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the sample of Logic-RL's data set is not here: %s", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []sampleRow
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row sampleRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// readTuples reads the statements as the data set notes them, nested tuples of
// Python, which become lists of JSON.
func readTuples(t *testing.T, literal string) []Statement {
	t.Helper()
	var tuples [][]json.RawMessage
	if err := json.Unmarshal([]byte(strings.NewReplacer("(", "[", ")", "]", "'", `"`).Replace(literal)), &tuples); err != nil {
		t.Fatalf("%s: %v", literal, err)
	}
	read := func(raw json.RawMessage, to any) {
		if err := json.Unmarshal(raw, to); err != nil {
			t.Fatalf("%s: %v", literal, err)
		}
	}
	claim := func(parts []json.RawMessage) Claim {
		var kind string
		var c Claim
		read(parts[0], &kind)
		read(parts[1], &c.Person)
		c.Knight = kind == "telling-truth"
		return c
	}
	var statements []Statement
	for _, tuple := range tuples {
		var s Statement
		read(tuple[0], &s.Op)
		if s.Op == "telling-truth" || s.Op == "lying" {
			statements = append(statements, Statement{Claims: []Claim{claim(tuple)}})
			continue
		}
		for _, raw := range tuple[1:] {
			var parts []json.RawMessage
			read(raw, &parts)
			s.Claims = append(s.Claims, claim(parts))
		}
		statements = append(statements, s)
	}
	return statements
}

// TestSample checks reader, solver, answer text and grader against every row of
// the real data: statements and solutions are given there independently.
func TestSample(t *testing.T) {
	rows := readSample(t)
	if len(rows) != 100 {
		t.Errorf("%d rows, want 100", len(rows))
	}
	parsed := 0
	for _, row := range rows {
		statements := readTuples(t, row.Statements)
		all, err := Solve(statements)
		if err != nil || !reflect.DeepEqual(all, [][]bool{row.Knights}) {
			t.Errorf("%s: Solve(its tuples) = %v, %v, want only %v", row.ID, all, err, row.Knights)
		}
		p, err := Parse(row.Problem)
		if err != nil {
			t.Errorf("%s: %v", row.ID, err)
			continue
		}
		parsed++
		want := Puzzle{row.Problem, row.Names, statements, row.Knights}
		if !reflect.DeepEqual(p, want) {
			t.Errorf("%s: read\n%+v, want\n%+v", row.ID, p, want)
		}
		if p.Answer() != row.Answer {
			t.Errorf("%s: answer %q, want %q", row.ID, p.Answer(), row.Answer)
		}
		if v := Grade("<answer>"+p.Answer()+"</answer>", row.Answer); !v.Correct {
			t.Errorf("%s: its own answer is graded %+v", row.ID, v)
		}
	}
	t.Logf("read %d of %d puzzles", parsed, len(rows))
}

// two is a puzzle by hand: were Ada a knave, Omar would be a knight, who does not
// say that they are alike; so she is a knight, and he, as she says, a knave.
const two = `On a far island everybody is either a knight or a knave. What a knight says is always true, and what a knave says is always false. ` +
	`You come upon two of the islanders: Ada and Omar. Ada says that Omar is a knave. "Ada is a knight if and only if Omar is a knight," Omar replies. ` +
	`Who of them is a knight, and who is a knave?`

func TestParseFaults(t *testing.T) {
	p, err := Parse(two)
	if err != nil || !slices.Equal(p.Knights, []bool{true, false}) {
		t.Fatalf("the puzzle without faults: %v, %v", p.Knights, err)
	}
	for _, c := range []struct{ old, new, want string }{
		{"On a far island", "In a town", "introduction is unknown"},
		{"two of", "three of", `says "three" people and names 2`},
		{"Ada and Omar.", "Ada.", "expected 2 to 8 names, found 1"},
		{"Ada and Omar.", "Ada and Ada.", `two people are called "Ada"`},
		{"Ada and Omar.", "Ada and 007.", "name made of letters"},
		{"islanders: ", "islanders ", "and a list of names"},
		{"Who of them is a knight, and who", "Who is a knight, and who", "expected the question to end"},
		{"Ada says that", "Ada denies that", "do not know how to read"},
		{"that Omar is a knave", "that Ida is a knave", `"Ida" is none of the people`},
		{"that Omar is a knave", "that Omar is a spy", "found no statement"},
		{"that Omar is a knave", "that it is not so that Omar is a knave", "do not know how to read"},
		{"that Omar is a knave", "that Omar is not a knave and Ada is a knave", "do not know how to read"},
		{"Ada says that Omar is a knave. ", "", "Ada makes no statement"},
		{"Ada says", "Omar says", "Omar makes a second statement"},
		{"that Omar is a knave", "that Ada is a knave", "exactly one solution, found 0"},
		{"Ada is a knight if and only if Omar is a knight", "Ada is a knave", "exactly one solution, found 2"},
	} {
		if !strings.Contains(two, c.old) {
			t.Fatalf("the puzzle has no %q", c.old)
		}
		_, err := Parse(strings.Replace(two, c.old, c.new, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("with %q: error %v, want one with %q", c.new, err, c.want)
		}
	}
}

// FuzzParse: whatever is read is a puzzle whose statements have the solution told.
func FuzzParse(f *testing.F) {
	f.Add(two)
	for i, row := range readSeeds() {
		if i%20 == 0 {
			f.Add(row)
		}
	}
	g, err := NewGenerator(Options{MinPeople: 2, MaxPeople: 8})
	if err != nil {
		f.Fatal(err)
	}
	for range 8 {
		f.Add(g.Next().Question)
	}
	f.Fuzz(func(t *testing.T, question string) {
		p, err := Parse(question)
		if err != nil {
			return
		}
		all, err := Solve(p.Statements)
		if err != nil || !reflect.DeepEqual(all, [][]bool{p.Knights}) || len(p.Names) != len(p.Knights) {
			t.Errorf("%q: %d names, told %v, solved %v, %v", question, len(p.Names), p.Knights, all, err)
		}
		if v := Grade(p.Answer(), p.Answer()); !v.Correct && clearNames(p.Names) {
			t.Errorf("%q: its answer %q is graded %+v", question, p.Answer(), v)
		}
	})
}

// readSeeds are questions in Logic-RL's wording.
func readSeeds() []string {
	const head = "A very special island is inhabited only by knights and knaves. Knights always tell the truth, and knaves always lie. You meet 2 inhabitants: Mia, and Luke. "
	const tail = " So who is a knight and who is a knave?"
	var seeds []string
	for _, frame := range framesLogicRL {
		said := strings.NewReplacer("N", "Mia", "P", "If Luke is a knight then Mia is a knave").Replace(frame)
		seeds = append(seeds, head+said+" Luke said that Mia is not a knave."+tail)
	}
	return seeds
}

// clearNames tells whether no two names are equal in another case, as are "Mia"
// and "MIA", which an answer cannot keep apart.
func clearNames(names []string) bool {
	seen := map[string]bool{}
	for _, name := range names {
		seen[strings.ToLower(name)] = true
	}
	return len(seen) == len(names)
}

// TestSentences: a full stop within quotation marks ends a sentence behind them.
func TestSentences(t *testing.T) {
	text := `A said, "P." In B's words: "Q". C said R. "S," D claimed. "T" - E.`
	want := []string{`A said, "P."`, `In B's words: "Q".`, `C said R.`, `"S," D claimed.`, `"T" - E.`}
	if got := slices.Collect(sentences(text)); !slices.Equal(got, want) {
		t.Errorf("split into %q, want %q", got, want)
	}
}

func TestLogicRLWordings(t *testing.T) {
	for _, question := range readSeeds() {
		p, err := Parse(question)
		want := []Statement{{"->", []Claim{{1, true}, {0, false}}}, {"not", []Claim{{0, false}}}}
		if err != nil && !strings.Contains(err.Error(), "exactly one solution") {
			t.Errorf("%q: %v", question, err)
		}
		if err == nil && !reflect.DeepEqual(p.Statements, want) {
			t.Errorf("%q: read %s", question, fmt.Sprint(p.Statements))
		}
	}
}

// TestAlike reads people being of one kind or of two. Whoever says that they are
// of Omar's kind makes him a knight, be it truly or falsely; whoever says that they
// are not makes him a knave. What Omar says of Ada then tells what she is.
func TestAlike(t *testing.T) {
	const head = `On a far island everybody is either a knight or a knave. What a knight says is always true, and what a knave says is always false. ` +
		`You come upon two of the islanders: Ada and Omar. `
	const tail = ` Who of them is a knight, and who is a knave?`
	for _, c := range []struct {
		said  string
		first Statement
		want  []bool
	}{
		{`Ada says that Ada and Omar are of the same kind. "Ada is a knave," Omar replies.`,
			Statement{"<=>", []Claim{{0, true}, {1, true}}}, []bool{false, true}},
		{`Ada says: "Ada and Omar are of different kinds." Omar claims that Ada is a knave.`,
			Statement{"<=>", []Claim{{0, true}, {1, false}}}, []bool{true, false}},
	} {
		p, err := Parse(head + c.said + tail)
		if err != nil || !reflect.DeepEqual(p.Statements[0], c.first) || !slices.Equal(p.Knights, c.want) {
			t.Errorf("%s\nread %+v, %v, %v, want %+v, %v", c.said, p.Statements, p.Knights, err, c.first, c.want)
		}
	}
	for _, said := range []string{`Ada says that Ada and Ida are of the same kind. Omar claims that Ada is a knave.`,
		`Ada says that Ada and Omar are not of the same kind. Omar claims that Ada is a knave.`,
		`Ada says that Ada and Omar are of the same kindness. Omar claims that Ada is a knave.`} {
		if p, err := Parse(head + said + tail); err == nil {
			t.Errorf("%s\nread as %+v", said, p.Statements)
		}
	}
}
