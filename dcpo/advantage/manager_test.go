package advantage

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/reward"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// managed is one response of the fixture made by running the released reward
// managers on tokenised text.
type managed struct {
	Prompt     int      `json:"prompt"`
	Response   string   `json:"response"`
	Tokens     []string `json:"tokens"`
	Accuracy   float64  `json:"accuracy"`
	Confidence float64  `json:"confidence"`
	Position   int      `json:"confidence_pos_used"`
}

func openManaged(t *testing.T) []managed {
	t.Helper()
	var rows []managed
	if err := json.Unmarshal(readFixture(t, "reward_manager.json"), &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// rollout scores nothing: it parses, and takes the span the released code used
// or, with exact, the span of the sampled tokens.
func (m managed) rollout(t *testing.T, group string, exact bool) (Rollout, reward.Answer) {
	t.Helper()
	stated := verbal.Parse(m.Response, verbal.Reference)
	length := len(m.Tokens)
	r := Rollout{Group: group, HasConfidence: stated.HasConfidence, Confidence: stated.Confidence, Length: length}
	r.Span = verbal.Span{Start: m.Position, End: length}
	if exact {
		ends, end := make([]int, length), 0
		for i, token := range m.Tokens {
			end += len(token)
			ends[i] = end
		}
		r.Span = verbal.TokenSpan(stated.SpanStart(verbal.SpanLine), ends)
	}
	return r, reward.Answer{Group: group, Correct: m.Accuracy == 1, Confidence: stated.Confidence, HasConfidence: stated.HasConfidence}
}

// TestManagerReleased goes from text to advantages: parsed with policy
// "reference", rewarded, and placed as released, all 64 responses get the
// advantages that the released reward managers and estimator give.
func TestManagerReleased(t *testing.T) {
	rows, f := openManaged(t), open(t, "reward_manager.safetensors")
	group := ids(f.vector(t, "index"))
	rollouts, answers := make([]Rollout, len(rows)), make([]reward.Answer, len(rows))
	for i, row := range rows {
		rollouts[i], answers[i] = row.rollout(t, group[i], false)
		if want := row.Confidence; answers[i].HasConfidence != (want != -1) || answers[i].HasConfidence && answers[i].Confidence != want {
			t.Errorf("response %d: confidence %v (%v), want %v", i, answers[i].Confidence, answers[i].HasConfidence, want)
		}
	}
	for _, target := range targets {
		t.Run(string(target), func(t *testing.T) {
			scored, err := reward.Score(answers, reward.Options{Target: target})
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range scored {
				rollouts[i].Answer, rollouts[i].Calibration = s.Accuracy, s.Calibration
			}
			want := f.matrix(t, string(target)+"/advantages_released")
			compare(t, estimate(t, "dcpo", Options{Placement: Released}, rollouts, len(want[0])), want, nil)
		})
	}
}

// TestManagerSpan: on the sampled tokens our span starts at the token with the C
// of CONFIDENCE; the released code starts at most two tokens earlier, never later.
func TestManagerSpan(t *testing.T) {
	checked, early := 0, 0
	for i, row := range openManaged(t) {
		if strings.Join(row.Tokens, "") != row.Response {
			continue // a character is split over tokens, so their byte lengths are lost
		}
		r, answer := row.rollout(t, "", true)
		if !answer.HasConfidence {
			continue
		}
		checked++
		span := strings.Join(row.Tokens[r.Span.Start:r.Span.End], "")
		after := strings.Join(row.Tokens[r.Span.Start+1:r.Span.End], "")
		if !strings.Contains(span, "CONFIDENCE:") || strings.Count(after, "CONFIDENCE:") >= strings.Count(span, "CONFIDENCE:") || strings.Contains(row.Tokens[r.Span.Start], "}") {
			t.Errorf("response %d: the span is %q", i, span)
		}
		if lead := r.Span.Start - row.Position; lead < 0 || lead > 2 {
			t.Errorf("response %d: our span starts at token %d, the released one at %d", i, r.Span.Start, row.Position)
		} else if lead > 0 {
			early++
		}
	}
	if checked < 30 || early == 0 {
		t.Errorf("%d spans checked, %d of them early in the released code: the fixture should hold many", checked, early)
	}
	t.Logf("%d spans checked; the released code starts %d of them too early", checked, early)
}
