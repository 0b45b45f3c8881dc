package plan_test

import (
	"fmt"

	"github.com/dcpo-go/godcpo/backend/plan"
)

// What fits eight GPUs of 80 GB when Qwen3-8B is trained?
func ExampleNew() {
	model, _ := plan.Shape("Qwen3-8B")
	n, device, err := plan.ParseDevices("8x80GB")
	if err != nil {
		fmt.Println(err)
		return
	}
	job := plan.Job{Model: model, BFloat16: true, Devices: n, Device: device, Prompt: 1024, Response: 3000, Responses: 2048, Group: 8, Slots: 2048,
		UpdateRows: 512, MicroRows: 8, Remat: true}
	p, err := plan.New(job)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("weights %.1f GB, optimizer %.1f GB, fits: %v\n", float64(p.Rollout.Of(plan.Weights))/1e9, float64(p.Rollout.Of(plan.Optimizer))/1e9, p.Fits())
	if _, changes, ok := plan.Advise(job); ok {
		fmt.Println(changes[0].Knob, changes[0].From, "→", changes[0].To)
	}
	// Output:
	// weights 16.4 GB, optimizer 12.3 GB, fits: false
	// slots 2048 → 512
}
