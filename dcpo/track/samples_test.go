package track

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

func confidence(c float64) *float64 { return &c }

func TestChoose(t *testing.T) {
	rollouts := []Sample{
		{Problem: "a", Rewards: map[string]float64{"accuracy": 0, "calibration": -0.02}, Confidence: confidence(0.2)},
		{Problem: "b", Correct: true, Rewards: map[string]float64{"accuracy": 1, "calibration": -0.1}, Confidence: confidence(0.5)},
		{Problem: "c", Rewards: map[string]float64{"accuracy": 0, "calibration": -0.4}, Confidence: confidence(0.9)},
		{Problem: "d", Rewards: map[string]float64{"accuracy": 0, "calibration": -0.5}},
		{Problem: "e", Correct: true, Rewards: map[string]float64{"accuracy": 1, "calibration": -0.1}, Confidence: confidence(0.5)},
		{Problem: "f", Correct: true, Rewards: map[string]float64{"accuracy": 1, "calibration": -0.2}, Confidence: confidence(0.4)},
	}
	names := func(chosen []Sample) string {
		var out []string
		for _, s := range chosen {
			if s.Step != 7 {
				t.Errorf("%s is of step %d, want 7", s.Problem, s.Step)
			}
			out = append(out, s.Problem+" "+s.Chosen)
		}
		return strings.Join(out, ", ")
	}
	for n, want := range []string{"", "b best", "b best, d worst", "b best, d worst, c over-confident"} {
		if got := names(Choose(rollouts, n, 7, 1)); got != want {
			t.Errorf("%d of them: %q, want %q", n, got, want)
		}
	}
	all := Choose(rollouts, 99, 7, 1)
	if len(all) != len(rollouts) {
		t.Errorf("asked for more than there are, it chose %d of %d", len(all), len(rollouts))
	}
	if again := Choose(rollouts, 99, 7, 1); names(again) != names(all) {
		t.Errorf("the same seed chose %s, then %s", names(all), names(again))
	}
	seen := map[string]bool{}
	for seed := range uint64(50) {
		seen[Choose(rollouts, 4, 7, seed)[3].Problem] = true
	}
	if len(seen) != 3 {
		t.Errorf("the random one was only ever one of %v, want all of a, e, f", seen)
	}
	if rollouts[1].Chosen != "" {
		t.Error("it wrote to the rollouts")
	}
}

// TestChooseWithoutOverConfidence: nothing is called over-confident where nothing is.
func TestChooseWithoutOverConfidence(t *testing.T) {
	got := Choose([]Sample{{Correct: true, Confidence: confidence(1)}, {}, {Correct: true, Confidence: confidence(0.2)}}, 3, 1, 0)
	if i := slices.IndexFunc(got, func(s Sample) bool { return s.Chosen == chosenOverConfident }); i >= 0 || len(got) != 3 {
		t.Errorf("chosen: %+v", got)
	}
}

func TestSamplesFile(t *testing.T) {
	dir := t.TempDir()
	write := func(after int, steps ...int) {
		s, err := OpenSamples(dir, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			if err := s.Samples(step, []Sample{
				{Problem: fmt.Sprint("p", step), Question: "1 < 2?", Response: "<script>alert('x')</script>\nCONFIDENCE: 0.5", Confidence: confidence(0.5), AnswerAdvantage: math.NaN()},
				{Problem: "q", Truncated: true},
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(nil); err != nil {
			t.Fatal(err)
		}
	}
	write(Fresh, 1, 2, 3)
	want := read(t, dir, "samples.jsonl")
	write(1, 2, 3)
	if got := read(t, dir, "samples.jsonl"); got != want {
		t.Errorf("resumed after step 1, the file is\n%swant\n%s", got, want)
	}
	lines := strings.Split(strings.TrimSpace(want), "\n")
	var first, second map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(lines[1]), &second); err != nil {
		t.Fatal(err)
	}
	if first["confidence"] != 0.5 || first["answer_advantage"] != nil || first["step"] != 1. || second["confidence"] != nil || second["truncated"] != true || len(lines) != 6 {
		t.Errorf("lines %s", want)
	}
	page := read(t, dir, "samples.html")
	for _, part := range []string{"p1", "p2", "p3", "1 &lt; 2?", "&lt;script&gt;", "[cut off by the length limit]"} {
		if !strings.Contains(page, part) {
			t.Errorf("samples.html lacks %q", part)
		}
	}
	if strings.Contains(page, "<script") || strings.Contains(page, "://") {
		t.Error("samples.html runs a script or needs something from elsewhere")
	}
	if strings.Index(page, "p3") > strings.Index(page, "p1") {
		t.Error("the newest step is not first")
	}
}

// TestSamplesNeverWait fills the queue while the goroutine cannot write.
func TestSamplesNeverWait(t *testing.T) {
	s := &samples{jobs: make(chan samplesJob, samplesQueue), done: make(chan struct{})} // nobody takes from jobs
	for step := range samplesQueue + 3 {
		if err := s.Samples(step, []Sample{{}, {}}); err != nil {
			t.Fatal(err)
		}
	}
	if s.dropped != 6 {
		t.Errorf("%d samples were dropped, want 6", s.dropped)
	}
}

func TestSamplesPageIsBounded(t *testing.T) {
	var s samples
	for step := range samplesShown + 50 {
		s.show(Sample{Step: step})
	}
	if len(s.shown) != samplesShown || s.shown[0].Step != 50 {
		t.Errorf("%d samples are kept, the oldest of step %d", len(s.shown), s.shown[0].Step)
	}
	if got := clip(strings.Repeat("é", 10), 5); got != "éé… [16 bytes more]" {
		t.Errorf("clipped: %q", got)
	}
}
