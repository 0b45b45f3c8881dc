package alarm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Bounds below which nothing is slow or grows.
const (
	slowLeast     = time.Second
	residueLeast  = 64 << 20
	residueWindow = 6 // steps, the one at hand among them
)

// resourceRules look at time and memory, phase by phase.
var resourceRules = []rule{
	{
		name: "slow_phase",
		why:  "Either the work has grown, as when responses get longer, or something is wrong: a program compiled anew each step, another process on the device, an engine that waits",
		try:  "the response lengths beside it; the device's other users; \"godcpo doctor\"",
		see: func(o Options, past []Figures, f Figures) string {
			var slow []string
			for _, phase := range slices.Sorted(maps.Keys(f.Times)) {
				var before []float64
				for _, p := range past {
					if t, ok := p.Times[phase]; ok {
						before = append(before, t.Seconds())
					}
				}
				now, usual := f.Times[phase].Seconds(), median(before)
				if len(before) >= fewSteps && above(now, o.SlowPhase*usual) && o.SlowPhase > 0 && now > usual+slowLeast.Seconds() {
					slow = append(slow, fmt.Sprintf("%s took %.3g s, usually %.3g s", phase, now, usual))
				}
			}
			return strings.Join(slow, "; ")
		},
	},
	{
		name: "memory_residue",
		why:  "What a phase leaves on the device and nobody frees adds up until a step does not fit any more, hours from now",
		try:  "fewer shapes (rollout.max_new_tokens, optimizer.micro_rows), a checkpoint and a restart before it is full, and a report with the phases' figures",
		see: func(o Options, past []Figures, f Figures) string {
			if o.MemoryGrowth < 0 || len(past) < residueWindow-1 {
				return ""
			}
			var grown []string
			for _, phase := range slices.Sorted(maps.Keys(f.Residue)) {
				if first, ok := rising(past[len(past)-residueWindow+1:], f, phase); ok {
					by := f.Residue[phase] - first
					if by > residueLeast && float64(by) > o.MemoryGrowth*float64(first) {
						grown = append(grown, fmt.Sprintf("after %s %.4g GB are held, %.3g GB more than %d steps before", phase, float64(f.Residue[phase])/1e9, float64(by)/1e9, residueWindow-1))
					}
				}
			}
			return strings.Join(grown, "; ")
		},
	},
}

// rising tells whether a phase's residue grew in every step, and where it began.
func rising(past []Figures, f Figures, phase string) (first int64, ok bool) {
	first, ok = past[0].Residue[phase]
	before := first
	for _, step := range append(past[1:len(past):len(past)], f) {
		now, has := step.Residue[phase]
		ok = ok && has && now > before
		before = now
	}
	return first, ok
}
