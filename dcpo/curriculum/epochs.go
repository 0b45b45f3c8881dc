package curriculum

import (
	"encoding/json"
	"fmt"
	"math"
)

// epochs goes through the problems epoch by epoch.
type epochs struct {
	of    identity
	order func(epoch int) []int
	drawn int // problems handed out so far

	current []int // the order of the epoch at hand
	epoch   int   // which that is, from 1; 0: none yet
}

// Next implements Sampler.
func (e *epochs) Next(n int) ([]int, error) {
	if err := count(n); err != nil {
		return nil, err
	}
	out := make([]int, n)
	for i := range out {
		if epoch := e.drawn/e.of.Problems + 1; epoch != e.epoch {
			e.current, e.epoch = e.order(epoch-1), epoch
		}
		out[i] = e.current[e.drawn%e.of.Problems]
		e.drawn++
	}
	return out, nil
}

// Learn implements Sampler: these orders do not depend on what was learned.
func (e *epochs) Learn(float64) {}

// Difficulty implements Sampler.
func (e *epochs) Difficulty() float64 { return math.NaN() }

// position is the saved state of epochs. The orders follow from the seed.
type position struct {
	identity
	Drawn int `json:"drawn"`
}

// State implements Sampler.
func (e *epochs) State() (json.RawMessage, error) { return json.Marshal(position{e.of, e.drawn}) }

// Restore implements Sampler.
func (e *epochs) Restore(raw json.RawMessage) error {
	var p position
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("curriculum: read the saved state: %w", err)
	}
	if err := e.of.accepts(p.identity); err != nil {
		return err
	}
	if p.Drawn < 0 {
		return fmt.Errorf("curriculum: the saved state says that %d problems were drawn: want 0 or more", p.Drawn)
	}
	e.drawn = p.Drawn
	return nil
}
