package dcpo

import (
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/logic"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Logic is the task of knights and knaves: fresh puzzles at each step, each with one solution.
func Logic(opt logic.Options) *Task {
	make := func(seed uint64, n int) (*datasets.Benchmark, error) {
		o := opt
		o.Seed = mix(opt.Seed, seed)
		return datasets.Logic(n, o)
	}
	return &Task{Name: "logic", Prompt: verbal.PromptLogic, Grade: byAnswer(logic.Grade), fresh: make}
}

func openLogic() (*Task, error) { return Logic(logic.Options{}), nil }
