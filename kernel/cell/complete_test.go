package cell_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/symbols"
)

// TestComplete proposes names by what the type checker knows of a cell that is not finished. | is the cursor.
func TestComplete(t *testing.T) {
	s, err := cell.New(cell.Options{Symbols: symbols.Tables()})
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	_, err = s.Run(context.Background(), "import \"strings\"\ncfg := dcpo.DefaultConfig()\ntype point struct { x, Y int }\nfunc (p point) Norm() int { return p.x }\nfunc make2() (point, error) { return point{}, nil }\npoints := []point{{1, 2}}", &record{})
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	for _, c := range []struct {
		code string
		want []string // among the matches
		not  []string
	}{
		{"cfg.Tra|", []string{"Train"}, nil},
		{"cfg.Train.St|", []string{"Steps"}, []string{"Train"}},
		{"x := cfg.Train\nx.St|", []string{"Steps"}, nil},
		{"points[0].|", []string{"x", "Y", "Norm"}, nil},
		{"for _, p := range points {\n\tp.N|", []string{"Norm"}, nil},
		{"p, err := make2()\nif err != nil { err.E|", []string{"Error"}, nil},
		{"p, _ := make2()\nfmt.Println(p.|", []string{"Norm", "x"}, nil},
		{"strings.NewReader(\"a\").Re|", []string{"Read", "ReadByte", "Reset"}, nil},
		{"if strings.Has|", []string{"HasPrefix", "HasSuffix"}, []string{"Contains"}},
		{"f := func(q *point) { q.|\n}", []string{"Y", "Norm"}, nil},
		{"local := 3\nlo|", []string{"local"}, []string{"cfg"}},
		{"func double(number int) int {\n\treturn num|", []string{"number"}, nil},
		{"switch cfg.Train.|", []string{"Method"}, nil},
		{"import \"time\"\ntime.Now().Add(time.Min|", []string{"Minute"}, nil},
		{"import \"time\"\ntime.Now().Add(time.Minute).|", []string{"Unix", "Format"}, []string{"RFC3339"}},
		{"import \"encoding/js|", []string{"encoding/json"}, nil},
		{"import (\n\t\"fmt\"\n\tx \"math/ra|", []string{"math/rand", "math/rand/v2"}, []string{"fmt"}},
		{"po|", []string{"points", "point"}, nil},
		{"retu|", []string{"return"}, nil},
		{"nowhere.|", nil, []string{"cfg"}},
		{"strings.Map(func(r rune) rune { return r }, \"ä\")\npoints[0].N|", []string{"Norm"}, nil},
		{"!ls\n%cd\npoints[0].N|", []string{"Norm"}, nil},
	} {
		at := strings.IndexByte(c.code, '|')
		code := strings.Replace(c.code, "|", "", 1)
		got := s.Complete(code, at)
		for _, w := range c.want {
			if !slices.Contains(got.Matches, w) {
				wrong = append(wrong, c.code+" lacks "+w+": "+strings.Join(got.Matches[:min(20, len(got.Matches))], " "))
			}
		}
		for _, n := range c.not {
			if slices.Contains(got.Matches, n) {
				wrong = append(wrong, c.code+" proposes "+n)
			}
		}
		if begun := code[got.Start:at]; len(got.Matches) > 0 && !strings.HasPrefix(got.Matches[0], begun) {
			wrong = append(wrong, c.code+" replaces "+begun)
		}
	}
	s.Close()
	for _, w := range wrong {
		t.Error(w)
	}
}

// BenchmarkComplete measures one completion, which is to take less than a tenth of a second.
func BenchmarkComplete(b *testing.B) {
	s, err := cell.New(cell.Options{Symbols: symbols.Tables()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	code := "import \"strings\"\nfor _, line := range strings.Split(\"a\", \"b\") {\n\tr := strings.NewReader(line)\n\tr.Re"
	for b.Loop() {
		if c := s.Complete(code, len(code)); len(c.Matches) == 0 {
			b.Fatal("nothing is proposed")
		}
	}
}

// TestInspect shows what authors say of their own and others' names, and the source of what cells define. | is the cursor.
func TestInspect(t *testing.T) {
	s, err := cell.New(cell.Options{Symbols: symbols.Tables(), Docs: symbols.Doc})
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	_, err = s.Run(context.Background(), "import \"strings\"\n// twice doubles.\nfunc twice(n int) int {\n\t// by adding\n\treturn n + n\n}\ntype kind int\ncfg := dcpo.DefaultConfig()", &record{})
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	for code, want := range map[string][]string{
		"fmt.Print|ln(1)":                            {"func fmt.Println(", "Spaces are always added between operands"},
		"dcpo.DefaultC|onfig()":                      {"func dcpo.DefaultConfig() "},
		"r := strings.NewReader(\"\")\nr.Read|(nil)": {"func (*strings.Reader).Read(", "io.Reader"},
		"cfg.Train.Ste|ps":                           {"Steps int"},
		"twi|ce(3)":                                  {"func twice(n int) int {", "// by adding"},
		"ki|nd(1)":                                   {"type kind int"},
		"strin|gs.ToUpper(\"a\")":                    {"package strings", "UTF-8"},
		"import \"github.com/dcpo-go/godcpo/dcpo/calibration\"\ncalibration.EC|E(nil, 20)":        {"func calibration.ECE(", "expected calibration error"},
		"import \"github.com/dcpo-go/godcpo/dcpo/calibration\"\nb := calibration.Bin{}\nb.Cou|nt": {"Count int", "whose confidence lies in the bin"},
		"len|(cfg)": {"builtin len"},
	} {
		at := strings.IndexByte(code, '|')
		b, ok := s.Inspect(strings.Replace(code, "|", "", 1), at, 0)
		for _, w := range want {
			if !ok || !strings.Contains(b.Text(), w) {
				wrong = append(wrong, code+": "+b.Text()+", want "+w+" in it")
			}
		}
	}
	if _, ok := s.Inspect("nowhere", 3, 0); ok {
		wrong = append(wrong, "nowhere is described")
	}
	s.Close()
	for _, w := range wrong {
		t.Error(w)
	}
}
