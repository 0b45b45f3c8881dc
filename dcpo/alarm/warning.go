package alarm

import (
	"fmt"
	"log/slog"
)

// Warning is one thing that goes wrong.
type Warning struct {
	// Name is stable, one of those in the package's table.
	Name string
	Step int
	// Seen says what the step showed, Why what that does to training, Try what helps.
	Seen, Why, Try string
	// Stop tells that going on does harm.
	Stop bool
}

// String is the warning as a sentence each of what, why and what to try.
func (w Warning) String() string {
	return fmt.Sprintf("step %d, %s: %s. %s. Try: %s.", w.Step, w.Name, w.Seen, w.Why, w.Try)
}

// LogValue groups the parts for structured logs.
func (w Warning) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", w.Name), slog.Int("step", w.Step), slog.String("seen", w.Seen), slog.String("why", w.Why), slog.String("try", w.Try))
}

// rule is one alarm. see says what it sees in a step, or "". past are earlier steps, the oldest first.
type rule struct {
	name     string
	why, try string
	stop     bool
	see      func(o Options, past []Figures, f Figures) string
}

// Check looks at a step. past are the figures of the steps before it, the oldest first; what compares with them needs a few.
func Check(o Options, past []Figures, f Figures) []Warning {
	o = o.withDefaults()
	var out []Warning
	for _, rules := range [][]rule{signalRules, rolloutRules, confidenceRules, policyRules, resourceRules} {
		for _, r := range rules {
			if seen := r.see(o, past, f); seen != "" {
				out = append(out, Warning{Name: r.name, Step: f.Step, Seen: seen, Why: r.why, Try: r.try, Stop: r.stop})
			}
		}
	}
	return out
}

// exceeds tells whether a share n / of is beyond a limit that is not switched off.
func exceeds(n, of int, limit float64) bool {
	return limit >= 0 && of > 0 && float64(n)/float64(of) > limit
}

// above tells whether a figure is beyond a limit that is not switched off; an undefined figure is not.
func above(v, limit float64) bool { return limit >= 0 && v > limit }

// share is n / of as a reader wants it.
func share(n, of int) string {
	return fmt.Sprintf("%.3g %% (%d of %d)", 100*float64(n)/float64(of), n, of)
}

// percent is a limit that is a share.
func percent(limit float64) string { return fmt.Sprintf("%.3g %%", 100*limit) }
