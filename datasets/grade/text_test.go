package grade_test

import (
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/datasets/grade"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		completion string
		accepted   []string
		want       bool
	}{
		{"The answer is Paris.\nCONFIDENCE: 0.9", []string{"Paris", "City of Light"}, true},
		{`\boxed{\text{the City of Light}}`, []string{"Paris", "City of Light"}, true},
		{"It was Émile Zola.", []string{"Emile Zola"}, true},
		{"**Answer:** Washington D.C. It is the capital.", []string{"Washington, DC"}, false},
		{"**Answer:** Washington, D.C.", []string{"Washington DC"}, true},
		{"The answer is Barcelona. It hosted the games in 1992.", []string{"Barcelona"}, true},
		{"not Paris", []string{"Paris"}, false},
		{"Paris or London", []string{"Paris"}, false},
		{"I think so.\n\nA Tale of Two Cities", []string{"Tale of Two Cities"}, true},
		{"The answer is 1,234.", []string{"1234"}, true},
		{"The answer is 1235.", []string{"1234"}, false},
		{"The answer is 3.5.", []string{"35"}, false},
		{"The answer is -5", []string{"5"}, false},
		{"The answer is 26 July 1992", []string{"July 26, 1992"}, false},
		{"The Who", []string{"The Who"}, true},
		{"", []string{"x"}, false},
		{`\boxed{Par`, []string{"Par"}, false},
		{"東京", []string{"東京"}, true},
	} {
		if v := grade.Text(c.completion, c.accepted...); v.Correct != c.want {
			t.Errorf("%q for %q: %+v", c.completion, c.accepted, v)
		}
	}
}

func TestChoice(t *testing.T) {
	choices := []string{"a cat", "The dog", "10^{-4} eV", "none of these"}
	for _, c := range []struct {
		completion, letter, reason string
	}{
		{`The answer is \boxed{B}.`, "B", grade.ReasonSameText}, {`\boxed{\text{(B)}}`, "B", grade.ReasonSameText}, {"**Answer: (b)**\nCONFIDENCE: 1", "B", grade.ReasonSameText},
		{"The answer is B) the dog", "B", grade.ReasonSameText}, {"Answer: B. The dog", "B", grade.ReasonSameText}, {"Option B", "B", grade.ReasonSameText}, {"the dog", "B", grade.ReasonSameText},
		{"Answer: C", "B", grade.ReasonWrong}, {"Answer: a cat", "A", grade.ReasonSameText}, {"Answer: a dog", "B", grade.ReasonSameText}, {"a mouse", "A", grade.ReasonUnreadable},
		{"Answer: B. a cat", "B", grade.ReasonUnreadable}, {"Answer: G", "B", grade.ReasonUnreadable}, {`\boxed{10^{-4} eV}`, "C", grade.ReasonSameText}, {"", "B", grade.ReasonNotFound},
		{`\boxed{D: none of these}`, "(D)", grade.ReasonSameText},
	} {
		if v := grade.Choice(c.completion, c.letter, choices); v.Reason != c.reason || v.Correct != (c.reason == grade.ReasonSameText) {
			t.Errorf("%q for %s: %+v, want %s", c.completion, c.letter, v, c.reason)
		}
	}
}

func TestBoxed(t *testing.T) {
	if got, ok := grade.Boxed(`so $x = \boxed{ \frac{1}{2} }$.`); got != `\frac{1}{2}` || !ok {
		t.Error(got, ok)
	}
	if _, ok := grade.Boxed("none"); ok {
		t.Error("a box was found")
	}
}

func FuzzText(f *testing.F) {
	f.Add("The answer is (B) Paris. It is.", "Paris")
	f.Add(`\boxed{\text{a cat}}`, "a cat")
	f.Fuzz(func(t *testing.T, completion, gold string) {
		v := grade.Text(completion, gold)
		c := grade.Choice(completion, "B", []string{gold, completion, "x"})
		if v.Correct && !v.Found || c.Correct && !c.Found || v.Reason == "" || c.Reason == "" {
			t.Errorf("inconsistent verdicts %+v, %+v", v, c)
		}
		box := `\boxed{` + gold + "}"
		if v := grade.Text(box, gold); !v.Correct && v.Found && v.Answer == strings.TrimSpace(gold) {
			t.Errorf("%q does not equal itself: %+v", gold, v)
		}
	})
}
