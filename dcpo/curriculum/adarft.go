package curriculum

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
)

// AdaRFT says how the target difficulty follows the mean reward:
//
//	T ← clip(T + StepSize·tanh(Sensitivity·(mean reward − WantReward)), Least, Most)
//
// The zero value of each field takes its documented default; the scale of difficulties is percent of failed attempts.
type AdaRFT struct {
	Target      float64 // the first target; default 0
	StepSize    float64 // η; default 50
	Sensitivity float64 // α; default 2
	WantReward  float64 // β; default 0.5
	Least       float64 // default 0
	Most        float64 // default 100
}

func (o AdaRFT) withDefaults() AdaRFT {
	for _, d := range []struct {
		v   *float64
		def float64
	}{{&o.StepSize, 50}, {&o.Sensitivity, 2}, {&o.WantReward, 0.5}, {&o.Most, 100}} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	return o
}

// Validate reports all faults at once.
func (o AdaRFT) Validate() error {
	o = o.withDefaults()
	var faults []error
	for _, f := range []struct {
		name  string
		value float64
	}{{"target", o.Target}, {"step_size", o.StepSize}, {"sensitivity", o.Sensitivity}, {"want_reward", o.WantReward}, {"least", o.Least}, {"most", o.Most}} {
		if !finite(f.value) {
			faults = append(faults, fmt.Errorf("curriculum.%s is %v: want a finite number", f.name, f.value))
		}
	}
	if o.Least >= o.Most || o.Target < o.Least || o.Target > o.Most {
		faults = append(faults, fmt.Errorf("curriculum: least %g, target %g, most %g: want least ≤ target ≤ most, and least < most", o.Least, o.Target, o.Most))
	}
	if o.StepSize < 0 || o.Sensitivity < 0 {
		faults = append(faults, fmt.Errorf("curriculum.step_size and sensitivity are %g and %g: want more than 0", o.StepSize, o.Sensitivity))
	}
	return errors.Join(faults...)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// adaptive draws the unasked problems nearest to the target. The paper's own sampler never marks a problem as asked, so that a
// target that stands still asks the same ones again and again; here each is asked once before any is asked again.
type adaptive struct {
	opt        AdaRFT
	difficulty []float64
	order      []int  // by difficulty, then by index
	asked      []bool // in this pass, by place in order
	left       int    // not asked yet in this pass
	target     float64
}

func newAdaptive(n int, difficulty func(i int) (float64, bool), opt AdaRFT) (*adaptive, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	a := &adaptive{opt: opt, difficulty: make([]float64, n), order: sequence(n), asked: make([]bool, n), left: n, target: opt.Target}
	var lack []int
	for i := range a.difficulty {
		ok := false
		if difficulty != nil {
			a.difficulty[i], ok = difficulty(i)
		}
		if !ok || !finite(a.difficulty[i]) {
			lack = append(lack, i)
		}
	}
	if len(lack) > 0 {
		return nil, lacking(lack, n)
	}
	slices.SortStableFunc(a.order, func(i, j int) int { return cmp.Compare(a.difficulty[i], a.difficulty[j]) })
	return a, nil
}

// lacking says which of n problems have no difficulty; the first few by their indices, which are those of Next.
func lacking(lack []int, n int) error {
	const few = 5
	more := ""
	if len(lack) > few {
		more = " and others"
	}
	return fmt.Errorf("curriculum adarft: %d of %d problems have no difficulty, those with the indices %v%s: leave them out, or use a set whose problems have one, such as deepscaler_uniform_10k",
		len(lack), n, lack[:min(few, len(lack))], more)
}

// Next implements Sampler. Of two problems equally near, the easier one is drawn.
func (a *adaptive) Next(n int) ([]int, error) {
	if err := count(n); err != nil {
		return nil, err
	}
	out := make([]int, n)
	for i := range out {
		if a.left == 0 {
			clear(a.asked)
			a.left = len(a.asked)
		}
		at := a.nearest()
		a.asked[at] = true
		a.left--
		out[i] = a.order[at]
	}
	return out, nil
}

// nearest is the place of the unasked problem nearest to the target.
func (a *adaptive) nearest() int {
	from, _ := slices.BinarySearchFunc(a.order, a.target, func(i int, t float64) int { return cmp.Compare(a.difficulty[i], t) })
	below, above := from-1, from
	for below >= 0 && a.asked[below] {
		below--
	}
	for above < len(a.order) && a.asked[above] {
		above++
	}
	switch {
	case below < 0:
		return above
	case above == len(a.order):
		return below
	case a.target-a.difficulty[a.order[below]] <= a.difficulty[a.order[above]]-a.target:
		return below
	}
	return above
}

// Learn implements Sampler.
func (a *adaptive) Learn(meanReward float64) {
	if math.IsNaN(meanReward) {
		return
	}
	o := a.opt
	a.target = min(max(a.target+o.StepSize*math.Tanh(o.Sensitivity*(meanReward-o.WantReward)), o.Least), o.Most)
}

// Difficulty implements Sampler.
func (a *adaptive) Difficulty() float64 { return a.target }

// pass is the saved state of adaptive.
type pass struct {
	identity
	Target float64 `json:"target"`
	// Asked lists the problems asked in this pass as stretches of places in the order of difficulty: from, to (exclusive), from, to, …
	Asked []int `json:"asked"`
}

func (a *adaptive) identity() identity { return identity{Kind: adarft, Problems: len(a.asked)} }

// State implements Sampler.
func (a *adaptive) State() (json.RawMessage, error) {
	p := pass{identity: a.identity(), Target: a.target}
	for i, asked := range a.asked {
		if asked != (i > 0 && a.asked[i-1]) {
			p.Asked = append(p.Asked, i)
		}
	}
	if len(p.Asked)%2 == 1 {
		p.Asked = append(p.Asked, len(a.asked))
	}
	return json.Marshal(p)
}

// Restore implements Sampler. A target beyond the bounds, as they are now, is put at the bound.
func (a *adaptive) Restore(raw json.RawMessage) error {
	var p pass
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("curriculum: read the saved state: %w", err)
	}
	if err := a.identity().accepts(p.identity); err != nil {
		return err
	}
	n := len(a.asked)
	if k := len(p.Asked); k%2 == 1 || !slices.IsSorted(p.Asked) || k > 0 && (p.Asked[0] < 0 || p.Asked[k-1] > n) {
		return fmt.Errorf("curriculum: the saved state marks %v as asked: want rising pairs of places from 0 to %d", p.Asked, n)
	}
	clear(a.asked)
	a.target, a.left = min(max(p.Target, a.opt.Least), a.opt.Most), n
	for stretch := range slices.Chunk(p.Asked, 2) {
		for at := stretch[0]; at < stretch[1]; at++ {
			a.asked[at] = true
			a.left--
		}
	}
	return nil
}
