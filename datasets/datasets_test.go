package datasets_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
)

const sharedData = "../../shared/data"

// dataFolder skips where the shared files are absent.
func dataFolder(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(sharedData, "manifest.json")); err != nil {
		t.Skipf("%s is absent: the benchmark files lie beside the project, not in it", sharedData)
	}
	return sharedData
}

func TestOpenEveryFileOfTheManifest(t *testing.T) {
	dir := dataFolder(t)
	data, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest []struct {
		Name, SHA256 string
		Rows         int
		UniqueIDs    int `json:"unique_ids"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, info := range datasets.Known() {
		if info.File != "" {
			files++
		}
	}
	if len(manifest) != files {
		t.Errorf("%d registered files, %d in the manifest", files, len(manifest))
	}
	for _, m := range manifest {
		t.Run(m.Name, func(t *testing.T) {
			info, ok := datasets.Lookup(m.Name)
			if !ok || info.SHA256 != m.SHA256 || info.Rows != m.Rows || info.Source == "" || info.Licence == "" {
				t.Fatalf("registered as %+v, manifest says %+v", info, m)
			}
			if _, err := os.Stat(filepath.Join(dir, info.File)); err != nil {
				t.Skipf("%s is not among the shared files", info.File)
			}
			b, err := datasets.Open(context.Background(), m.Name, datasets.Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			ids := map[string]bool{}
			for _, p := range b.Problems {
				ids[p.ID] = true
				if p.Question == "" || p.Answer == "" || p.Source == "" {
					t.Errorf("%s: incomplete: %+v", p.ID, p)
				}
			}
			if b.Len() != m.Rows || len(ids) != m.UniqueIDs {
				t.Errorf("%d rows, %d ids; expected %d and %d", b.Len(), len(ids), m.Rows, m.UniqueIDs)
			}
			if b.Name != m.Name || b.SHA256 != m.SHA256 || b.Licence == "" {
				t.Errorf("benchmark says %q, %q, %q", b.Name, b.SHA256, b.Licence)
			}
		})
	}
}

func TestFieldsAreRead(t *testing.T) {
	t.Setenv(datasets.DataVariable, dataFolder(t))
	b, err := datasets.Open(context.Background(), "MATH-500", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := b.Problems[0]
	if !strings.HasPrefix(p.Question, "Convert the point $(0,3)$") || !strings.HasPrefix(p.Solution, "We have that $r") {
		t.Errorf("question %q, solution %q", p.Question, p.Solution)
	}
	p.Question, p.Solution = "", ""
	want := datasets.Problem{ID: "math500/test/precalculus/807.json", Answer: `\left( 3, \frac{\pi}{2} \right)`, Source: "MATH-500", Level: "2", Subject: "Precalculus"}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	b, err = datasets.Open(context.Background(), "deepscaler", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p := b.Problems[0]; p.Difficulty != 28.90625 || !p.HasDifficulty {
		t.Errorf("difficulty %v, %v", p.Difficulty, p.HasDifficulty)
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenErrors(t *testing.T) {
	ctx := context.Background()
	t.Setenv(datasets.DataVariable, "")
	t.Setenv("GODCPO_OFFLINE", "1")
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	damaged := filepath.Dir(write(t, "aime24.jsonl", `{"id":"a","problem":"p","answer":"1"}`+"\n"))
	info, _ := datasets.Lookup("aime24")
	for _, c := range []struct {
		name string
		opts datasets.Options
		want []string
	}{
		{"nosuch", datasets.Options{}, []string{`"nosuch"`, "math500", "amc24_partial", "OpenFile"}},
		{"aime24", datasets.Options{}, []string{"GODCPO_DATA", "aime24.jsonl"}},
		{"aime24", datasets.Options{Dir: t.TempDir()}, []string{"aime24.jsonl", "put the file there", info.SHA256}},
		{"aime24", datasets.Options{Dir: damaged}, []string{"aime24.jsonl", "expected " + info.SHA256, "has sha256", "fetch it again"}},
	} {
		_, err := datasets.Open(ctx, c.name, c.opts)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, %+v: error %v, expected one with %q", c.name, c.opts, err, want)
			}
		}
	}
	if b, err := datasets.Open(ctx, "aime24", datasets.Options{Dir: damaged, AnyVersion: true}); err != nil || b.Len() != 1 {
		t.Errorf("any version: %v, %v", b, err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := datasets.OpenFile(cancelled, filepath.Join(damaged, "aime24.jsonl")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestOpenFileRows(t *testing.T) {
	const good = `{"id":"a","problem":"1+1","answer":"2"}` + "\n"
	for _, c := range []struct{ name, text, want string }{
		{"bad JSON", good + `{"id":"b",` + "\n", ":2: expected one JSON object"},
		{"not an object", good + "\n[1]\n", ":3: expected one JSON object"},
		{"no answer", good + `{"id":"b","problem":"1+2"}`, ":2: the row has no answer"},
		{"null answer", good + `{"id":"b","problem":"1+2","answer":null}`, ":2: the row has no answer"},
		{"answer of a wrong type", good + `{"id":"b","problem":"1+2","answer":["3"]}`, "expected a string or a number"},
		{"no problem", `{"id":"b","answer":"2"}`, ":1: the row has no problem"},
		{"duplicated id", good + `{"id":"b","problem":"1+2","answer":"3"}` + "\n" + good, `:3: id "a" was already used in line 1`},
		{"empty", "\n\n", "no rows"},
	} {
		_, err := datasets.OpenFile(context.Background(), write(t, "mine.jsonl", c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "mine.jsonl") {
			t.Errorf("%s: error %v, expected one with %q", c.name, err, c.want)
		}
	}
	b, err := datasets.OpenFile(context.Background(), write(t, "mine.jsonl",
		"\ufeff"+`{"id":7,"problem":"1+1","answer":2,"level":3,"difficulty":0,"more":[{}]}`+"\r\n\n"+`{"problem":"é","answer":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []datasets.Problem{
		{ID: "7", Question: "1+1", Answer: "2", Level: "3", HasDifficulty: true},
		{ID: "line/3", Question: "é", Answer: "x"},
	}
	if diff := cmp.Diff(want, b.Problems); diff != "" || b.Name != "mine" {
		t.Error(b.Name, diff)
	}
}

func TestHeadAndSample(t *testing.T) {
	b, err := datasets.Arithmetic(50, arithmetic.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if h := b.Head(3); h.Len() != 3 || !cmp.Equal(h.Problems[2], b.Problems[2]) || b.Len() != 50 {
		t.Errorf("head: %v", h)
	}
	if b.Head(-1).Len() != 0 || b.Head(99).Len() != 50 || b.Sample(-1, 1).Len() != 0 {
		t.Error("counts out of range are not clamped")
	}
	s := b.Sample(20, 5)
	if diff := cmp.Diff(s.Problems, b.Sample(20, 5).Problems); diff != "" {
		t.Error("one seed, two samples", diff)
	}
	if cmp.Equal(s.Problems, b.Sample(20, 6).Problems) {
		t.Error("two seeds, one sample")
	}
	ids := map[string]bool{}
	for _, p := range s.Problems {
		ids[p.ID] = true
	}
	if len(ids) != 20 {
		t.Errorf("%d distinct of 20: drawn with replacement", len(ids))
	}
}

func TestOverlap(t *testing.T) {
	train := []datasets.Problem{{ID: "t1", Question: `Find $x$: \( 3 + 4 \).`}, {ID: "t2", Question: "Other"}}
	eval := []datasets.Problem{{ID: "e1", Question: "find x:  3+4"}, {ID: "e2", Question: "find x: 3-4"}, {ID: "e3", Question: "…"}}
	want := []string{"evaluation problem e1 is also training problem t1"}
	if diff := cmp.Diff(want, datasets.Overlap(train, eval)); diff != "" {
		t.Error(diff)
	}
}

func FuzzOpenFile(f *testing.F) {
	f.Add([]byte(`{"id":"a","problem":"1+1","answer":"2"}`))
	f.Add([]byte("{\"id\":1,\"problem\":\"p\",\"answer\":-2.5e3}\n\n{}"))
	f.Add([]byte("\xff\xfe{"))
	path := filepath.Join(f.TempDir(), "fuzz.jsonl")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := datasets.OpenFile(context.Background(), path)
		if (b == nil) == (err == nil) {
			t.Fatalf("benchmark %v and error %v", b, err)
		}
		if b != nil {
			for _, p := range b.Problems {
				if p.ID == "" || p.Question == "" || p.Answer == "" {
					t.Errorf("incomplete row %+v", p)
				}
			}
		}
	})
}

func ExampleOpenFile() {
	dir, _ := os.MkdirTemp("", "")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "mine.jsonl")
	_ = os.WriteFile(path, []byte(`{"id":"q1","problem":"What is 6 times 7?","answer":"42"}`+"\n"), 0o600)
	b, err := datasets.OpenFile(context.Background(), path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b)
	fmt.Println(b.Problems[0].Question, b.Problems[0].Answer)
	// Output:
	// mine: 1 problem
	// What is 6 times 7? 42
}

func ExampleArithmetic() {
	b, err := datasets.Arithmetic(1000, arithmetic.Options{Seed: 42})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b)
	// Output: arithmetic: 1000 problems
}
