package plan

import "github.com/dcpo-go/godcpo/backend/reference"

// Knob is something about a job that can be turned to make it fit.
type Knob string

// The knobs, those that cost least first.
const (
	Slots            Knob = "slots"
	MicroRows        Knob = "micro_rows"
	ShardedReference Knob = "sharded_reference"
	HostReference    Knob = "host_reference"
	Remat            Knob = "remat"
	BFloat16         Knob = "bfloat16"
	FSDP             Knob = "fsdp"
	MoreDevices      Knob = "devices"
)

// Change is a knob's new position; 0 and 1 stand for off and on.
type Change struct {
	Knob Knob `json:"knob"`
	From int  `json:"from"`
	To   int  `json:"to"`
}

// mostDevices bounds what Advise suggests.
const mostDevices = 1024

// Advise changes a job that does not fit so that it does, in the way that costs least: first fewer slots and rows a backward pass, then
// another place for the reference policy, recomputed layers, bfloat16, weights cut over the devices, and more devices. It returns the changed job with the changes, or false
// when nothing helps.
func Advise(j Job) (Job, []Change, bool) {
	changed := j
	for _, step := range []func(){func() {}, func() { changed.moveReference() }, func() { changed.Remat = true }, func() { changed.BFloat16 = true }, func() { changed.FSDP = changed.Devices > 1 }} {
		step()
		if fitted, ok := shrink(changed); ok {
			return fitted, changes(j, fitted), true
		}
	}
	for changed.Devices *= 2; changed.Devices <= mostDevices; changed.Devices *= 2 {
		changed.FSDP = j.FSDP
		for range 2 {
			if fitted, ok := shrink(changed); ok {
				return fitted, changes(j, fitted), true
			}
			changed.FSDP = true
		}
	}
	return j, nil, false
}

// shrink halves slots and the rows of a backward pass until both phases fit.
func shrink(j Job) (Job, bool) {
	for {
		p, err := New(j)
		if err != nil {
			return j, false
		}
		slots, micro := j.Slots, j.microRows()
		if p.Rollout.Total() > p.Usable {
			slots = max(j.Devices, min(slots, j.Responses)/2)
		}
		if max(p.Scoring.Total(), p.Update().Total()) > p.Usable {
			micro = max(j.Devices, micro/2)
		}
		switch {
		case p.Fits():
			return j, true
		case slots >= j.Slots && micro >= j.microRows():
			return j, false
		}
		if micro < j.microRows() {
			j.MicroRows = micro
		}
		j.Slots = min(slots, j.Slots)
	}
}

// moveReference takes a resident reference policy out of the way: cut over several devices, or to the host of one.
func (j *Job) moveReference() {
	switch {
	case j.Reference != reference.Resident:
	case j.Devices > 1:
		j.Reference = reference.Sharded
	default:
		j.Reference = reference.Host
	}
}

// changes lists what differs between two jobs.
func changes(from, to Job) []Change {
	var out []Change
	add := func(k Knob, before, after int) {
		if before != after {
			out = append(out, Change{k, before, after})
		}
	}
	add(Slots, from.Slots, to.Slots)
	add(MicroRows, from.microRows(), to.microRows())
	add(ShardedReference, number(from.Reference == reference.Sharded), number(to.Reference == reference.Sharded))
	add(HostReference, number(from.Reference == reference.Host), number(to.Reference == reference.Host))
	add(Remat, number(from.Remat), number(to.Remat))
	add(BFloat16, number(from.BFloat16), number(to.BFloat16))
	add(FSDP, number(from.FSDP), number(to.FSDP))
	add(MoreDevices, from.Devices, to.Devices)
	return out
}

func number(on bool) int {
	if on {
		return 1
	}
	return 0
}
