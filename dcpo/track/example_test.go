package track_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/dcpo/track"
)

func ExampleOpenJSONL() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	run, err := track.OpenJSONL(dir, track.Fresh)
	if err != nil {
		panic(err)
	}
	err = errors.Join(run.Scalars(1, map[string]float64{"loss": 0.5, "auroc": math.NaN()}), run.Scalars(2, map[string]float64{"loss": 0.25}), run.Close(nil))
	if err != nil {
		panic(err)
	}

	run, err = track.OpenJSONL(dir, 1) // resumed from the checkpoint after step 1
	if err != nil {
		panic(err)
	}
	err = errors.Join(run.Scalars(2, map[string]float64{"loss": 0.25}), run.Close(nil))
	text, readErr := os.ReadFile(filepath.Join(dir, "metrics.jsonl"))
	fmt.Print(string(text), errors.Join(err, readErr))
	// Output:
	// {"auroc":null,"loss":0.5,"step":1}
	// {"loss":0.25,"step":2}
	// <nil>
}

func ExampleChoose() {
	sure := 0.9
	rollouts := []track.Sample{
		{Problem: "p1", Rewards: map[string]float64{"accuracy": 0, "calibration": -0.4}, Confidence: &sure},
		{Problem: "p2", Rewards: map[string]float64{"accuracy": 1, "calibration": -0.1}, Confidence: &sure, Correct: true},
		{Problem: "p3", Rewards: map[string]float64{"accuracy": 0, "calibration": -0.5}},
	}
	for _, s := range track.Choose(rollouts, 3, 7, 1) {
		fmt.Println(s.Step, s.Problem, s.Chosen)
	}
	// Output:
	// 7 p2 best
	// 7 p3 worst
	// 7 p1 over-confident
}
