package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dcpo-go/godcpo/backend/plan"
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
	fmt.Fprintf(w, "%s: %v", model, p)
	return fault
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
			over = append(over, fmt.Sprintf("the %s takes %s", phase.name, plan.Gigabytes(phase.bytes)))
		}
	}
	fault := fmt.Sprintf("the plan does not fit: of %s on each device, %s", plan.Gigabytes(p.Usable), inARow(over))
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
		plan.Gigabytes(then.Rollout.Total()), plan.Gigabytes(then.Update().Total()))
}
