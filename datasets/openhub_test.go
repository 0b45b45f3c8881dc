package datasets_test

import (
	"context"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/datasets"
)

// serveHub stands in for the hub: any data set, at any revision, has these
// files.
func serveHub(t *testing.T, files map[string]string) {
	t.Helper()
	const commit = "0123456789abcdef0123456789abcdef01234567"
	blob := func(text string) string {
		return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text)))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/datasets/") {
			var list []map[string]any
			for name, text := range files {
				list = append(list, map[string]any{"rfilename": name, "size": len(text), "blobId": blob(text)})
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"sha": commit, "siblings": list})
			return
		}
		_, name, _ := strings.Cut(r.URL.Path, "/resolve/"+commit+"/")
		text, ok := files[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("ETag", `"`+blob(text)+`"`)
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	t.Setenv("HF_ENDPOINT", server.URL)
	t.Setenv("HF_HUB_CACHE", t.TempDir())
	t.Setenv("HF_TOKEN", "")
	t.Setenv("GODCPO_OFFLINE", "")
	t.Setenv(datasets.DataVariable, t.TempDir())
}

func TestOpenFromTheHub(t *testing.T) {
	ctx := context.Background()
	var gpqa strings.Builder
	gpqa.WriteString("Record ID,Question,Correct Answer,Incorrect Answer 1\n")
	for i := range 198 {
		fmt.Fprintf(&gpqa, "rec%d,q%d,r%d,w%d\n", i, i, i, i)
	}
	serveHub(t, map[string]string{"README.md": "x", "data/test.csv": "problem,answer\n1+1,2\n", "test.jsonl": `{"problem": "p", "answer": "1"}`, "gpqa_diamond.csv": gpqa.String()})

	b, err := datasets.Open(ctx, "own/er:data/test.csv", datasets.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p := b.Problems[0]; b.Name != "own/er:data/test.csv" || p.ID != "line/2" || p.Answer != "2" {
		t.Errorf("%s: %+v", b.Name, p)
	}
	if b, err = datasets.Open(ctx, "GPQA", datasets.Options{}); err != nil {
		t.Fatal(err)
	}
	if p := b.Problems[7]; b.Name != "gpqa_diamond" || p.ID != "gpqa_diamond/rec7" || len(p.Choices) != 2 || p.Source == "" || b.Licence == "" || b.Note == "" {
		t.Errorf("%+v: %+v", b, p)
	}
	if _, err := datasets.Open(ctx, "GPQA", datasets.Options{Offline: true}); err != nil {
		t.Errorf("what was fetched is not used offline: %v", err)
	}

	for _, c := range []struct {
		name string
		opts datasets.Options
		want []string
	}{
		{"math500", datasets.Options{}, []string{"put the file there", "expected 35dc41080a36"}}, // absent here, another one on the hub
		{"simpleqa", datasets.Options{}, []string{"simpleqa", "it has no file"}},
		{"minerva", datasets.Options{}, []string{"minerva.jsonl", "put the file there"}}, // not known on the hub
		{"own/er", datasets.Options{}, []string{"several data files", "test.jsonl"}},
		{"own/other:test.jsonl", datasets.Options{Offline: true}, []string{"GODCPO_OFFLINE"}},
		{"own/er/x", datasets.Options{}, []string{"not the name of a data set"}},
	} {
		_, err := datasets.Open(ctx, c.name, c.opts)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, expected one with %q", c.name, err, want)
			}
		}
	}
	if b, err := datasets.Open(ctx, "math500", datasets.Options{AnyVersion: true}); err != nil || b.Len() != 1 {
		t.Errorf("any version: %v, %v", b, err)
	}
}

func TestAMC24(t *testing.T) {
	partial, ok1 := datasets.Lookup("amc24_partial")
	full, ok2 := datasets.Lookup("amc24")
	if !ok1 || !ok2 || partial.Rows != 36 || !strings.Contains(partial.Note, "36 of 45") || full.Rows != 45 || full.Hub == "" || full.HubSHA256 == "" {
		t.Errorf("%+v, %+v", partial, full)
	}
}

// TestRegistry: every set has a file or a place on the hub, and says what it is
// and who may use it.
func TestRegistry(t *testing.T) {
	seen := map[string]bool{}
	for _, info := range datasets.Known() {
		if seen[info.Name] || info.File == "" && info.Hub == "" || info.Rows == 0 || info.Source == "" || info.Licence == "" || (info.File == "") != (info.SHA256 == "") {
			t.Errorf("%+v", info)
		}
		seen[info.Name] = true
	}
	for _, name := range []string{"math500", "aime24", "aime25", "amc23", "gsm8k", "minerva", "olympiadbench", "deepscaler", "kk", "triviaqa", "simpleqa", "gpqa"} {
		if _, ok := datasets.Lookup(name); !ok {
			t.Errorf("%s is not registered", name)
		}
	}
}
