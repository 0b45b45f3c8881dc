package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/backend/mesh"
)

// work is a case made ready: step runs it once.
type work struct {
	about about
	// step returns a result that all sides must agree on.
	step         func(ctx context.Context) (check float64, err error)
	release      func()
	plugin       string // version of the PJRT plug-in, where there is one
	programBytes int64  // memory of the largest program that ran, as XLA planned it
}

// cases are what can be measured. Those of a bed run on a model's devices.
var cases = map[string]func(ctx context.Context, b *bed) (*work, error){
	"train":   train,
	"score":   score,
	"prefill": prefill,
	"decode":  decode,
	"step":    onPolicy,
}

// caseNames lists the cases with encode, which has no model.
func caseNames() []string { return append(slices.Sorted(maps.Keys(cases)), "encode") }

// newWork prepares a case.
func newWork(ctx context.Context, s spec) (*work, error) {
	if s.Case == "encode" {
		return encode(s)
	}
	prepare, ok := cases[s.Case]
	if !ok {
		return nil, fmt.Errorf("case %q is unknown: expected one of %s", s.Case, strings.Join(caseNames(), ", "))
	}
	b, err := newBed(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Case, err)
	}
	w, err := prepare(ctx, b)
	if err != nil {
		b.release()
		return nil, fmt.Errorf("%s: %w", s.Case, err)
	}
	b.describe(w)
	step, release := w.step, w.release
	w.step = func(ctx context.Context) (float64, error) {
		check, err := step(mesh.Watch(ctx, func(_ string, s mesh.Stats) { w.programBytes = max(w.programBytes, s.Peak()) }))
		if err != nil {
			err = fmt.Errorf("%s: %w", b.spec.Case, err)
		}
		return check, err
	}
	w.release = func() {
		if release != nil {
			release()
		}
		b.release()
	}
	return w, nil
}

// describe says on what the work runs.
func (b *bed) describe(w *work) {
	w.about.Model, w.about.Device, w.plugin = b.spec.Model, b.mesh.Describe(0), b.mesh.Plugin().Version
	if b.mesh.IsCPU() {
		w.about.Device = processorName()
	}
	if d, ok := b.sheet(); ok {
		w.about.PeakOperations, w.about.PeakBytes = d.FLOPS, d.Bandwidth
	}
}
