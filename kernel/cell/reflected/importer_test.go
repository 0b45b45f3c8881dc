package reflected

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"testing"
	"time"

	"github.com/traefik/yaegi/stdlib"
)

func check(t *testing.T, m *Importer, src string) (*types.Package, error) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "x.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: m}
	return conf.Check("main", fset, []*ast.File{file}, nil)
}

func TestEveryStandardPackageConverts(t *testing.T) {
	m := New(stdlib.Symbols)
	start := time.Now()
	for _, p := range m.Paths() {
		pkg, err := m.Import(p)
		if err != nil || !pkg.Complete() {
			t.Errorf("import %s: %v", p, err)
		}
	}
	t.Logf("%d packages in %v", len(m.Paths()), time.Since(start))
}

func TestProgramsCheckAgainstReflectedPackages(t *testing.T) {
	m := New(stdlib.Symbols)
	for name, src := range map[string]string{
		"io and errors": `package p
import ("bytes"; "errors"; "fmt"; "io"; "strings"; "time"; "os"; "context"; "net/http"; "encoding/json"; "go/ast")
type w struct{}
func (w) Write(p []byte) (int, error) { return len(p), nil }
var _ io.Writer = w{}
var _ io.Reader = &bytes.Buffer{}
var d time.Duration = 3 * time.Second / 2
var _ error = errors.New("x")
var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
var _ json.Marshaler = json.RawMessage(nil)
var _ ast.Expr = &ast.Ident{Name: "x"}
func f(ctx context.Context) (string, error) {
	var sb strings.Builder
	fmt.Fprintf(&sb, "%d", 1)
	if err := os.WriteFile("x", []byte(sb.String()), 0o600); errors.Is(err, os.ErrNotExist) { return "", err }
	select { case <-ctx.Done(): case <-time.After(d): }
	return sb.String(), ctx.Err()
}`,
		"rune constant": `package p
import "unicode/utf8"
var r = utf8.RuneError
var _ rune = r`,
	} {
		if _, err := check(t, m, src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongProgramsFail(t *testing.T) {
	m := New(stdlib.Symbols)
	for src, want := range map[string]string{
		`package p; import "strings"; var x int = strings.ToUpper("a")`: `x.go:1:42: cannot use strings.ToUpper("a") (value of type string) as int value in variable declaration`,
		`package p; import "strings"; var x = strings.Nope`:             `x.go:1:46: undefined: strings.Nope`,
		`package p; import "nope/strings"`:                              `x.go:1:19: could not import nope/strings (package nope/strings is not available in cells: did you mean strings?)`,
	} {
		if _, err := check(t, m, src); err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", src, err, want)
		}
	}
}

func TestGoTypeFindsTheReflectedType(t *testing.T) {
	m := New(stdlib.Symbols)
	pkg, err := m.Import("time")
	if err != nil {
		t.Fatal(err)
	}
	name, _ := pkg.Scope().Lookup("Duration").(*types.TypeName)
	if got, ok := m.GoType(name); !ok || got.String() != "time.Duration" {
		t.Errorf("GoType(time.Duration) = %v, %v", got, ok)
	}
}
