package magic_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell/magic"
)

// fake is a host that notes what it is asked.
type fake struct {
	out     strings.Builder
	calls   []string
	answers []string
	scratch string
}

func (f *fake) note(parts ...string) { f.calls = append(f.calls, strings.Join(parts, " ")) }

func (f *fake) Print(_, text string) { f.out.WriteString(text) }
func (f *fake) Ask(ctx context.Context, prompt string, password bool) (string, error) {
	if len(f.answers) == 0 {
		<-ctx.Done() // a user who does not answer
		return "", context.Cause(ctx)
	}
	answer := f.answers[0]
	f.answers = f.answers[1:]
	if password {
		f.note("asked for a password")
	}
	return answer, nil
}
func (f *fake) Capture(path string, appendTo bool) error {
	f.note("capture", path, map[bool]string{true: "append"}[appendTo])
	return nil
}
func (f *fake) List() string                          { return "names\n" }
func (f *fake) Forget(names []string) error           { f.note("forget", strings.Join(names, " ")); return nil }
func (f *fake) Reset() error                          { f.note("reset"); return nil }
func (f *fake) Functions() []string                   { return []string{"TestOld", "BenchmarkOld", "helper"} }
func (f *fake) Scratch() (string, error)              { return f.scratch, nil }
func (f *fake) Widgets(context.Context) (bool, error) { f.note("widgets"); return true, nil }
func (f *fake) Module(_ context.Context, c string, args []string) error {
	f.note(append([]string{"module", c}, args...)...)
	return nil
}
func (f *fake) Version() string { return "v1" }

func runScript(t *testing.T, f *fake, code string) (*magic.Script, error) {
	t.Helper()
	s := magic.Parse(code)
	return s, s.Run(t.Context(), f, magic.Options{Shell: []string{"sh", "-c"}})
}

func TestGoCode(t *testing.T) {
	const open = `import flagꞏ "flag"; func main() { flagꞏ.Parse(); `
	for code, want := range map[string]string{
		"x := 1":                                "x := 1",
		"%cd\nx := 1":                           "\nx := 1",
		"//gonb:%%\nx()":                        open + "\nx()\n}",
		"var a int\n%% -x=1\nx()\n%list\ny()":   "var a int\n" + open + "\nx()\n\ny()\n}",
		"func f() {}\n%exec f 1":                "func f() {}\n\n" + open + "f() }",
		"%%\nf(\n":                              "\nf(\n",
		"s := `\n%%\n`":                         "s := `\n%%\n`",
		"a :=\n  7\n%% b":                       "a :=\n  7\n" + open + "\n}",
		"10 \n% 3":                              "10 \n",
		"f(10\n% 3)":                            "f(10\n% 3)",
		"%env A \\\n b\nx":                      "\n\nx",
		"func init() { a() }\nb()":              "func     () { a() }()\nb()",
		"func init_x() { a() }\n%%\nb()":        "func init_x() { a() }; init_x()\n" + open + "\nb()\n}",
		"func (t T) init() {}\nfunc initX() {}": "func (t T) init() {}\nfunc initX() {}",
		"%%go\nx":                               "\nx",
	} {
		f := &fake{}
		s, err := runScript(t, f, code)
		if code == "10 \n% 3" { // not a command of the session
			if err == nil {
				t.Errorf("%q ran", code)
			}
			continue
		}
		if err != nil || s.Go() != want {
			t.Errorf("%q gives\n%q, want\n%q (%v)", code, s.Go(), want, err)
		}
		if lines, got := strings.Count(code, "\n"), strings.Count(s.Blank(), "\n"); lines != got {
			t.Errorf("%q: %d lines became %d", code, lines, got)
		}
	}
}

func TestArguments(t *testing.T) {
	for code, want := range map[string][]string{
		`%args -a "b c" "" d\e "q\"t\n"`: {"-a", "b c", "", `d\e`, "q\"t\n"},
		"%args a\n%%\nx()":               {"a"},
		"%args a\n%% b\nx()":             {"b"},
		"%main -n=3":                     {"-n=3"},
		"%exec f -x=13":                  {"-x=13"},
		"x()":                            nil,
	} {
		s, err := runScript(t, &fake{}, code)
		if err != nil || !slices.Equal(s.Args, want) {
			t.Errorf("%q gives %q, want %q (%v)", code, s.Args, want, err)
		}
	}
}

func TestCommandsReachTheHost(t *testing.T) {
	t.Setenv("GODCPO_MAGIC_TEST", "/v")
	home := t.TempDir()
	t.Setenv("HOME", home)
	for code, want := range map[string]string{
		"%capture -a ${GODCPO_MAGIC_TEST}/x.txt": "capture /v/x.txt append",
		"%capture ~/y":                           "capture " + home + "/y ",
		"%rm a b":                                "forget a b",
		"%remove a":                              "forget a",
		"%reset":                                 "reset",
		"%reset go.mod":                          "module resetmod",
		"%widgets":                               "widgets",
		"%get a/b@v1.2.3":                        "module get a/b@v1.2.3",
		"%use DIR":                               "module use DIR",
		"%noautoget":                             "module noautoget",
	} {
		f := &fake{}
		if _, err := runScript(t, f, code); err != nil || len(f.calls) != 1 || f.calls[0] != want {
			t.Errorf("%q: host was asked %q, want %q (%v)", code, f.calls, want, err)
		}
	}
}

func TestPrinted(t *testing.T) {
	t.Setenv("GODCPO_MAGIC_TEST", "value")
	t.Setenv("GODCPO_GOFLAGS", "")
	for code, want := range map[string]string{
		"%list":                  "names\n",
		"%ls":                    "names\n",
		"%version":               "v1\n",
		"%env GODCPO_MAGIC_TEST": "value\n",
		"%env GODCPO_MAGIC_X=1 2\n%env GODCPO_MAGIC_X": "1 2\n",
		"%widgets_hb": "the browser answers\n",
		"%goflags":    "%goflags=[]\n",
	} {
		f := &fake{}
		if _, err := runScript(t, f, code); err != nil || f.out.String() != want {
			t.Errorf("%q printed %q, want %q (%v)", code, f.out.String(), want, err)
		}
	}
	f := &fake{}
	if _, err := runScript(t, f, "%help"); err != nil {
		t.Fatal(err)
	}
	for _, name := range magic.Names() {
		if !strings.Contains(f.out.String(), name) {
			t.Errorf("%%help does not tell of %s", name)
		}
	}
}

func TestWrongCommands(t *testing.T) {
	for code, want := range map[string]string{
		"%lst":                        "there is no command %lst: did you mean %list? see %help",
		"%%pythn":                     "there is no command %%pythn",
		"x := 1\n%%bash\nls":          "%%bash can only stand in the first line",
		"%wasm":                       "%wasm is not supported",
		"%capture":                    "%capture takes the name of one file",
		"%cd a b":                     "%cd takes one folder",
		"%cd /no/such/folder":         "no such file or directory",
		"%exec":                       "%exec needs the name of a function",
		"%reset all":                  "%reset takes nothing or go.mod",
		"%env GODCPO_UNSET_X":         "is not set",
		"%%script":                    "%%script needs a command",
		"%%bash -x\nls":               "%%script takes a command with arguments",
		"%%script no-such-program\nx": "no-such-program",
	} {
		_, err := runScript(t, &fake{}, code)
		var failed *magic.Error
		if !errors.As(err, &failed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", code, err, want)
		}
	}
}

func TestWriteFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a b.txt")
	for _, code := range []string{"%%writefile \"" + name + "\"\none\n %two\n", "%%writefile -a \"" + name + "\"\n!three"} {
		if s, err := runScript(t, &fake{}, code); err != nil || s.Go() != "" {
			t.Fatal(err, s.Go())
		}
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != "one\n %two\n!three\n" {
		t.Errorf("the file holds %q (%v)", text, err)
	}
}

func TestShellReadsWhatIsAsked(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "out")
	f := &fake{answers: []string{"ab", "cd"}, scratch: folder}
	_, err := runScript(t, f, "%with_inputs\n!read x; read y; echo $x-$y > "+file+"\n!*cat out > copy")
	text, readErr := os.ReadFile(filepath.Join(folder, "copy"))
	if err != nil || readErr != nil || string(text) != "ab-cd\n" {
		t.Errorf("the command read %q (%v, %v)", text, err, readErr)
	}
	f = &fake{answers: []string{"secret"}}
	if _, err := runScript(t, f, "%with_password\n!read x; test $x = secret"); err != nil || len(f.calls) != 1 {
		t.Errorf("password: %v, %q", err, f.calls)
	}
	// A command that ends before the user has answered is done.
	done := make(chan error, 1)
	go func() { _, err := runScript(t, &fake{}, "%with_inputs\n!sleep 0.5"); done <- err }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it still waits for the user")
	}
}

func TestTestsAreChosen(t *testing.T) {
	for code, want := range map[string]string{
		"%test\nfunc TestA(t *testing.T) {}":      `Run([]string{"-test.v"}, celltestꞏ.Tests{"TestA": TestA, }, celltestꞏ.Benchmarks{})`,
		"func BenchmarkB(b *testing.B) {}\n%test": `Run([]string{"-test.v", "-test.bench=."}, celltestꞏ.Tests{}, celltestꞏ.Benchmarks{"BenchmarkB": BenchmarkB, })`,
		"%test": `Run([]string{"-test.v"}, celltestꞏ.Tests{"TestOld": TestOld, }, celltestꞏ.Benchmarks{"BenchmarkOld": BenchmarkOld, })`,
		"%test -test.run=A\nfunc TestA(t *testing.T) {}": `Run([]string{"-test.run=A"}, celltestꞏ.Tests{"TestA": TestA, "TestOld": TestOld, }, celltestꞏ.Benchmarks{"BenchmarkOld": BenchmarkOld, })`,
	} {
		s, err := runScript(t, &fake{}, code)
		if err != nil || !strings.HasSuffix(s.Go(), want) || s.Engine != magic.Compiled {
			t.Errorf("%q gives\n%s, want\n…%s (%v)", code, s.Go(), want, err)
		}
	}
}
