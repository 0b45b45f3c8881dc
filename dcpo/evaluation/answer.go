package evaluation

import (
	"math"

	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/datasets/logic"
	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Answer is a graded answer with its confidences. Its text stays in the journal.
type Answer struct {
	journal.Key
	// Answer is what the grader took from the response, Reason its word for the verdict or "refused".
	Correct        bool
	Answer, Reason string
	// Stated is the confidence in the response.
	Stated    float64
	HasStated bool
	// Probability is exp of the mean log-prob of the response's tokens.
	Probability    float64
	HasProbability bool
	// VoteShare is the share of the problem's samples that give the same answer; 0 where the response gives none.
	VoteShare float64
	// PTrue is the probability that the model gives, asked about its answer, to its being true.
	PTrue    float64
	HasPTrue bool
	// Truncated was cut off by the length limit; Refused by the server, or declined by the model.
	Truncated, Refused bool
	// Ambiguous tells that the two ways to read a stated confidence (verbal.Policy) differ.
	Ambiguous bool
	Tokens    int
	Seconds   float64

	at      int64                // in the journal
	checked bool                 // the model was asked about it
	class   int                  // of equal answers to the problem, from 0; −1 where none was found
	parts   [partsOfText]float32 // log of the mean token probability in each hundredth of the response
}

// partsOfText is how many parts figures cut a response into.
const partsOfText = 100

// reasonRefused is the Reason of an answer that was refused.
const reasonRefused = "refused"

// judge grades an answer and reads its confidences.
func judge(a *journal.Answer, p *journal.Problem, policy verbal.Policy, at int64) Answer {
	out := Answer{Key: a.Key, Tokens: max(len(a.LogProbs), a.ResponseTokens), Seconds: a.Seconds, at: at, Truncated: a.Finish == "length",
		Refused: a.Error != "" || a.Refusal != "" || a.Finish == "content_filter", Reason: reasonRefused}
	if out.Refused {
		return out
	}
	v := verdict(a, p)
	out.Correct, out.Answer, out.Reason = v.Correct, v.Answer, v.Reason
	stated := verbal.Parse(a.Text, policy)
	out.Stated, out.HasStated = stated.Confidence, stated.HasConfidence
	other := verbal.Reference
	if policy == verbal.Reference {
		other = verbal.Last
	}
	second := verbal.Parse(a.Text, other)
	out.Ambiguous = second.HasConfidence != stated.HasConfidence || second.Confidence != stated.Confidence
	if len(a.LogProbs) > 0 {
		out.Probability, out.HasProbability = math.Exp(meanOf(a.LogProbs)), true
		out.parts = byPart(a.LogProbs)
	}
	return out
}

// verdict grades an answer: one in the tags that Logic-RL's prompt asks for as a puzzle's, others as the problem says.
func verdict(a *journal.Answer, p *journal.Problem) grade.Verdict {
	if a.Prompt == verbal.PromptLogic {
		return logic.Grade(a.Text, p.Answer)
	}
	asked := p.Asked()
	return asked.Grade(a.Text)
}

// meanOf sums in order and divides once, as the reference does.
func meanOf(logProbs []float32) float64 {
	sum := 0.0
	for _, x := range logProbs {
		sum += float64(x)
	}
	return sum / float64(len(logProbs))
}

// byPart averages token probabilities over each hundredth of a response: token i of n belongs to part ⌊100·i/n⌋. A part without a token has the
// value of the part before.
func byPart(logProbs []float32) (parts [partsOfText]float32) {
	var sum [partsOfText]float64
	var count [partsOfText]int
	for i, x := range logProbs {
		part := i * partsOfText / len(logProbs)
		sum[part] += math.Exp(float64(x))
		count[part]++
	}
	for k := range parts {
		switch {
		case count[k] > 0:
			parts[k] = float32(min(0, math.Log(sum[k]/float64(count[k]))))
		case k > 0:
			parts[k] = parts[k-1]
		}
	}
	return parts
}

// confident is the answer under one of its confidences.
func (a *Answer) confident(c Confidence) calibration.Answer {
	out := calibration.Answer{Correct: a.Correct, Problem: a.Benchmark + "\x00" + a.Problem}
	switch c {
	case Verbal:
		out.Confidence, out.HasConfidence = a.Stated, a.HasStated
	case Logits:
		out.Confidence, out.HasConfidence = a.Probability, a.HasProbability
	}
	return out
}
