package reward

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Stream names the tokens that a reward trains.
type Stream string

const (
	// AnswerStream is the stream of the reasoning and the answer: of all tokens, in methods that do not tell the two apart.
	AnswerStream Stream = "answer"
	// ConfidenceStream is that of the tokens of the stated confidence.
	ConfidenceStream Stream = "confidence"
)

// Sample is what a reward may know of one graded rollout.
type Sample struct {
	Group                            string // identifies the rollouts of one problem
	Question, Gold, Response, Answer string // Answer is what the grader read from the response, "" for none
	Correct                          bool
	// Confidence is the stated one, meaningless unless HasConfidence.
	Confidence    float64
	HasConfidence bool
	Length        int  // response tokens
	Truncated     bool // cut off by the length limit
}

// Component is one reward among those that a method adds up.
type Component struct {
	// Name reports it by itself.
	Name string
	// Weight multiplies its value; 0 only reports it.
	Weight float64
	// Stream says which tokens it trains; "" is AnswerStream.
	Stream Stream
	// Func gives the value for one rollout. One that panics, takes longer than the composition allows, or gives no finite number costs that
	// rollout this reward, and is counted; see Composition.Score. What Go itself ends a process for cannot be held off: a stack that
	// overflows, a map written by two goroutines.
	Func func(Sample) float64
	// Parallel is how many calls of Func there are at a time. 0 and 1: one after the other in the order of the rollouts, so that a function
	// may keep a state (a call that is late goes on beside the next, though). Raise it where a call waits, say for a judge behind HTTP, and
	// Func allows it.
	Parallel int

	// batch gives the values of a whole batch, where they depend on one another; it is set in place of Func.
	batch func([]Sample, []Reward) []float64
	// fault is what was wrong with a constructor's arguments.
	fault error
}

func (c Component) validate() error {
	var faults []error
	if c.Name == "" {
		faults = append(faults, errors.New("a reward has no name"))
	}
	if math.IsNaN(c.Weight) || math.IsInf(c.Weight, 0) {
		faults = append(faults, fmt.Errorf("reward %q: its weight is %v, want a finite number", c.Name, c.Weight))
	}
	switch c.Stream {
	case "", AnswerStream, ConfidenceStream:
	default:
		faults = append(faults, fmt.Errorf("reward %q: stream %q is unknown: use %q or %q", c.Name, string(c.Stream), AnswerStream, ConfidenceStream))
	}
	if (c.Func == nil) == (c.batch == nil) {
		faults = append(faults, fmt.Errorf("reward %q has no function", c.Name))
	}
	if c.Parallel < 0 {
		faults = append(faults, fmt.Errorf("reward %q: %d calls at a time: want 0 or more", c.Name, c.Parallel))
	}
	if c.fault != nil {
		faults = append(faults, fmt.Errorf("reward %q: %w", c.Name, c.fault))
	}
	return errors.Join(faults...)
}

// Accuracy is 1 for a right answer and 0 for a wrong one.
func Accuracy(weight float64) Component {
	return Component{Name: "accuracy", Weight: weight, batch: each(func(_ Sample, r Reward) float64 { return r.Accuracy })}
}

// Calibration is −w·(target − confidence)², as the composition's options say.
func Calibration(weight float64, stream Stream) Component {
	return Component{Name: "calibration", Weight: weight, Stream: stream, batch: each(func(_ Sample, r Reward) float64 { return r.Calibration })}
}

// Format is 1 for a response with a readable answer and a readable confidence, and 0 otherwise.
func Format(weight float64) Component {
	return Component{Name: "format", Weight: weight, batch: each(func(s Sample, _ Reward) float64 { return indicator(s.Answer != "" && s.HasConfidence) })}
}

// each makes a batch function of one that looks at a rollout alone.
func each(value func(Sample, Reward) float64) func([]Sample, []Reward) []float64 {
	return func(samples []Sample, rewards []Reward) []float64 {
		out := make([]float64, len(samples))
		for i := range out {
			out[i] = value(samples[i], rewards[i])
		}
		return out
	}
}

// Boxed is 1 for a response with a \boxed{…} that is closed, and 0 otherwise.
func Boxed(weight float64) Component {
	return Component{Name: "boxed", Weight: weight, batch: each(func(s Sample, _ Reward) float64 { return indicator(hasBox(s.Response)) })}
}

// hasBox tells whether the last \boxed{ of a text is closed.
func hasBox(text string) bool {
	const box = `\boxed{`
	start := strings.LastIndex(text, box)
	if start < 0 {
		return false
	}
	depth := 1
	for i := start + len(box); i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++ // an escaped brace is none
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return true
			}
		}
	}
	return false
}

// Overlong is DAPO's soft punishment (arXiv 2503.14476): 0 for a response of up to longest − buffer tokens, falling in a line to
// −penalty at longest tokens and more.
func Overlong(longest, buffer int, penalty float64) Component {
	punish := func(s Sample, _ Reward) float64 {
		over := float64(s.Length-(longest-buffer)) / float64(buffer)
		return -penalty * min(max(over, 0), 1)
	}
	c := Component{Name: "overlong", Weight: 1, batch: each(punish)}
	if buffer < 1 || longest < buffer || !(penalty >= 0) || math.IsInf(penalty, 0) {
		c.fault = fmt.Errorf("responses of up to %d tokens, the last %d of them punished by up to %g: want a buffer of at least 1 token, within the longest response, and a penalty of 0 or more",
			longest, buffer, penalty)
	}
	return c
}

// Logic-RL's rewards (arXiv 2502.14768).
const (
	logicForm       = 1. // tags as they should be; minus that where not
	logicRight      = 2. // every person right
	logicWrong      = -1.5
	logicUnreadable = -2. // no answer can be read, or the form is broken
)

// Logic is Logic-RL's reward for puzzles: ±1 for the form of the response, which form judges, and for the answer 2 if it is right, −1.5 if
// wrong and −2 if it cannot be read or the form is broken.
func Logic(weight float64, form func(response string) error) Component {
	value := func(s Sample) float64 {
		switch {
		case form(s.Response) != nil:
			return -logicForm + logicUnreadable
		case s.Answer == "":
			return logicForm + logicUnreadable
		case s.Correct:
			return logicForm + logicRight
		}
		return logicForm + logicWrong
	}
	c := Component{Name: "logic", Weight: weight, Func: value}
	if form == nil {
		c.fault = errors.New("nothing judges the form")
	}
	return c
}
