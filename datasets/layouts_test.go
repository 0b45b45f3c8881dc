package datasets_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dcpo-go/godcpo/datasets"
)

// TestLayouts reads the layouts of known data sets, ours aside.
func TestLayouts(t *testing.T) {
	const gpqa = "Record ID,Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3,Subdomain\nrec1,\"Which one?\n\",right ,wrong 1,wrong 2,wrong 3,Physics\n"
	for _, c := range []struct {
		file, text string
		want       datasets.Problem
	}{
		{"gsm8k.jsonl", `{"question": "6*7?", "answer": "6 times 7 is <<6*7=42>>42.\n#### 1,042"}`,
			datasets.Problem{ID: "line/1", Question: "6*7?", Answer: "1,042", Solution: "6 times 7 is <<6*7=42>>42.\n#### 1,042"}},
		{"math.json", `[{"problem": "1/2+1/2?", "solution": "It is \\boxed{1}.", "level": "Level 5", "type": "Algebra"}]`,
			datasets.Problem{ID: "line/1", Question: "1/2+1/2?", Answer: "1", Solution: "It is \\boxed{1}.", Level: "Level 5"}},
		{"aime.tsv", "ID\tProblem\tAnswer\nI-1\tHow many?\t204\n", datasets.Problem{ID: "I-1", Question: "How many?", Answer: "204"}},
		{"olympiad.jsonl", `{"id": 7, "question": "Which?", "final_answer": ["1", "2"], "difficulty": "Competition"}`,
			datasets.Problem{ID: "7", Question: "Which?", Answer: "1, 2", Level: "Competition"}},
		{"adarft.jsonl", `{"problem": "p", "answer": "1", "solved_percentage": 75.5}`, datasets.Problem{ID: "line/1", Question: "p", Answer: "1", Difficulty: 24.5, HasDifficulty: true}},
		{"facts.jsonl", `{"question": "Capital?", "answer": "Paris", "aliases": ["City of Light"]}`,
			datasets.Problem{ID: "line/1", Question: "Capital?", Answer: "Paris", Aliases: []string{"City of Light"}}},
		{"mmlu.jsonl", `{"question": "Which?", "choices": ["w", "x", "y"], "answer": 1, "subject": "s"}`,
			datasets.Problem{ID: "line/1", Question: "Which?\n\n(A) w\n(B) x\n(C) y", Answer: "B", Choices: []string{"w", "x", "y"}, Subject: "s"}},
		{"letters.jsonl", `{"question": "Which?", "choices": ["w", "x"], "answer": "(b)"}`,
			datasets.Problem{ID: "line/1", Question: "Which?\n\n(A) w\n(B) x", Answer: "B", Choices: []string{"w", "x"}}},
		{"gpqa.csv", gpqa, datasets.Problem{ID: "rec1", Question: "Which one?\n\n(A) right\n(B) wrong 3\n(C) wrong 1\n(D) wrong 2", Answer: "A",
			Choices: []string{"right", "wrong 3", "wrong 1", "wrong 2"}, Subject: "Physics"}},
		{"kk.jsonl", `{"data_source": "kk_logic", "prompt": [{"role": "user", "content": "Who?"}], "reward_model": {"ground_truth": {"solution_text_format": "(1) A is a knight"}}, "extra_info": {"index": 3}}`,
			datasets.Problem{ID: "kk_logic/3", Question: "Who?", Answer: "(1) A is a knight", Source: "kk_logic"}},
	} {
		b, err := datasets.OpenFile(context.Background(), write(t, c.file, c.text))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if diff := cmp.Diff(c.want, b.Problems[0]); diff != "" {
			t.Errorf("%s: %s", c.file, diff)
		}
	}
}

func TestParquetLayouts(t *testing.T) {
	for file, want := range map[string][]datasets.Problem{
		"chat.parquet": {
			{ID: "deepscaler/12832", Question: "What is 6 times 7?", Answer: "42", Source: "deepscaler", Subject: "math", Difficulty: 28.90625, HasDifficulty: true},
			{ID: "deepscaler/7", Question: "What is 1+1?", Answer: "2", Source: "deepscaler", Subject: "math", HasDifficulty: true},
		},
		"trivia.parquet": {
			{ID: "tc_1", Question: "Which city is the capital of France?", Answer: "Paris", Aliases: []string{"Paris", "Paris, France", "City of Light"}, Fact: true},
			{ID: "tc_2", Question: "Second?", Answer: "Two", Fact: true},
		},
		"amc.parquet": {{ID: "0", Question: "AMC?", Answer: "27"}, {ID: "1", Question: "AMC2?", Answer: "0.5"}},
	} {
		b, err := datasets.OpenFile(context.Background(), filepath.Join("table", "testdata", file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if diff := cmp.Diff(want, b.Problems); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}

func TestRowErrorsOfOtherFormats(t *testing.T) {
	const chat = `{"prompt": [{"role": "user", "content": "q"}], "reward_model": {"ground_truth": 1}, "extra_info": {"index": 1}}` + "\n"
	for _, c := range []struct{ file, text, want string }{
		{"a.csv", "problem,answer\n\"x\ny\",1\nz,\n", "a.csv:4: the row has no answer"},
		{"a.csv", "text,label\nx,1\n", "a.csv:2: the row has no problem"},
		{"a.csv", "text,label\nx,1\n", "its columns are label, text"},
		{"a.csv", "id,problem,answer\na,x,1\nb,y,2\na,z,3\n", `a.csv:4: id "a" was already used in line 2`},
		{"a.json", `[{"problem": "x", "answer": [1]}]`, "write one there and the others in a list \"aliases\""},
		{"a.jsonl", `{"question": "x", "choices": ["a", "b"], "answer": "c"}`, "none of the 2 choices"},
		{"a.jsonl", `{"question": "x", "choices": ["a", "b"], "answer": 2}`, "none of the 2 choices"},
		{"a.jsonl", `{"problem": {"a": 1}, "answer": 2}`, `column "problem": expected a string or a number`},
		{"a.jsonl", `{"prompt": 7, "reward_model": {"ground_truth": 1}}`, "expected a list of messages, found 7"},
		{"a.jsonl", `{"prompt": [{"role": "user", "content": "q"}], "reward_model": {}}`, "the row has no answer"},
		{"a.jsonl", chat + strings.Replace(chat, `"q"`, `"r"`, 1), `a.jsonl:2: id "/1" stands for another problem in line 1`},
		{"a.csv", "Question,Correct Answer,Incorrect Answer 1\nq,,w\n", "the row has no answer"},
	} {
		_, err := datasets.OpenFile(context.Background(), write(t, c.file, c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: error %v, expected one with %q", c.file, c.text, err, c.want)
		}
	}
	if b, err := datasets.OpenFile(context.Background(), write(t, "a.jsonl", chat+chat)); err != nil || b.Len() != 2 {
		t.Errorf("a repeated row of a training file: %v, %v", b, err)
	}
}

// TestReferenceRows reads the first rows of the reference's own training file.
func TestReferenceRows(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(dataFolder(t), "dcpo_reference_schema_and_prompts.json"))
	if err != nil {
		t.Fatal(err)
	}
	// The file holds them in a list of its own, beside other lists.
	text := string(data)
	start := strings.Index(text, `"adarft_base_rows": [`) + len(`"adarft_base_rows": `)
	end := start + strings.Index(text[start:], "\n ]") + len("\n ]")
	b, err := datasets.OpenFile(context.Background(), write(t, "rows.json", text[start:end]))
	if err != nil {
		t.Fatal(err)
	}
	p := b.Problems[0]
	if p.ID != "deepscaler/12832" || p.Answer != "96" || p.Difficulty != 28.90625 || p.Source != "deepscaler" || p.Subject != "math" ||
		!strings.HasSuffix(p.Question, "are there?") {
		t.Errorf("%+v", p)
	}
}

func TestProblemGrade(t *testing.T) {
	choices := datasets.Problem{Answer: "B", Choices: []string{"one", "two"}}
	fact := datasets.Problem{Answer: "Paris", Aliases: []string{"City of Light"}}
	number := datasets.Problem{Answer: `\frac12`}
	for _, c := range []struct {
		p          datasets.Problem
		completion string
		want       bool
	}{
		{choices, `\boxed{B}`, true}, {choices, "The answer is two.", true}, {choices, "A", false},
		{fact, "The answer is the City of Light.", true}, {fact, "Lyon", false}, {datasets.Problem{Answer: "Bach", Fact: true}, "Answer: Bach", true},
		{number, "So it is 0.5", true}, {number, "So it is 0.6", false},
	} {
		if v := c.p.Grade(c.completion); v.Correct != c.want {
			t.Errorf("%q: %+v", c.completion, v)
		}
	}
}

func ExampleProblem_Grade() {
	capital := datasets.Problem{Question: "What is the capital of France?", Answer: "Paris", Aliases: []string{"City of Light"}}
	half := datasets.Problem{Question: "What is 3/4 − 1/4?", Answer: `\frac{1}{2}`}
	fmt.Println(capital.Grade("The answer is Paris.\nCONFIDENCE: 0.9").Correct)
	fmt.Println(half.Grade(`So it is $\boxed{0.5}$.`).Correct)
	// Output:
	// true
	// true
}
