package datasets_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/logic"
)

func TestLogic(t *testing.T) {
	b, err := datasets.Logic(30, logic.Options{Seed: 9})
	if err != nil || b.Len() != 30 || b.Name != "logic" {
		t.Fatalf("made %v, %v", b, err)
	}
	for i, p := range b.Problems {
		read, err := logic.Parse(p.Question)
		if err != nil || read.Answer() != p.Answer {
			t.Errorf("%s: solved as %q, %v, want %q", p.ID, read.Answer(), err, p.Answer)
		}
		if p.ID != fmt.Sprintf("logic/9/%d", i) || p.Level != fmt.Sprintf("%d people", len(read.Names)) || p.Source == "" {
			t.Errorf("problem %d: %+v", i, p)
		}
	}
	again, err := datasets.Logic(30, logic.Options{Seed: 9})
	if err != nil || !reflect.DeepEqual(b, again) {
		t.Errorf("the same options give other puzzles: %v", err)
	}
	if _, err := datasets.Logic(-1, logic.Options{}); err == nil || !strings.Contains(err.Error(), "≥ 0, found -1") {
		t.Errorf("-1 puzzles: %v", err)
	}
	if _, err := datasets.Logic(1, logic.Options{MaxPeople: 9}); err == nil || !strings.Contains(err.Error(), "MaxPeople 9") {
		t.Errorf("9 people: %v", err)
	}
}

func ExampleLogic() {
	b, err := datasets.Logic(2, logic.Options{Seed: 1, MinPeople: 4, MaxPeople: 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range b.Problems {
		fmt.Println(p.ID, p.Level, logic.Grade("<answer>"+p.Answer+"</answer>", p.Answer).Correct)
	}
	// Output:
	// logic/1/0 4 people true
	// logic/1/1 4 people true
}
