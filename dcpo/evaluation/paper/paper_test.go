package paper

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestTable compares every figure with the transcript of the paper.
func TestTable(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "fixtures", "paper_table1.json"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the transcript of the table is absent: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Rows []struct {
			Method     string
			Confidence *string
			Results    map[string]struct{ Acc, ECE, PCE, AUROC float64 }
		}
	}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	got := Table()
	if len(got) != len(want.Rows) {
		t.Fatalf("%d rows, want %d", len(got), len(want.Rows))
	}
	for i, w := range want.Rows {
		confidence := ""
		if w.Confidence != nil {
			confidence = *w.Confidence
		}
		if got[i].Method != w.Method || got[i].Confidence != confidence {
			t.Errorf("row %d is %s %q, want %s %q", i, got[i].Method, got[i].Confidence, w.Method, confidence)
		}
		for k, column := range Columns {
			r, ok := w.Results[column]
			if want := (Cell{r.Acc, r.ECE, r.PCE, r.AUROC}); !ok || got[i].Cells[k] != want {
				t.Errorf("%s %s on %s: %v, want %v", w.Method, confidence, column, got[i].Cells[k], want)
			}
		}
	}
}

func TestTitle(t *testing.T) {
	for name, want := range map[string]string{"math500": "MATH-500", "amc24_partial": "AMC24 (36 of 45)", "minerva": "minerva"} {
		if got := Title(name); got != want {
			t.Errorf("Title(%q) = %q, want %q", name, got, want)
		}
	}
	for title, want := range map[string]int{"MATH-500": 0, "AMC24 (36 of 45)": 4, "minerva": -1} {
		if got := Column(title); got != want {
			t.Errorf("Column(%q) = %d, want %d", title, got, want)
		}
	}
}
