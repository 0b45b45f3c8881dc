package curriculum

// Stage bounds the length of responses from a step on.
type Stage struct {
	FromStep     int // steps are counted from 0
	MaxNewTokens int
}

// Stages lengthen responses as training goes on (DeepScaleR), in rising order of FromStep.
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
