package explore

import (
	"fmt"
	"math"
	"slices"

	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// describe adds what the record knows of the answer, and credits its tokens.
func (r *Record) describe(v *View) {
	fact := func(name, value string) {
		if value != "" {
			v.Facts = append(v.Facts, Fact{name, value})
		}
	}
	if v.Title = r.Problem; v.Title == "" {
		v.Title = fmt.Sprintf("line %d", r.Line)
	}
	if r.Step != nil {
		fact("step", fmt.Sprint(*r.Step))
	}
	fact("chosen as", r.Chosen)
	fact("right answer", r.Gold)
	fact("answer", r.Answer)
	switch {
	case r.Correct == nil:
	case *r.Correct:
		fact("verdict", "right")
	default:
		fact("verdict", "wrong")
	}
	fact("because", r.Verdict+r.Reason)
	if v.Stated.HasConfidence {
		fact("confidence", fmt.Sprint(v.Stated.Confidence))
	} else {
		fact("confidence", "none: "+v.Stated.Problem)
	}
	if r.Truncated {
		fact("length", "cut off by the limit")
	}
	names := make([]string, 0, len(r.Rewards))
	for name := range r.Rewards {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if value := r.Rewards[name]; value != nil {
			fact("reward "+name, fmt.Sprintf("%.3g", *value))
		}
	}
	r.credit(v)
}

// credit gives each token the advantage and the reward of its part of the answer.
func (r *Record) credit(v *View) {
	span, known := r.credited(v)
	if !known {
		return
	}
	answer, confidence := r.earned()
	for i := range v.Tokens {
		t, advantage := &v.Tokens[i], r.AnswerAdvantage
		t.Reward = answer
		if span.Start <= i && i < span.End {
			advantage, t.Reward = r.ConfidenceAdvantage, confidence
		}
		if advantage != nil {
			t.Advantage = *advantage
		}
	}
}

// credited are the tokens that carry the confidence's advantage: the span, or the last token where nothing readable was stated. It is not
// known where the tokens' text is not, or the last token of a text that was not recorded as tokens.
func (r *Record) credited(v *View) (span verbal.Span, known bool) {
	switch {
	case v.Stated.HasConfidence:
		return v.Span, !v.Span.Empty()
	case len(r.Tokens) == 0:
		return verbal.Span{}, true
	}
	return verbal.Span{Start: len(v.Tokens) - 1, End: len(v.Tokens)}, true
}

// ofConfidence are the rewards that look at the stated confidence, whichever tokens a method trains by them.
var ofConfidence = []string{"calibration", "log_score"}

// earned sums the parts of the reward that look at the answer and those that look at the confidence; NaN where there are none.
func (r *Record) earned() (answer, confidence float64) {
	sums := [2]float64{math.NaN(), math.NaN()}
	for name, value := range r.Rewards {
		if value == nil {
			continue
		}
		at := 0
		if slices.Contains(ofConfidence, name) {
			at = 1
		}
		if math.IsNaN(sums[at]) {
			sums[at] = 0
		}
		sums[at] += *value
	}
	return sums[0], sums[1]
}
