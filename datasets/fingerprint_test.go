package datasets_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/dcpo-go/godcpo/datasets"
)

func TestFingerprint(t *testing.T) {
	one := []datasets.Problem{{ID: "a", Question: "1+1", Answer: "2"}, {ID: "b", Question: "1+2", Answer: "3"}}
	of := func(change func(p []datasets.Problem)) string {
		p := append([]datasets.Problem(nil), one...)
		change(p)
		return (&datasets.Benchmark{Problems: p}).Fingerprint()
	}
	same := of(func([]datasets.Problem) {})
	// The definition by hand: each text behind its length in eight bytes, the lowest first.
	const bytes = "\x01\x00\x00\x00\x00\x00\x00\x00a" + "\x03\x00\x00\x00\x00\x00\x00\x001+1" + "\x01\x00\x00\x00\x00\x00\x00\x002" +
		"\x01\x00\x00\x00\x00\x00\x00\x00b" + "\x03\x00\x00\x00\x00\x00\x00\x001+2" + "\x01\x00\x00\x00\x00\x00\x00\x003"
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(bytes))); same != want {
		t.Errorf("fingerprint %s, want %s", same, want)
	}
	if of(func(p []datasets.Problem) { p[0].Level, p[0].Source, p[0].Solution = "x", "y", "z" }) != same {
		t.Error("what is not asked changes the fingerprint")
	}
	for name, change := range map[string]func(p []datasets.Problem){
		"id":       func(p []datasets.Problem) { p[0].ID = "c" },
		"question": func(p []datasets.Problem) { p[1].Question = "2+1" },
		"answer":   func(p []datasets.Problem) { p[1].Answer = "4" },
		"order":    func(p []datasets.Problem) { p[0], p[1] = p[1], p[0] },
		"border":   func(p []datasets.Problem) { p[0].ID, p[0].Question = "a1", "+1" },
	} {
		if of(change) == same {
			t.Errorf("another %s gives the same fingerprint", name)
		}
	}
	if of(func([]datasets.Problem) {}) == (&datasets.Benchmark{}).Fingerprint() {
		t.Error("no problems give the fingerprint of two")
	}
}

func ExampleBenchmark_Fingerprint() {
	b := &datasets.Benchmark{Problems: []datasets.Problem{{ID: "1", Question: "47+85=", Answer: "132"}}}
	fmt.Println(len(b.Fingerprint()), b.Fingerprint() == b.Head(1).Fingerprint())
	// Output: 64 true
}
