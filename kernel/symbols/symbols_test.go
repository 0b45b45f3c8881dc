package symbols

import (
	"bytes"
	"go/types"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// TestTablesAreUpToDate compares the tables with what the packages export today. `go generate ./kernel/symbols` mends it.
func TestTablesAreUpToDate(t *testing.T) {
	if testing.Short() {
		t.Skip("it loads the types of many packages")
	}
	paths := make([]string, 0, len(table))
	for key := range table {
		paths = append(paths, path.Dir(key)) // a key is the import path and the package's name
	}
	loaded, err := packages.Load(&packages.Config{Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedExportFile}, paths...)
	if err != nil {
		t.Fatal(err)
	}
	if len(loaded) < 15 {
		t.Fatalf("only %d packages were loaded", len(loaded))
	}
	for _, p := range loaded {
		have := table[p.PkgPath+"/"+p.Name]
		for _, name := range p.Types.Scope().Names() {
			object := p.Types.Scope().Lookup(name)
			if _, ok := have[name]; !ok && object.Exported() && !generic(object) {
				t.Errorf("%s.%s is not in the tables: run go generate ./kernel/symbols", p.PkgPath, name)
			}
		}
		for name := range have {
			if !strings.HasPrefix(name, "_") && p.Types.Scope().Lookup(name) == nil {
				t.Errorf("%s has no %s any more: run go generate ./kernel/symbols", p.PkgPath, name)
			}
		}
	}
}

// TestDocs: what is shown of our own packages, of the standard library and of others is there, and is what the sources say today.
func TestDocs(t *testing.T) {
	for key, want := range map[string]string{
		"github.com/dcpo-go/godcpo/dcpo":                       "Decoupled Calibration",
		"github.com/dcpo-go/godcpo/dcpo/calibration.ECE":       "expected calibration error",
		"github.com/dcpo-go/godcpo/dcpo/calibration.Bin.Count": "whose confidence lies in the bin",
		"fmt.Println":                 "Spaces are always added between operands",
		"strings.Builder.WriteString": "appends the contents",
		"gonum.org/v1/plot.New":       "returns a new plot",
	} {
		if got := Doc(key); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q in it", key, got, want)
		}
	}
	if testing.Short() {
		return
	}
	dir := t.TempDir()
	if out, err := exec.Command("go", "run", "./generate", "-docs", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	fresh, err := os.ReadFile(filepath.Join(dir, "docs.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(fresh, packed) {
		t.Error("the documentation is not what the sources say: run go generate ./kernel/symbols")
	}
}

// generic objects cannot be reached from cells, and interfaces of constraints are not values.
func generic(o types.Object) bool {
	switch x := o.(type) {
	case *types.Func:
		return x.Type().(*types.Signature).TypeParams().Len() > 0
	case *types.TypeName:
		if named, ok := x.Type().(*types.Named); ok && named.TypeParams().Len() > 0 {
			return true
		}
		i, ok := x.Type().Underlying().(*types.Interface)
		return ok && !i.IsMethodSet()
	}
	return false
}
