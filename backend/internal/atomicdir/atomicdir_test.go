package atomicdir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree lists the files below a directory with their content.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		out[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestReplace(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "deep", "model")
	ours := func(name string) bool { return strings.HasPrefix(name, "w") }
	write := func(files ...string) func(string) error {
		return func(tmp string) error {
			for _, name := range files {
				put(t, filepath.Join(tmp, name), "new")
			}
			return nil
		}
	}
	if err := Replace(dir, write("w1", "w2"), ours); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "notes.txt"), "mine")
	put(t, filepath.Join(dir, "figures", "a.png"), "mine")
	put(t, filepath.Join(dir, "w1"), "old")
	if err := Replace(dir, write("w1"), ours); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"w1": "new", "notes.txt": "mine", "figures/a.png": "mine"}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("after replacing (-want +got):\n%s", diff)
	}

	broken := errors.New("disk full")
	err := Replace(dir, func(tmp string) error {
		put(t, filepath.Join(tmp, "w1"), "half")
		return broken
	}, ours)
	if !errors.Is(err, broken) {
		t.Errorf("error = %v, want the writer's", err)
	}
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("after a failure (-want +got):\n%s", diff)
	}
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 1 {
		t.Errorf("%d entries beside the directory, want it alone", len(entries))
	}

	if err := Replace(dir, write("x"), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"x": "new"}, tree(t, dir)); diff != "" {
		t.Errorf("owning everything (-want +got):\n%s", diff)
	}
}

// What a killed process left is cleared by the next one, unless its writer lives.
func TestReplaceClearsUp(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "model")
	dead, alive := filepath.Join(root, ".model.tmp-000000"), filepath.Join(root, ".model.tmp-111111")
	put(t, filepath.Join(dead, "weights"), "half")
	put(t, filepath.Join(dead, "notes.txt"), "mine") // was to be moved when the process died after the exchange
	put(t, filepath.Join(alive, "weights"), "half")
	put(t, filepath.Join(root, ".models.tmp-222222", "weights"), "another directory's")
	put(t, filepath.Join(dir, "weights"), "old")
	l, held, err := tryLock(alive)
	if err != nil || !held {
		t.Skipf("directories cannot be locked here: %v", err)
	}
	defer l.release()
	err = Replace(dir, func(tmp string) error { put(t, filepath.Join(tmp, "weights"), "new"); return nil },
		func(name string) bool { return name == "weights" })
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"model/weights": "new", "model/notes.txt": "mine",
		".model.tmp-111111/weights": "half", ".models.tmp-222222/weights": "another directory's"}
	if diff := cmp.Diff(want, tree(t, root)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReplaceFollowsLinks(t *testing.T) {
	root := t.TempDir()
	put(t, filepath.Join(root, "run1", "w"), "old")
	if err := os.Symlink("run1", filepath.Join(root, "latest")); err != nil {
		t.Skip(err)
	}
	err := Replace(filepath.Join(root, "latest"), func(tmp string) error { put(t, filepath.Join(tmp, "w"), "new"); return nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := tree(t, filepath.Join(root, "run1"))["w"]; got != "new" {
		t.Errorf("the linked directory holds %q, want new", got)
	}
}

func TestReplaceRefuses(t *testing.T) {
	root := t.TempDir()
	put(t, filepath.Join(root, "file"), "x")
	t.Chdir(root)
	for dir, want := range map[string]string{".": "working directory", "file": "is a file"} {
		err := Replace(dir, func(string) error { t.Errorf("%s: it was begun", dir); return nil }, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error with %q", dir, err, want)
		}
	}
}

func TestRemove(t *testing.T) {
	root := t.TempDir()
	put(t, filepath.Join(root, "step", "w"), "x")
	if err := Remove(filepath.Join(root, "step")); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(root); len(entries) != 0 {
		t.Errorf("%d entries left", len(entries))
	}
	if !Hidden(filepath.Base(hiddenName("/x/step"))) || Hidden("step-000001") || Hidden(".git") {
		t.Error("Hidden does not know the hidden names")
	}
}
