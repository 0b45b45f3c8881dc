package cell_test

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/kernel/cell"
)

// writeFiles writes files below a folder, by their paths.
func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// ownModule is a user's module that needs another, which it replaces by a folder beside it.
func ownModule(t *testing.T, name string) (dir string) {
	t.Helper()
	root := t.TempDir()
	writeFiles(t, root, map[string]string{
		"lab/go.mod":        "module example.com/" + name + "\n\ngo 1.25\n\nrequire example.com/" + name + "tools v1.0.0\n\nreplace example.com/" + name + "tools => ../tools\n",
		"lab/scale/s.go":    "package scale\n\nimport \"example.com/" + name + "tools/double\"\n\n// Factor is a generic function's business.\ntype Factor[T any] struct{ Value T }\n\nfunc Four(n int) int { return double.Of(double.Of(n)) }\n\nfunc Map[T, U any](xs []T, f func(T) U) (out []U) {\n\tfor _, x := range xs {\n\t\tout = append(out, f(x))\n\t}\n\treturn out\n}\n",
		"tools/go.mod":      "module example.com/" + name + "tools\n\ngo 1.25\n",
		"tools/double/d.go": "package double\n\nfunc Of(n int) int { return 2 * n }\n",
	})
	return filepath.Join(root, "lab")
}

// inTurn runs cells and gives what they print and the last error.
func inTurn(t *testing.T, s *cell.Session, cells ...string) (string, error) {
	t.Helper()
	r := &record{}
	for _, code := range cells {
		if _, err := s.Run(context.Background(), code, r); err != nil {
			return r.out(), err
		}
	}
	return r.out(), nil
}

// inSession runs f with a session; what f reports waits until the process has its output back.
func inSession(t *testing.T, f func(s *cell.Session) (wrong string)) {
	t.Helper()
	s, err := cell.New(cell.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wrong := f(s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if wrong != "" {
		t.Error(wrong)
	}
}

func TestUse(t *testing.T) {
	if testing.Short() {
		t.Skip("builds packages")
	}
	needsCompiler(t)
	dir := ownModule(t, "lab")
	inSession(t, func(s *cell.Session) string {
		if _, err := inTurn(t, s, "%use "+dir); err != nil {
			return textOfError(err)
		}
		writeFiles(t, dir, map[string]string{"scale/late.go": "package scale\n\nconst Late = \"late\"\n"}) // what is not imported yet may change
		out, err := inTurn(t, s, "import \"example.com/lab/scale\"\nfmt.Print(scale.Four(3), scale.Map([]int{1, 2}, func(n int) string { return fmt.Sprint(n) }))",
			"n := scale.Four(1)", "fmt.Print(n, scale.Factor[int]{7}.Value, scale.Late)")
		if out != "12 [1 2]4 7late" || err != nil {
			return "the cells printed " + out + ", error " + textOfError(err)
		}
		writeFiles(t, dir, map[string]string{"scale/more.go": "package scale\n\nconst More = 1\n"})
		if _, err := inTurn(t, s, "fmt.Print(scale.Four(5))"); err == nil || !strings.Contains(err.Error(), "has changed since a cell imported it") {
			return "after a change: " + textOfError(err)
		}
		return ""
	})
}

func textOfError(err error) string {
	if err == nil {
		return "none"
	}
	return err.Error()
}

// TestModuleBesideTheNotebook: no %use is needed in a folder of the module.
func TestModuleBesideTheNotebook(t *testing.T) {
	if testing.Short() {
		t.Skip("builds packages")
	}
	needsCompiler(t)
	t.Chdir(filepath.Join(ownModule(t, "beside"), "scale"))
	inSession(t, func(s *cell.Session) string {
		if out, err := inTurn(t, s, "import \"example.com/beside/scale\"\nfmt.Print(scale.Four(2))"); out != "8" || err != nil {
			return out + ", error " + textOfError(err)
		}
		return ""
	})
}

// TestUseRefuses: a module that would change the versions of this program's own, and folders that are no modules, leave everything as it is.
func TestUseRefuses(t *testing.T) {
	if testing.Short() {
		t.Skip("builds packages")
	}
	needsCompiler(t)
	root := t.TempDir()
	writeFiles(t, root, map[string]string{
		"broken/go.mod":         "modul x\n",
		"replaces/go.mod":       "module example.com/replaces\n\ngo 1.25\n\nrequire github.com/traefik/yaegi v1.0.0\n\nreplace github.com/traefik/yaegi => ./yaegi\n",
		"replaces/r.go":         "package replaces\n\nimport _ \"github.com/traefik/yaegi\"\n",
		"replaces/yaegi/go.mod": "module github.com/traefik/yaegi\n",
		"replaces/yaegi/c.go":   "package yaegi\n",
	})
	inSession(t, func(s *cell.Session) string {
		for folder, want := range map[string]string{"broken": "its go.mod cannot be read", "none": "it is not the folder of a module", "replaces": "github.com/traefik/yaegi: this program has its own, it replaces it"} {
			if _, err := inTurn(t, s, "%use "+filepath.Join(root, folder)); err == nil || !strings.Contains(err.Error(), want) {
				return folder + ": " + textOfError(err)
			}
		}
		if out, err := inTurn(t, s, "%%go\nfmt.Print(1)"); out != "1" || err != nil {
			return "afterwards: " + out + ", " + textOfError(err)
		}
		return ""
	})
}

// TestGet fetches a module from a proxy, here a folder.
func TestGet(t *testing.T) {
	if testing.Short() {
		t.Skip("builds packages")
	}
	needsCompiler(t)
	proxy := t.TempDir()
	const at = "example.com/fetched@v1.2.0/"
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for name, text := range map[string]string{"go.mod": "module example.com/fetched\n\ngo 1.25\n", "greet/g.go": "package greet\n\nfunc Hello() string { return \"hello\" }\n"} {
		f, err := w.Create(at + name)
		if err == nil {
			_, err = f.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, proxy, map[string]string{
		"example.com/fetched/@v/list":        "v1.2.0\n",
		"example.com/fetched/@v/v1.2.0.info": `{"Version":"v1.2.0"}`,
		"example.com/fetched/@v/v1.2.0.mod":  "module example.com/fetched\n\ngo 1.25\n",
		"example.com/fetched/@v/v1.2.0.zip":  b.String(),
	})
	t.Setenv("GOPROXY", "file://"+filepath.ToSlash(proxy))
	t.Setenv("GONOSUMDB", "example.com/*")
	inSession(t, func(s *cell.Session) string {
		out, err := inTurn(t, s, "%get example.com/fetched@v1.2.0", "import \"example.com/fetched/greet\"\nfmt.Print(greet.Hello())")
		if out != "hello" || err != nil {
			return out + ", error " + textOfError(err)
		}
		if _, err := inTurn(t, s, "%get example.com/missing@v1.0.0"); err == nil || !strings.Contains(err.Error(), "example.com/missing") {
			return "a module that is not there: " + textOfError(err)
		}
		if out, err = inTurn(t, s, "fmt.Print(greet.Hello())"); out != "hello" || err != nil {
			return "afterwards: " + out + ", error " + textOfError(err)
		}
		return ""
	})
}
