package table_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/dcpo-go/godcpo/datasets/table"
)

func TestFormats(t *testing.T) {
	n := func(s string) json.Number { return json.Number(s) }
	for _, c := range []struct {
		path, text string
		want       []table.Row
	}{
		{"a.jsonl", "\ufeff" + `{"a": 1.50, "b": ["x", null]}` + "\r\n\n" + `{"a": {"c": true}}`,
			[]table.Row{{1, "line", map[string]any{"a": n("1.50"), "b": []any{"x", nil}}}, {3, "line", map[string]any{"a": map[string]any{"c": true}}}}},
		{"a.txt", `{"a": "1"}`, []table.Row{{1, "line", map[string]any{"a": "1"}}}},
		{"a.json", "[\n {\"a\": 1},\n\n {\"a\":\n 2}, {\"a\": 3}]", []table.Row{{2, "line", map[string]any{"a": n("1")}}, {4, "line", map[string]any{"a": n("2")}}, {5, "line", map[string]any{"a": n("3")}}}},
		{"a.json", "{\"version\": [1],\n \"data\":\n [{\"a\": 1},\n {\"a\": 2}]}", []table.Row{{3, "line", map[string]any{"a": n("1")}}, {4, "line", map[string]any{"a": n("2")}}}},
		{"a.json", "{\"a\": 1}\n{\"a\": 2}\n", []table.Row{{1, "line", map[string]any{"a": n("1")}}, {2, "line", map[string]any{"a": n("2")}}}},
		{"a.CSV", "\ufeffa, b,\n1,\"x\n,\"\"y\"\"\",z\n2,é,\n", []table.Row{{2, "line", map[string]any{"a": "1", "b": "x\n,\"y\""}}, {4, "line", map[string]any{"a": "2", "b": "é"}}}},
		{"a.tsv", "a\tb\n1\tsay \"x\"\n", []table.Row{{2, "line", map[string]any{"a": "1", "b": `say "x"`}}}},
	} {
		got, err := table.Parse(context.Background(), c.path, []byte(c.text))
		if err != nil {
			t.Errorf("%s %q: %v", c.path, c.text, err)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %q: %s", c.path, c.text, diff)
		}
	}
}

// TestParquet reads files as pyarrow writes them: snappy, zstd and gzip pages,
// nested lists and groups, missing values.
func TestParquet(t *testing.T) {
	for name, want := range map[string]string{
		"chat.parquet": `{"ability":"math","data_source":"deepscaler","extra_info":{"difficulty":28.90625,"index":12832,"split":"train"},` +
			`"prompt":[{"content":"What is 6 times 7? Let's think step by step and output the final answer within \\boxed{}.","role":"user"}],` +
			`"reward_model":{"ground_truth":"42","style":"rule"}}`,
		"trivia.parquet": `{"answer":{"aliases":["Paris","Paris, France","City of Light"],"matched_wiki_entity_name":"","normalized_aliases":["paris","paris france"],` +
			`"type":"WikipediaEntity","value":"Paris"},"entity_pages":{"doc_source":[],"title":[]},"question":"Which city is the capital of France?","question_id":"tc_1","question_source":"s"}`,
		"amc.parquet": `{"answer":27,"big":null,"flag":true,"id":"0","n":3,"question":"AMC?"}`,
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := table.Parse(context.Background(), name, data)
		if err != nil {
			t.Fatal(err)
		}
		got, _ := json.Marshal(rows[0].Fields)
		if diff := cmp.Diff(want, string(got)); diff != "" || len(rows) != 2 || rows[1].Place(name) != name+": row 2" {
			t.Errorf("%s: %d rows, %s", name, len(rows), diff)
		}
	}
}

// TestManyRows goes over the bounds of batches, pages and row groups.
func TestManyRows(t *testing.T) {
	type record struct {
		Problem string
		Answer  int64
	}
	path := filepath.Join(t.TempDir(), "many.parquet")
	var records []record
	for i := range 3000 {
		records = append(records, record{strings.Repeat("x", i%50), int64(i)})
	}
	if err := parquet.WriteFile(path, records, parquet.MaxRowsPerRowGroup(700)); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := table.Parse(context.Background(), path, data)
	if err != nil || len(rows) != len(records) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, r := range rows {
		if r.Number != i+1 || r.Fields["Answer"] != records[i].Answer || r.Fields["Problem"] != records[i].Problem {
			t.Fatalf("row %d is %+v", i, r)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ path, text, want string }{
		{"a.jsonl", "{\"a\":1}\n{\"b\":", "a.jsonl:2: expected one JSON object"},
		{"a.jsonl", "{\"a\":1} {\"b\":1}", "a.jsonl:1: expected one JSON object a line: found more"},
		{"a.jsonl", "null", "found null"},
		{"a.jsonl", "\n \n", "a.jsonl: no rows"},
		{"a.json", "[]", "a.json: no rows"},
		{"a.json", "[{\"a\":1},\n 2]", "a.json:2: row 2: expected a JSON object"},
		{"a.json", "[{\"a\":1},\n {\"a\"]", "a.json:2: row 2 is no valid JSON"},
		{"a.json", "[{\"a\":1}", "does not end"},
		{"a.json", "7", "expected an array"},
		{"a.json", `{"x": [{}], "y": [{}]}`, "found 2: x, y"},
		{"a.csv", "", "a.csv: no rows"},
		{"a.csv", "a,a\n1,2", `a.csv:1: column "a" is named twice`},
		{"a.csv", "a,b\n1,2\n3\n", "line 3"},
		{"a.csv", "a,b\n1,\"2\n", "line 2"},
		{"a.parquet", "PAR1 no PAR1", "not a Parquet file"},
	} {
		_, err := table.Parse(context.Background(), c.path, []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.path) {
			t.Errorf("%s %q: error %v, expected one with %q", c.path, c.text, err, c.want)
		}
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, path := range []string{"a.csv", "a.json"} {
		if _, err := table.Parse(cancelled, path, []byte("[")); !errors.Is(err, context.Canceled) && path == "a.csv" {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestText(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
		ok    bool
	}{{27.0, "27", true}, {0.5, "0.5", true}, {int64(-3), "-3", true}, {json.Number("1.50"), "1.50", true}, {nil, "", true}, {true, "true", true}, {[]any{"x"}, "", false}} {
		if got, ok := table.Text(c.value); got != c.want || ok != c.ok {
			t.Errorf("%v: %q, %v", c.value, got, ok)
		}
	}
	if _, ok := table.Number(true); ok {
		t.Error("true is no number")
	}
	if x, ok := table.Number("2.5"); !ok || x != 2.5 {
		t.Error(x, ok)
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"chat.parquet", "trivia.parquet", "amc.parquet"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name, data)
	}
	f.Add("a.json", []byte("{\"data\": [\n{\"a\": 1},{}]}"))
	f.Add("a.csv", []byte("a,b\n\"1\",2"))
	f.Add("a.jsonl", []byte("{\"a\": 1}\n"))
	f.Fuzz(func(t *testing.T, path string, data []byte) {
		rows, err := table.Parse(context.Background(), path, data)
		if (err == nil) != (len(rows) > 0) {
			t.Errorf("%d rows and error %v", len(rows), err)
		}
	})
}
