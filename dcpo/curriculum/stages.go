package curriculum

import (
	"errors"
	"fmt"
)

// Stage bounds the length of responses from a step on.
type Stage struct {
	FromStep     int // steps are counted from 0
	MaxNewTokens int
}

// Stages lengthen responses as training goes on (DeepScaleR), in rising order of FromStep. Before the first stage, and without any,
// nothing is bounded here.
type Stages []Stage

// At is the longest response allowed in a step, counted from 0; 0 where no stage has begun.
func (s Stages) At(step int) int {
	most := 0
	for _, stage := range s {
		if stage.FromStep <= step {
			most = stage.MaxNewTokens
		}
	}
	return most
}

// Validate reports every fault at once.
func (s Stages) Validate() error {
	var faults []error
	for i, stage := range s {
		if stage.FromStep < 0 {
			faults = append(faults, fmt.Errorf("curriculum.stages: stage %d begins at step %d: want 0 or more", i+1, stage.FromStep))
		}
		if i > 0 && stage.FromStep <= s[i-1].FromStep {
			faults = append(faults, fmt.Errorf("curriculum.stages: stage %d begins at step %d, the one before it at %d: want rising steps", i+1, stage.FromStep, s[i-1].FromStep))
		}
		if stage.MaxNewTokens < 1 {
			faults = append(faults, fmt.Errorf("curriculum.stages: stage %d allows %d new tokens: want at least 1", i+1, stage.MaxNewTokens))
		}
	}
	return errors.Join(faults...)
}
