package cell_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/kernel/cell"
)

// TestMemoryOfCompiledCells bounds what a compiled cell costs for good: plug-ins
// are never unloaded, and a thousand have to stay under 4 GB.
func TestMemoryOfCompiledCells(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a hundred plug-ins")
	}
	needsCompiler(t)
	resident(t)
	s, err := cell.New(cell.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const most = 4 << 20
	cells := 100
	if os.Getenv("GODCPO_TEST_SLOW") != "" {
		cells = 1000
	}
	var failed error
	before := 0
	for i := range cells + 1 {
		if i == 1 { // the first loads the packages
			before = resident(t)
		}
		code := fmt.Sprintf("%%%%go\ntype T%d struct{ a int }\nfunc (t T%d) String() string { return fmt.Sprint(t.a) }\nT%d{%d}", i, i, i, i)
		if v, err := s.Run(context.Background(), code, &record{}); err != nil || v == nil || v.Text() != fmt.Sprint(i) {
			failed = fmt.Errorf("cell %d: %v, %v", i, v, err)
			break
		}
	}
	after := resident(t)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if each := (after - before) / cells; failed != nil || each > most {
		t.Errorf("%v; a compiled cell keeps %d bytes, want at most %d", failed, each, most)
	} else {
		t.Logf("%d compiled cells keep %d bytes each; the process has %d MiB", cells, each, after>>20)
	}
}

// resident returns the memory of this process in bytes.
func resident(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("the memory of the process cannot be read here: ", err)
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	t.Skip("the memory of the process cannot be read here")
	return 0
}
