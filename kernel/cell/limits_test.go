package cell_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/symbols"
)

// limitedSession runs a cell under limits, and another after it.
func limitedSession(t *testing.T, l cell.Limits, code string) (r *record, err error) {
	t.Helper()
	s, err := cell.New(cell.Options{Limits: l, Symbols: symbols.Tables()})
	if err != nil {
		t.Fatal(err)
	}
	r = &record{}
	_, err = s.Run(context.Background(), code, r)
	after := &record{}
	_, afterErr := s.Run(context.Background(), `fmt.Print("next")`, after)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if afterErr != nil || after.out() != "next" {
		t.Errorf("the next cell printed %q, %v", after.out(), afterErr)
	}
	return r, err
}

// TestTextIsCut: what a cell prints beyond its limit is left out and counted, whole characters only.
func TestTextIsCut(t *testing.T) {
	r, err := limitedSession(t, cell.Limits{Text: 1001, TextRate: -1}, `for range 1000 { fmt.Print("äöü") }`)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.out(), strings.Repeat("äöü", 1000)[:1000]; got != want {
		t.Errorf("%d bytes shown, want %d whole ones", len(got), len(want))
	}
	if note := r.err(); !strings.Contains(note, "what follows is not shown") || !strings.Contains(note, "[4.9 KiB of text not shown]") {
		t.Errorf("notes %q", note)
	}
}

func TestDisplaysAreCut(t *testing.T) {
	r, err := limitedSession(t, cell.Limits{Displays: 20, DisplayRate: -1}, "import \"github.com/dcpo-go/godcpo/kernel/display\"\nfor range 50 { display.Markdown(\"x\") }")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.displays); n != 20 || !strings.Contains(r.err(), "[30 displays not shown]") {
		t.Errorf("%d displays, notes %q, want 20 and 30 left out", n, r.err())
	}
}

// TestAnInterruptStopsWhatWaits: output that is held back does not hold an interrupt up.
func TestAnInterruptStopsWhatWaits(t *testing.T) {
	s, err := cell.New(cell.Options{Limits: cell.Limits{TextRate: 1000}}) // the text would take hours
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	r := &record{}
	began := time.Now()
	_, stopped := s.Run(ctx, `for { fmt.Print("abcdefghijklmnopqrstuvwxyz") }`, r)
	took := time.Since(began)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	var e *cell.Error
	if !errors.As(stopped, &e) || e.Name != cell.TimeoutError {
		t.Errorf("the cell ended with %v", stopped)
	}
	if took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}
