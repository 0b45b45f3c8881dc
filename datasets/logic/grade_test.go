package logic

import (
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/datasets/grade"
)

const gold = "(1) Zoey is a knight\n(2) Jack is a knave\n(3) Mia is a knight"

func TestGrade(t *testing.T) {
	const tagged = "<answer>" + gold + "</answer>"
	for _, c := range []struct {
		name, response string
		found, correct bool
		reason         string
	}{
		{"as asked", "<think>Zoey is a knave? No.</think>\n<answer>\n" + gold + "\n</answer>\nCONFIDENCE: 0.8", true, true, grade.ReasonSameText},
		{"wrong", "<answer>(1) Zoey is a knight\n(2) Jack is a knight\n(3) Mia is a knight</answer>", true, false, grade.ReasonWrong},
		{"another order and case", "<answer>Mia is a Knight, JACK is a knave, and zoey is a knight.</answer>", true, true, grade.ReasonEquivalent},
		{"decoration", "<answer>**Answer:**\n- **Zoey** is a **knight**\n- Jack: knave\n- Mia – a knight</answer>", true, true, grade.ReasonEquivalent},
		{"said twice alike", "<answer>" + gold + "\nSo Zoey is a knight.</answer>", true, true, grade.ReasonEquivalent},
		{"a confidence within the tags", "<answer>" + gold + "\nCONFIDENCE: 0.8</answer>", true, true, grade.ReasonSameText},
		{"a confidence on the line", "<answer>" + gold + " CONFIDENCE: Zoey</answer>", true, true, grade.ReasonSameText},
		{"the last of two answers", "<answer>Zoey is a knave</answer> No: " + tagged, true, true, grade.ReasonSameText},
		{"an answer in the reasoning only", "<think>" + tagged + "</think> I give up.", false, false, grade.ReasonNotFound},
		{"reasoning that never ended", "<think>" + tagged, false, false, grade.ReasonNotFound},
		{"cut off", tagged + "<answer>(1) Zoey is a knight", false, false, grade.ReasonNotFound},
		{"empty", "", false, false, grade.ReasonNotFound},
		{"an empty answer", "<answer> </answer>", false, false, grade.ReasonNotFound},

		{"somebody left out", "<answer>Zoey is a knight, Jack is a knave</answer>", false, false, ReasonIncomplete},
		{"a stranger", "<answer>" + gold + "\n(4) Tom is a knave</answer>", false, false, grade.ReasonUnreadable},
		{"both at once", "<answer>" + gold + "\n(4) Mia is a knave</answer>", false, false, ReasonContradiction},
		{"a hedge", "<answer>Zoey is a knight or Jack is a knave, Mia is a knight</answer>", false, false, grade.ReasonUnreadable},
		{"a condition", "<answer>Zoey is a knight if Jack is a knave and Mia is a knight</answer>", false, false, grade.ReasonUnreadable},
		{"a denial", "<answer>Zoey is a knight, Jack is a knave, Mia is not a knave</answer>", false, false, grade.ReasonUnreadable},
		{"a question", "<answer>Zoey is a knight, Jack is a knave, Mia is a knight?</answer>", false, false, grade.ReasonUnreadable},
		{"a plural", "<answer>Zoey and Mia are knights, Jack is a knave</answer>", false, false, grade.ReasonUnreadable},

		{"no tags", "Zoey says that Jack is a knave.\n\n" + gold + "\n\nCONFIDENCE: 0.8", true, true, grade.ReasonSameText},
		{"no tags, gaps and an afterword", "Jack is a knight, say.\nThen no.\n" + strings.ReplaceAll(gold, "\n", "\n\n") + "\nThat fits.", true, true, grade.ReasonSameText},
		{"no tags, the last block", "(1) Zoey is a knave\n(2) Jack is a knave\n(3) Mia is a knave\n\n" + gold, true, true, grade.ReasonSameText},
		{"no tags, a sentence", "Hence Zoey is a knight, Jack is a knave, and Mia is a knight.\nConfidence: 80%", true, true, grade.ReasonEquivalent},
		{"no tags, blocks that touch", "Zoey is a knave\n" + gold, false, false, ReasonContradiction},
		{"no tags, half of it", "Zoey is a knight.\nSuppose so.\nJack is a knave.", false, false, ReasonIncomplete},
		{"a confidence is no answer", "CONFIDENCE: Zoey is a knight, Jack is a knave, Mia is a knight", false, false, grade.ReasonNotFound},
		{"after the reasoning", "so Zoey is a knave\n</think>\n" + gold, true, true, grade.ReasonSameText},
	} {
		v := Grade(c.response, gold)
		if v.Found != c.found || v.Correct != c.correct || v.Reason != c.reason {
			t.Errorf("%s: %+v, want found %v, correct %v, %q", c.name, v, c.found, c.correct, c.reason)
		}
		if (v.Answer != "") != v.Found || v.Correct && v.Answer != gold {
			t.Errorf("%s: answer %q", c.name, v.Answer)
		}
	}
	for _, broken := range []string{"", "42", "Zoey is a knight or not", "Zoey is a knight, Zoey is a knave"} {
		if v := Grade(tagged, broken); v.Correct || v.Reason != grade.ReasonUnreadable {
			t.Errorf("with the reference %q: %+v", broken, v)
		}
	}
}

func TestForm(t *testing.T) {
	for _, c := range []struct {
		response string
		want     []string // parts of the error; none where the form is right
	}{
		{"<think>a</think><answer>b</answer>", nil},
		{"\n<think>a</think>\n<answer>b</answer>\nCONFIDENCE: 0.5", nil},
		{"", []string{"expected <think> once, found it 0 times", "</answer> once"}},
		{"a</think><answer>b</answer>", []string{"<think> once, found it 0 times"}},
		{"<think>a</think><answer>b", []string{"</answer> once, found it 0 times"}},
		{"<think>a</think><answer>b</answer><answer>c</answer>", []string{"<answer> once, found it 2 times"}},
		{"<answer>b</answer><think>a</think>", []string{"in the order"}},
		{"<think>a<answer>b</answer></think>", []string{"in the order"}},
		{"<think>a</think></answer>b<answer>", []string{"in the order"}},
	} {
		err := Form(c.response)
		if (err == nil) != (len(c.want) == 0) {
			t.Errorf("%q: %v", c.response, err)
		}
		for _, want := range c.want {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want %q in it", c.response, err, want)
			}
		}
	}
}

// TestLongResponses: the end of a long response is read, and work is bounded.
func TestLongResponses(t *testing.T) {
	prose := strings.Repeat("If Zoey is a knight, then Jack is a knave or not.\n", 50_000)
	for _, c := range []struct{ name, response, reason string }{
		{"tags behind long reasoning", prose + "</think><answer>" + gold + "</answer>", grade.ReasonSameText},
		{"no tags", prose + gold, grade.ReasonSameText},
		{"no answer", gold + "\n" + prose, grade.ReasonNotFound},
		{"a long answer", "<answer>" + strings.Repeat(gold+"\n", 50_000) + "</answer>", grade.ReasonTooCostly},
		{"a long block", strings.Repeat(gold+"\n", 50_000), grade.ReasonTooCostly},
		{"one long line", strings.Repeat("Zoey is a knight ", 100_000), grade.ReasonNotFound},
	} {
		start := time.Now()
		if v := Grade(c.response, gold); v.Reason != c.reason {
			t.Errorf("%s: %q, want %q", c.name, v.Reason, c.reason)
		}
		t.Logf("%s: %v", c.name, time.Since(start))
	}
	if v := Grade("<answer>"+gold+"</answer>", strings.Repeat(gold+"\n", 1000)); v.Reason != grade.ReasonTooCostly {
		t.Errorf("a long reference: %+v", v)
	}
}

// FuzzGrade: a verdict keeps its own rules, and a right answer names everybody
// as the reference does.
func FuzzGrade(f *testing.F) {
	f.Add("<think>x</think><answer>"+gold+"</answer>\nCONFIDENCE: 0.8", gold)
	f.Add("Zoey is a knight, Jack: knave\n\n**Mia** is a knight", gold)
	f.Add("<answer>Zoey is a knight or Jack is a knave", gold)
	f.Add("İ is a knight", "(1) i̇ is a knight")
	f.Fuzz(func(t *testing.T, response, gold string) {
		v := Grade(response, gold)
		if v.Found != (v.Answer != "") || v.Correct && !v.Found || v.Reason == "" {
			t.Errorf("%q against %q: %+v", response, gold, v)
		}
		if again := Grade(v.Answer, gold); v.Found && len(v.Answer) <= maxAnswer && (again.Correct != v.Correct || again.Answer != v.Answer) {
			t.Errorf("%q against %q: %+v, but its answer alone: %+v", response, gold, v, again)
		}
		for _, text := range []string{"knight", "knave"} {
			if v.Correct && !strings.Contains(strings.ToLower(response), text) && strings.Contains(v.Answer, text) {
				t.Errorf("%q has no %s: %+v", response, text, v)
			}
		}
	})
}
