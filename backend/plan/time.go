package plan

// Time is how long the parts of a step take, in seconds.
type Time struct {
	Prefill  float64 `json:"prefill"`   // of the prompts, once each; 0 where another engine generates
	Decode   float64 `json:"decode"`    // of all responses; likewise
	Scoring  float64 `json:"scoring"`   // log-probs under the policy and, if there is one, the reference
	Backward float64 `json:"backward"`  // forward and backward passes of the updates
	Exchange float64 `json:"exchange"`  // between devices, and with the host where the reference policy is there
	Adam     float64 `json:"optimizer"` // reading and writing the optimizer's state
	// Tokens of a step: prompts and responses.
	Tokens float64 `json:"tokens"`
}

// Step is the time of a whole step.
func (t Time) Step() float64 {
	return t.Prefill + t.Decode + t.Scoring + t.Backward + t.Exchange + t.Adam
}

// time estimates a step from the devices' data sheets.
func (j Job) time() Time {
	n := float64(j.Devices)
	prompt, response := j.means()
	responses, seq := float64(j.Responses), prompt+response
	var t Time
	t.Tokens = responses * seq
	compute := func(operations float64) float64 { return operations / (n * j.Device.FLOPS * j.Assume.MFU) }

	if !j.OtherRollout {
		prompts := responses / float64(j.Group)
		t.Prefill = compute(prompts * prompt * j.forward(prompt/2))
		t.Decode = j.decodeTime()
	}

	passes := 1.0
	if j.Reference != "" {
		passes = 2
	}
	t.Scoring = compute(passes * t.Tokens * j.forward(seq/2))
	work := 3.0 // a backward pass takes twice the operations of a forward pass
	if j.Remat {
		work = 4
	}
	t.Backward = compute(work * t.Tokens * j.forward(seq/2))

	updates := responses / float64(j.UpdateRows)
	weights, trained := float64(j.weights(false)), float64(j.trained(false))
	changed := trained * float64(j.width())
	if j.Devices > 1 {
		ring := (n - 1) / n / (j.Device.Link * j.Assume.Bandwidth)
		passes := float64((j.UpdateRows + j.microRows() - 1) / j.microRows())
		t.Exchange = updates * ring * (passes*2*changed + changed) // gradients are all-reduced each pass, new weights gathered once
		if j.FSDP {
			t.Exchange = updates * ring * passes * (2*weights + changed) // gathered in both passes, gradients scattered
		}
	}
	t.Exchange += j.scoringExchange()
	state := trained / n * float64(2*4*j.stateKinds()+4) // each read and written, gradients read
	t.Adam = updates * (state + 2*float64(j.width()*j.trained(j.FSDP))) / (j.Device.Bandwidth * j.Assume.Bandwidth)
	return t
}

// forward is the operations of a token in a forward pass that sees so many positions on average.
func (j Job) forward(context float64) float64 {
	c := j.Model
	looked := 0 // the embedding table is read, not multiplied
	if !c.TieEmbeddings {
		looked = c.VocabSize * c.HiddenSize
	}
	return 2*float64(j.parameters(false)-int64(looked)) + 4*context*float64(c.Layers*c.Heads*c.HeadDim)
}

// decodeTime is the time of all decode steps. Each reads the weights and the cache of the running rows, or multiplies for as long as
// that takes at the long products' share of the peak, whichever is longer. Finished rows are refilled at once, so that all slots but
// those of the last round are in use.
func (j Job) decodeTime() float64 {
	rows := float64(j.perDevice(j.Responses))
	slots := min(rows, float64(j.perDevice(j.Slots)))
	prompt, response := j.means()
	context := prompt + response/2
	reading := (float64(j.weights(false)) + slots*context*float64(j.cacheToken())) / (j.Device.Bandwidth * j.Assume.Bandwidth)
	multiplying := slots * j.forward(context) / (j.Device.FLOPS * j.Assume.MFU)
	step := max(reading, multiplying)
	if j.FSDP && j.Devices > 1 { // weights come from the other devices
		step = max(step, float64(j.weights(false))/(j.Device.Link*j.Assume.Bandwidth))
	}
	return rows / slots * response * step
}
