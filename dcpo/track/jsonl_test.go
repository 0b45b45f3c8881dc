package track

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// record writes steps to metrics.jsonl, each in two calls as training and validation make them.
func record(t *testing.T, dir string, after, from, to int) {
	t.Helper()
	s, err := OpenJSONL(dir, after)
	if err != nil {
		t.Fatal(err)
	}
	for step := from; step <= to; step++ {
		if err := s.Scalars(step, map[string]float64{"loss": 1 / float64(step+1), "auroc": math.NaN(), "accuracy": 0.5}); err != nil {
			t.Fatal(err)
		}
		if step%2 == 0 {
			if err := s.Scalars(step, map[string]float64{"eval/ece": float64(step) / 8}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(nil); err != nil {
		t.Fatal(err)
	}
}

func TestJSONLWritesOneSortedObjectAStep(t *testing.T) {
	dir := t.TempDir()
	record(t, dir, Fresh, 1, 2)
	want := `{"accuracy":0.5,"auroc":null,"loss":0.5,"step":1}
{"accuracy":0.5,"auroc":null,"eval/ece":0.25,"loss":0.3333333333333333,"step":2}
`
	if got := read(t, dir, "metrics.jsonl"); got != want {
		t.Errorf("metrics.jsonl is\n%swant\n%s", got, want)
	}
}

// TestJSONLGoesOnAsIfNeverStopped kills the writer at every byte of the file, and goes on after every step that a checkpoint could
// be of.
func TestJSONLGoesOnAsIfNeverStopped(t *testing.T) {
	whole := t.TempDir()
	record(t, whole, Fresh, 0, 2)
	want := read(t, whole, "metrics.jsonl")
	for cut := range len(want) + 1 {
		lines := strings.Count(want[:cut], "\n")
		for after := Fresh; after < lines; after++ { // a checkpoint of a step is made when its line is whole
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "metrics.jsonl"), []byte(want[:cut]), 0o644); err != nil {
				t.Fatal(err)
			}
			record(t, dir, after, after+1, 2)
			if got := read(t, dir, "metrics.jsonl"); got != want {
				t.Fatalf("killed at byte %d, resumed after step %d:\n%swant\n%s", cut, after, got, want)
			}
		}
	}
}

// TestJSONLTornWhileReplacing kills the writer at every byte of the call that puts a longer line in a line's place. No checkpoint of
// that step exists then.
func TestJSONLTornWhileReplacing(t *testing.T) {
	whole := t.TempDir()
	record(t, whole, Fresh, 1, 2)
	want := read(t, whole, "metrics.jsonl")
	at := strings.Index(want, "\n") + 1
	before, now := `{"accuracy":0.5,"auroc":null,"loss":0.3333333333333333,"step":2}`+"\n", want[at:]
	for n := range len(now) {
		torn := now[:n] + before[min(n, len(before)):]
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "metrics.jsonl"), []byte(want[:at]+torn), 0o644); err != nil {
			t.Fatal(err)
		}
		record(t, dir, 1, 2, 2)
		if got := read(t, dir, "metrics.jsonl"); got != want {
			t.Fatalf("torn as %q, the file becomes\n%swant\n%s", torn, got, want)
		}
	}
}

// TestJSONLRepeatsAStep: a resumed run may validate the checkpoint's step again.
func TestJSONLRepeatsAStep(t *testing.T) {
	dir := t.TempDir()
	record(t, dir, Fresh, 1, 2)
	want := read(t, dir, "metrics.jsonl")
	record(t, dir, 2, 2, 2)
	if got := read(t, dir, "metrics.jsonl"); got != want {
		t.Errorf("repeating a step gives\n%swant\n%s", got, want)
	}
}

func TestJSONLRefuses(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenJSONL(dir, Fresh)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Scalars(3, map[string]float64{"loss": 1}); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"a step before the last": s.Scalars(2, nil),
		"a figure called step":   s.Scalars(4, map[string]float64{"step": 1}),
		"a negative step":        s.Scalars(-1, nil),
	} {
		if err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
	s.Close(nil)
	if got, want := read(t, dir, "metrics.jsonl"), "{\"loss\":1,\"step\":3}\n"; got != want {
		t.Errorf("the file is %q, want %q", got, want)
	}
}

func TestJSONLDoesNotThrowAwayWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	text := "{\"step\":1}\nthis was edited\n{\"step\":3}\n"
	path := filepath.Join(dir, "metrics.jsonl")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJSONL(dir, 5); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v, want one that names line 2", err)
	}
	if got := read(t, path); got != text {
		t.Errorf("the file became %q", got)
	}
}

func FuzzOpenLines(f *testing.F) {
	f.Add([]byte("{\"step\":1}\n{\"step\":2}\n{\"st"), 1)
	f.Add([]byte("\x00\x00\n\n{}\n"), 0)
	f.Fuzz(func(t *testing.T, content []byte, after int) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := openLines(path, after, nil)
		if err != nil {
			return
		}
		kept := read(t, path)
		if !strings.HasPrefix(string(content), kept) || kept != "" && !strings.HasSuffix(kept, "\n") || l.step > after && l.step != Fresh {
			t.Fatalf("of %q stays %q, last step %d, after %d", content, kept, l.step, after)
		}
		if err := l.append(max(l.step, 0), []byte(`{"step":0}`)); err != nil {
			t.Fatal(err)
		}
		if err := l.close(); err != nil {
			t.Fatal(err)
		}
	})
}
