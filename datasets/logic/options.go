package logic

import (
	"errors"
	"fmt"
)

// Options sets what a [Generator] draws. The zero value is seed 0 and puzzles
// of 3 to 7 people, as Logic-RL trains and tests with.
type Options struct {
	// Seed decides everything drawn.
	Seed uint64
	// MinPeople and MaxPeople bound the number of people, each number being
	// equally likely; both lie in 2..8. 0 means 3 and 7, or the other bound where
	// that is beyond.
	MinPeople, MaxPeople int
}

const (
	fewestPeople = 2
	mostPeople   = 8 // the puzzles of Logic-RL go so far
)

// withDefaults fills in what the zero value leaves open.
func (o Options) withDefaults() Options {
	least, most := o.MinPeople, o.MaxPeople
	if least == 0 {
		o.MinPeople = 3
		if most != 0 {
			o.MinPeople = min(3, most)
		}
	}
	if most == 0 {
		o.MaxPeople = max(7, least)
	}
	return o
}

// Validate reports every fault at once; nil means the options can be used.
func (o Options) Validate() error {
	o = o.withDefaults()
	var faults []error
	for _, bound := range []struct {
		name  string
		value int
	}{{"MinPeople", o.MinPeople}, {"MaxPeople", o.MaxPeople}} {
		if bound.value < fewestPeople || bound.value > mostPeople {
			faults = append(faults, fmt.Errorf("%s %d: expected a number of people from %d to %d, or 0 for the default", bound.name, bound.value, fewestPeople, mostPeople))
		}
	}
	if o.MinPeople > o.MaxPeople {
		faults = append(faults, fmt.Errorf("MinPeople %d is above MaxPeople %d: exchange them", o.MinPeople, o.MaxPeople))
	}
	return errors.Join(faults...)
}
