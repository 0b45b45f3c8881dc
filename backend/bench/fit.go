package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"github.com/dcpo-go/godcpo/backend/plan"
)

// sheet finds the data sheet of the device: the one asked for, or the one whose name the device has in its own. Of several, the longest name.
func (b *bed) sheet() (plan.Device, bool) {
	asked := b.spec.GPU
	if asked == "" {
		asked = b.mesh.Describe(0)
	}
	var found plan.Device
	for _, d := range plan.Devices() {
		if strings.Contains(strings.ToUpper(asked), strings.ToUpper(d.Name)) && len(d.Name) > len(found.Name) {
			found = d
		}
	}
	return found, found.Name != ""
}

// fit settles which model is run, and in how small parts its batches are trained on.
func (b *bed) fit() (err error) {
	if b.spec.Model != auto {
		if b.cfg, err = shapeOf(b.spec.Model); err != nil {
			return err
		}
		if device, ok := b.sheet(); ok {
			b.fits(device) // or is tried all the same
		}
		return nil
	}
	device, ok := b.sheet()
	if !ok {
		return fmt.Errorf("model %s: device %q is in no data sheet: name its like with -gpu", auto, b.mesh.Describe(0))
	}
	names := plan.Shapes()
	slices.Reverse(names) // the largest first
	for _, name := range names {
		if b.cfg, err = shapeOf(name); err != nil {
			return err
		}
		if b.fits(device) {
			b.spec.Model = name
			return nil
		}
	}
	return fmt.Errorf("model %s: no published shape fits a %s with %d rows of %d tokens", auto, device.Name, b.spec.Rows, b.spec.Prompt+b.spec.New)
}

// fits tells whether the case fits the device, and how its backward passes must be cut for that.
func (b *bed) fits(device plan.Device) bool {
	s := b.spec
	j := plan.Job{Model: b.cfg, BFloat16: b.dtype == dtypes.BFloat16, Devices: 1, Device: device, Prompt: s.Prompt, Response: s.New,
		Responses: s.Rows, Group: 1, Slots: s.Rows, UpdateRows: s.Rows}
	switch s.Case {
	case "train", "score":
		j.Prompt, j.Response = 1, s.Seq-1
	case "prefill":
		j.Prompt, j.Response = s.Seq, 1
	}
	if s.Case == "decode" || s.Case == "prefill" { // nothing is trained, so there is no optimizer
		p, err := plan.New(j)
		return err == nil && p.Rollout.Total()-p.Rollout.Of(plan.Optimizer) <= p.Usable
	}
	j, changes, ok := plan.Advise(j)
	for _, c := range changes {
		ok = ok && (c.Knob == plan.MicroRows || c.Knob == plan.Remat)
	}
	if ok {
		b.microRows, b.remat = j.MicroRows, j.Remat
	}
	return ok
}
