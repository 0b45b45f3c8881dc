package main

import (
	"bufio"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestGrade(t *testing.T) {
	status, out, stderr := answers(t, command(t, "grade"),
		`{"id": 1, "gold": "\\frac{3}{4}", "completion": "So it is $\\boxed{0.75}$.\nCONFIDENCE: 0.9"}`,
		`{"id": "b", "gold": 204, "completion": "The final answer is 203."}`,
		`{"gold": "5", "completion": "\\boxed{5"}`,
		`{"id": 4, "gold": "5", "completion": ""}`,
		`{"id": 5, "gold": "5"}`,
		`{"id": 6, "completion": "5"}`,
		`{"id": 7, "gold": " ", "completion": "5"}`,
		`{"id": 8, "gold": ["5"], "completion": "5"}`,
		`nonsense`,
		`{"id": 9, "gold": "7", "completion": "\\boxed{9^{9^{9^9}}}"}`)
	want := []map[string]any{
		{"id": 1.0, "correct": true, "answer": "0.75", "reason": "same number"},
		{"id": "b", "correct": false, "answer": "203", "reason": "wrong"},
		{"id": nil, "correct": false, "answer": nil, "reason": "the last \\boxed{ is not closed"},
		{"id": 4.0, "correct": false, "answer": nil, "reason": "no answer found"},
		{"id": 5.0, "error": `line 5: expected a field "completion" with the text to grade`},
		{"id": 6.0, "error": `line 6: expected a field "gold" with the reference answer`},
		{"id": 7.0, "error": `line 7: field "gold" is empty: there is nothing to compare with`},
	}
	if !reflect.DeepEqual(out[:len(want)], want) {
		t.Errorf("%v", out)
	}
	if said, _ := out[7]["error"].(string); !strings.Contains(said, `line 8: field "gold": expected a string or a number`) {
		t.Errorf("%v", out[7])
	}
	if out[8]["error"] == nil || out[9]["correct"] != false || status != exitFailed || !strings.Contains(stderr, "1 of 5 right") || !strings.Contains(stderr, "wrong: ") {
		t.Errorf("status %d, %v, %s", status, out[8:], stderr)
	}
	if status, _, stderr := answers(t, command(t, "grade", "--compat", "other")); status != exitUsage || !strings.Contains(stderr, "expected verl") {
		t.Errorf("%d %s", status, stderr)
	}
}

// TestGradeAsVerl: a whole fixture goes through the command, and each verdict is the reference's.
func TestGradeAsVerl(t *testing.T) {
	f, err := os.Open(shared(t, "fixtures", "grader", "public.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []string
	for scan := bufio.NewScanner(f); scan.Scan(); {
		lines = append(lines, scan.Text())
	}
	status, out, stderr := answers(t, command(t, "grade", "--compat", "verl"), lines...)
	if status != 0 || len(out) != len(lines) {
		t.Fatalf("status %d, %d answers to %d lines: %s", status, len(out), len(lines), stderr)
	}
	for i, line := range lines {
		var row struct {
			ID   string
			Verl bool `json:"verl_verdict"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		if out[i]["id"] != row.ID || out[i]["correct"] != row.Verl {
			t.Errorf("%s: %v, want %v", row.ID, out[i], row.Verl)
		}
	}
}
