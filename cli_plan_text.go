package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dcpo-go/godcpo/backend/plan"
	"github.com/dcpo-go/godcpo/backend/reference"
)

// printPlan prints a plan, and fails when it does not fit.
func printPlan(w io.Writer, model string, job plan.Job, p plan.Plan, asJSON bool) error {
	var fault error
	var changes []plan.Change
	if !p.Fits() {
		fitted, list, ok := plan.Advise(job)
		changes = list
		fault = misfit(p, fitted, changes, ok)
	}
	if asJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		err := encoder.Encode(struct {
			Model string `json:"model"`
			plan.Plan
			Fits    bool          `json:"fits"`
			Step    float64       `json:"step_seconds"`
			Changes []plan.Change `json:"changes,omitempty"`
		}{model, p, p.Fits(), p.Time.Step(), changes})
		return errors.Join(err, fault)
	}
	fmt.Fprintf(w, "%s: %s parameters on %d × %s, %s of memory usable on each\n\n", model, inWords(p.Parameters), p.Devices, p.Device.Name, gigabytes(p.Usable))
	printMemory(w, p)
	if p.Reference != "" {
		fmt.Fprintf(w, "reference policy: %s (%s)\n\n", p.Reference, placements[p.Reference])
	}
	printTime(w, p)
	return fault
}

// placements says what the places of a reference policy mean.
var placements = map[reference.Placement]string{reference.Resident: "a copy that lies as the weights do", reference.Sharded: "cut over the devices",
	reference.Host: "in the host's memory, and on the devices for scoring"}

// inWords writes a count with four digits.
func inWords(n int) string {
	x, unit := float64(n), ""
	for _, u := range []string{" thousand", " million", " billion"} {
		if x < 1000 {
			break
		}
		x, unit = x/1000, u
	}
	return fmt.Sprintf("%.4g%s", x, unit)
}

func printMemory(w io.Writer, p plan.Plan) {
	phases := []plan.Memory{p.Rollout, p.Scoring, p.Backward, p.Adam}
	unit, size := "GB", 1e9
	if max(p.Rollout.Total(), p.Scoring.Total(), p.Update().Total()) < 1e9 {
		unit, size = "MB", 1e6
	}
	fmt.Fprintf(w, "%-22s", unit+" on each device")
	for _, m := range phases {
		fmt.Fprintf(w, " %14s", m.At)
	}
	line := func(name string, bytes func(plan.Memory) int64) {
		fmt.Fprintf(w, "\n%-22s", name)
		for _, m := range phases {
			fmt.Fprintf(w, " %14.2f", float64(bytes(m))/size)
		}
	}
	for _, name := range plan.ItemNames() {
		if p.Rollout.Of(name)+p.Scoring.Of(name)+p.Backward.Of(name)+p.Adam.Of(name) > 0 {
			line("  "+name, func(m plan.Memory) int64 { return m.Of(name) })
		}
	}
	line("together", plan.Memory.Total)
	line("free", func(m plan.Memory) int64 { return p.Usable - m.Total() })
	fmt.Fprint(w, "\n\n")
}

func printTime(w io.Writer, p plan.Plan) {
	t := p.Time
	fmt.Fprintf(w, "%-22s %12s\n", "seconds of a step", "")
	for _, part := range []struct {
		name    string
		seconds float64
	}{{"prefill", t.Prefill}, {"decode", t.Decode}, {"scoring", t.Scoring}, {"backward passes", t.Backward}, {"exchange", t.Exchange}, {"optimizer", t.Adam}} {
		fmt.Fprintf(w, "%-22s %12.3g\n", "  "+part.name, part.seconds)
	}
	fmt.Fprintf(w, "%-22s %12.3g   %.0f tokens/s on each device, at %.0f %% of the peak operations and %.0f %% of the bandwidth\n", "together", t.Step(),
		t.Tokens/t.Step()/float64(p.Devices), 100*p.Assume.MFU, 100*p.Assume.Bandwidth)
}

// knobNames are what a configuration and the command line call the knobs.
var knobNames = map[plan.Knob]string{plan.Slots: "rollout.rows = %d", plan.MicroRows: "optimizer.micro_rows = %d",
	plan.ShardedReference: `loss.reference = "sharded"`, plan.HostReference: `loss.reference = "host"`,
	plan.Remat: "optimizer.gradient_checkpointing = true", plan.BFloat16: `model.dtype = "bfloat16"`, plan.FSDP: "--fsdp", plan.MoreDevices: "%d devices"}

// inARow lists things as a sentence does.
func inARow(things []string) string {
	last := len(things) - 1
	if last < 1 {
		return strings.Join(things, "")
	}
	return strings.Join(things[:last], ", ") + " and " + things[last]
}

// misfit says by how much a plan does not fit, and what to change.
func misfit(p plan.Plan, fitted plan.Job, changes []plan.Change, ok bool) error {
	var over []string
	for _, phase := range []struct {
		name  string
		bytes int64
	}{{"rollout", p.Rollout.Total()}, {"scoring", p.Scoring.Total()}, {"update", p.Update().Total()}} {
		if phase.bytes > p.Usable {
			over = append(over, fmt.Sprintf("the %s takes %s", phase.name, gigabytes(phase.bytes)))
		}
	}
	fault := fmt.Sprintf("the plan does not fit: of %s on each device, %s", gigabytes(p.Usable), inARow(over))
	if !ok {
		return fmt.Errorf("%s; fewer slots, smaller micro-batches, recomputed layers, FSDP and up to 1,024 such devices do not help: take larger devices or shorter rows", fault)
	}
	var turns []string
	for _, c := range changes {
		turn := knobNames[c.Knob]
		if strings.Contains(turn, "%d") {
			turn = fmt.Sprintf(turn+" (instead of %d)", c.To, c.From)
		}
		turns = append(turns, turn)
	}
	then, err := plan.New(fitted)
	if err != nil {
		return err
	}
	return fmt.Errorf("%s; it fits with %s: then the rollout takes %s and the update %s", fault, strings.Join(turns, ", "),
		gigabytes(then.Rollout.Total()), gigabytes(then.Update().Total()))
}
