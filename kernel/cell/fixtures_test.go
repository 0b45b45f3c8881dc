package cell_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/display"
)

// record is an Output that keeps everything.
type record struct {
	mu       sync.Mutex
	stdout   strings.Builder
	stderr   strings.Builder
	displays []display.Bundle
}

func (r *record) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name == "stdout" {
		r.stdout.WriteString(text)
		return
	}
	r.stderr.WriteString(text)
}

func (r *record) Display(b display.Bundle) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.displays = append(r.displays, b)
}

func (r *record) ClearOutput(bool) {}

func (r *record) out() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stdout.String()
}

func (r *record) err() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stderr.String()
}

// open starts a session that ends with the test.
func open(t testing.TB) *cell.Session {
	t.Helper()
	s, err := cell.New(cell.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestPublicCells(t *testing.T) {
	const path = "../../../shared/fixtures/cells/public.json"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Skip("../shared is absent: the cases of fixtures/cells are not run")
	}
	var cases []struct {
		Name  string   `json:"name"`
		Cells []string `json:"cells"`
		Want  string   `json:"want"`
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	passed := 0
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			got, errs := runAll(t, c.Cells)
			switch {
			case got == c.Want:
				passed++
			case len(errs) == 0:
				t.Errorf("SILENTLY WRONG: got %q, want %q", got, c.Want)
			default:
				t.Errorf("got %q, want %q; errors: %v", got, c.Want, errs)
			}
		})
	}
	t.Logf("%d of %d cases run", passed, len(cases))
}

func runAll(t *testing.T, cells []string) (string, []error) {
	t.Helper()
	s := open(t)
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	r := &record{}
	var errs []error
	for _, code := range cells {
		if _, err := s.Run(ctx, code, r); err != nil {
			errs = append(errs, err)
		}
	}
	return r.out(), errs
}

// ordered keeps text and displays in the order they come.
type ordered struct {
	mu sync.Mutex
	b  strings.Builder
}

func (o *ordered) Stream(_, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b.WriteString(text)
}

func (o *ordered) Display(b display.Bundle) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.b.WriteString("<" + b.Text() + ">")
}

func (o *ordered) ClearOutput(bool) {}

func (o *ordered) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
