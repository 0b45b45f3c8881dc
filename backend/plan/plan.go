// Package plan estimates what training a model will take before anything is bought or started: the memory of each device by
// item while responses are generated, while they are scored and while the weights are updated, and the time of a step.
//
// Memory is computed from the shapes of what the programs of packages engine and learner keep; its figures are held against
// XLA's own statistics of those programs in tests. Time is a roofline: operations over a stated share of the devices' peak, or
// bytes over a stated share of their bandwidth, whichever is longer.
package plan

import (
	"errors"
	"fmt"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/reference"
)

// Job is an on-policy training run: a step generates responses, scores them, and updates the weights with them. Of a model with LoRA adapters
// only those have gradients and optimizer state.
type Job struct {
	Model decoder.Config
	// BFloat16 weights have float32 master copies in the optimizer; otherwise weights are float32.
	BFloat16 bool
	Devices  int
	Device   Device

	// FSDP cuts the weights over the devices too; otherwise only gradients and optimizer state are cut (ZeRO-1).
	FSDP bool
	// Reference says where a frozen copy of what is trained lies, under which each response is scored; "" without one.
	Reference reference.Placement
	// Flash attention never writes the scores of a whole sequence to memory.
	Flash bool

	// Prompt and Response are tokens of a row at most, for which there must be room. MeanPrompt and MeanResponse are what rows have
	// on average, for the time of a step (0: as many).
	Prompt, Response         int
	MeanPrompt, MeanResponse int
	// Responses of a step, Group of them to each prompt (which is prefilled once). Slots is how many are decoded at once, on all
	// devices together.
	Responses, Group, Slots int
	// UpdateRows is how many responses an update of the optimizer sees, MicroRows how many of them go through the backward pass
	// at once, on all devices together (0: all).
	UpdateRows, MicroRows int
	// OtherRollout leaves generating to another engine on other devices: no cache here, and no time for it in the plan.
	OtherRollout bool
	// Remat recomputes each layer in the backward pass.
	Remat bool
	// LogitTokens is how many tokens' logits a device holds at once, as learner.Options has it (0: its default).
	LogitTokens int
	// OneExchange sums all gradients over the devices in a single exchange at the end, for which all of them must be there whole. XLA
	// does so on CPU; on GPUs it exchanges them in groups of tens of megabytes while the backward pass goes on.
	OneExchange bool

	Assume Assumptions

	params []decoder.Param // of Model, once prepared
}

// prepared fills in what the estimates read again and again.
func (j Job) prepared() Job {
	j.Assume, j.params = j.Assume.withDefaults(), j.Model.Params()
	return j
}

// Assumptions are what the estimates rest on; the zero value of each field takes its default.
type Assumptions struct {
	// Usable is the share of a device's memory that programs get: the rest goes to the driver and to gaps between buffers. Default 0.92.
	Usable float64 `json:"usable_memory"`
	// MFU is the share of the peak operations that long matrix products reach (prefill, scoring, backward pass). Default 0.4.
	MFU float64 `json:"mfu"`
	// Bandwidth is the share of the memory's and the links' bandwidth that is reached. Default 0.6.
	Bandwidth float64 `json:"bandwidth"`
}

func (a Assumptions) withDefaults() Assumptions {
	for _, f := range []struct {
		value *float64
		or    float64
	}{{&a.Usable, 0.92}, {&a.MFU, 0.4}, {&a.Bandwidth, 0.6}} {
		if *f.value == 0 {
			*f.value = f.or
		}
	}
	return a
}

// Plan is what a job takes.
type Plan struct {
	Parameters int    `json:"parameters"`
	Devices    int    `json:"devices"`
	Device     Device `json:"device"`
	// Usable is the memory of each device that programs get, in bytes.
	Usable int64 `json:"usable_bytes"`
	// Reference is where the frozen copy lies; "" without one.
	Reference reference.Placement `json:"reference,omitempty"`
	// Rollout is the highest point of generating, Scoring that of computing log-probs, Backward and Adam those of the two programs of an update.
	Rollout  Memory      `json:"rollout"`
	Scoring  Memory      `json:"scoring"`
	Backward Memory      `json:"backward"`
	Adam     Memory      `json:"optimizer"`
	Time     Time        `json:"time"`
	Assume   Assumptions `json:"assumptions"`
}

// Update is the highest point of an update.
func (p Plan) Update() Memory {
	if p.Adam.Total() > p.Backward.Total() {
		return p.Adam
	}
	return p.Backward
}

// New plans a job. A job that does not fit its devices is planned all the same; see Plan.Fits.
func New(j Job) (Plan, error) {
	if err := j.Validate(); err != nil {
		return Plan{}, fmt.Errorf("plan: %w", err)
	}
	j = j.prepared()
	p := Plan{Parameters: int(j.parameters(false)), Devices: j.Devices, Device: j.Device, Reference: j.Reference, Assume: j.Assume}
	p.Usable = int64(j.Device.Memory * j.Assume.Usable)
	p.Rollout, p.Scoring, p.Backward, p.Adam, p.Time = j.rollout(), j.scoring(), j.backward(), j.adam(), j.time()
	return p, nil
}

// Fits tells whether all phases fit the devices.
func (p Plan) Fits() bool {
	return max(p.Rollout.Total(), p.Scoring.Total(), p.Update().Total()) <= p.Usable
}

// Validate reports every fault of the job's numbers.
func (j Job) Validate() error {
	faults := []error{j.Model.Validate()}
	if j.Reference != "" {
		faults = append(faults, j.Reference.Validate())
	}
	for _, n := range []struct {
		name  string
		value int
		least int
	}{{"devices", j.Devices, 1}, {"prompt tokens", j.Prompt, 1}, {"response tokens", j.Response, 1},
		{"prompt tokens on average", j.MeanPrompt, 0}, {"response tokens on average", j.MeanResponse, 0}, {"responses a step", j.Responses, 1},
		{"responses a prompt", j.Group, 1}, {"slots", j.Slots, 1}, {"rows an update", j.UpdateRows, 1}, {"rows a backward pass", j.MicroRows, 0}} {
		if n.value < n.least {
			faults = append(faults, fmt.Errorf("%d %s, want at least %d", n.value, n.name, n.least))
		}
	}
	if j.MeanPrompt > j.Prompt || j.MeanResponse > j.Response {
		faults = append(faults, fmt.Errorf("rows of %d prompt and %d response tokens on average are longer than the longest, %d and %d", j.MeanPrompt, j.MeanResponse, j.Prompt, j.Response))
	}
	if most := j.Model.MaxPositions; most > 0 && j.Prompt+j.Response > most {
		faults = append(faults, fmt.Errorf("%d tokens a row (%d prompt + %d response), the model has %d positions", j.Prompt+j.Response, j.Prompt, j.Response, most))
	}
	for _, x := range []struct {
		name  string
		value float64
		most  float64
	}{{"usable share of the memory", j.Assume.Usable, 1}, {"MFU", j.Assume.MFU, 1}, {"bandwidth share", j.Assume.Bandwidth, 1}} {
		if !(x.value >= 0 && x.value <= x.most) {
			faults = append(faults, fmt.Errorf("%s is %g, want more than 0 and at most %g", x.name, x.value, x.most))
		}
	}
	if d := j.Device; !(d.Memory > 0 && d.FLOPS > 0 && d.Bandwidth > 0 && d.Link > 0) {
		faults = append(faults, fmt.Errorf("device %q: memory, operations and bandwidths must be positive", d.Name))
	}
	return errors.Join(faults...)
}

// seq is the length of a row.
func (j Job) seq() int { return j.Prompt + j.Response }

// means are the tokens of a prompt and of a response on average.
func (j Job) means() (prompt, response float64) {
	prompt, response = float64(j.Prompt), float64(j.Response)
	if j.MeanPrompt > 0 {
		prompt = float64(j.MeanPrompt)
	}
	if j.MeanResponse > 0 {
		response = float64(j.MeanResponse)
	}
	return prompt, response
}

// perDevice is a device's share of rows, which are spread evenly.
func (j Job) perDevice(rows int) int { return (rows + j.Devices - 1) / j.Devices }

// microRows is the rows of a backward pass.
func (j Job) microRows() int {
	if j.MicroRows == 0 || j.MicroRows > j.UpdateRows {
		return j.UpdateRows
	}
	return j.MicroRows
}

// width is the bytes of a weight.
func (j Job) width() int64 {
	if j.BFloat16 {
		return 2
	}
	return 4
}
