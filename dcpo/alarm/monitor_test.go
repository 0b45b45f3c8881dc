package alarm

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestMonitorSaysThingsOnce(t *testing.T) {
	m, err := NewMonitor(Options{Every: 3})
	if err != nil {
		t.Fatal(err)
	}
	var said []int
	for step := 1; step <= 8; step++ {
		f := healthy()
		f.Step, f.Truncated = step, 900
		if step == 2 {
			f.Missing = 900
		}
		warnings, err := m.Step(f)
		if err != nil {
			t.Fatal(err)
		}
		if step == 2 && names(warnings) != "missing_confidence" {
			t.Errorf("step 2: %q", names(warnings))
		}
		if strings.Contains(names(warnings), "truncated") {
			said = append(said, step)
		}
	}
	if want := []int{1, 4, 7}; !slices.Equal(said, want) {
		t.Errorf("it was said in steps %v, want %v", said, want)
	}
}

// TestMonitorStopsEachTime: the error comes even where the warning is not repeated.
func TestMonitorStopsEachTime(t *testing.T) {
	m, err := NewMonitor(Options{StopGap: 0.2})
	if err != nil {
		t.Fatal(err)
	}
	f := healthy()
	f.Gap = 0.3
	for i, want := range []int{1, 0} {
		warnings, err := m.Step(f)
		if err == nil || !strings.Contains(err.Error(), "logprob_broken") || len(warnings) != want {
			t.Errorf("step %d: %q, %v", i, names(warnings), err)
		}
	}
	f.Gap = 0.2
	if _, err := m.Step(f); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}

func TestMonitorRemembersAWindow(t *testing.T) {
	m, err := NewMonitor(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for step := range 2 * window {
		f := healthy()
		f.Step = step
		if warnings, err := m.Step(f); len(warnings) > 0 || err != nil {
			t.Fatalf("step %d: %q, %v", step, names(warnings), err)
		}
	}
	if len(m.past) != window || m.past[0].Step != window || m.past[0].Confidences != nil {
		t.Errorf("it remembers %d steps from %d on", len(m.past), m.past[0].Step)
	}
}

func TestOptionsValidate(t *testing.T) {
	if err := (Options{EqualGroups: -3, SlowPhase: -1, Gap: 5}).Validate(); err != nil {
		t.Error(err)
	}
	if err := DefaultOptions().Validate(); err != nil {
		t.Error(err)
	}
	_, err := NewMonitor(Options{Truncated: 25, Gap: math.NaN(), SlowPhase: 1})
	for _, want := range []string{"Truncated", "Gap", "SlowPhase"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
}
