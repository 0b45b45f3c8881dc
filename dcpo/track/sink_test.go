package track

import (
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sinks opens every kind of sink in a folder.
func sinks(t *testing.T, dir string, after int) map[string]Sink {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	out := map[string]Sink{}
	open := func(name string, s Sink, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = s
	}
	s, err := OpenJSONL(dir, after)
	open("jsonl", s, err)
	s, err = OpenSamples(dir, after)
	open("samples", s, err)
	s, err = OpenTensorBoard(dir, after)
	open("tensorboard", s, err)
	s, err = OpenWandB(dir, after, WandBOptions{})
	open("wandb", s, err)
	s, err = OpenMLflow(dir, after, MLflowOptions{URI: server.URL, Patience: time.Second, Logger: quiet()})
	open("mlflow", s, err)
	return out
}

func TestEverySinkEndsOnce(t *testing.T) {
	for name, s := range sinks(t, t.TempDir(), Fresh) {
		t.Run(name, func(t *testing.T) {
			if err := errors.Join(s.Params(map[string]string{"a": "b"}), s.Scalars(1, map[string]float64{"loss": 1, "auroc": math.NaN(), "grad": math.Inf(1)}),
				s.Samples(1, []Sample{{Problem: "p"}}), s.Flush(), s.Scalars(2, nil)); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(nil); err != nil {
				t.Fatalf("first Close: %v", err)
			}
			if err := s.Close(errors.New("late")); err != nil {
				t.Fatalf("second Close: %v", err)
			}
			after := errors.Join(s.Scalars(3, map[string]float64{"loss": 1}), s.Samples(3, []Sample{{Problem: "p"}}))
			if !errors.Is(after, errClosed) {
				t.Errorf("recording after Close gives %v, want %v", after, errClosed)
			}
		})
	}
}

// failing is a sink that fails at everything and counts.
type failing struct{ calls int }

var errFailing = errors.New("it fails")

func (f *failing) fail() error { f.calls++; return errFailing }

func (f *failing) Params(map[string]string) error        { return f.fail() }
func (f *failing) Scalars(int, map[string]float64) error { return f.fail() }
func (f *failing) Samples(int, []Sample) error           { return f.fail() }
func (f *failing) Flush() error                          { return f.fail() }
func (f *failing) Close(error) error                     { return f.fail() }

func TestMultiPassesOnPastFailures(t *testing.T) {
	a, b := &failing{}, &failing{}
	m := Multi(a, nil, b)
	for i, err := range []error{m.Params(nil), m.Scalars(1, nil), m.Samples(1, nil), m.Flush(), m.Close(nil)} {
		if !errors.Is(err, errFailing) {
			t.Errorf("call %d: %v, want %v", i, err, errFailing)
		}
	}
	if a.calls != 5 || b.calls != 5 {
		t.Errorf("the sinks got %d and %d calls, want 5 each", a.calls, b.calls)
	}
	if err := Multi().Close(nil); err != nil {
		t.Errorf("a Multi of none: %v", err)
	}
}

// python runs a program with the Python that GODCPO_TEST_PYTHON names, or skips where it lacks one of the modules.
func python(t *testing.T, program string, args []string, modules ...string) string {
	t.Helper()
	exe := os.Getenv("GODCPO_TEST_PYTHON")
	if exe == "" {
		t.Skipf("GODCPO_TEST_PYTHON names no Python with %s", strings.Join(modules, ", "))
	}
	for _, m := range modules {
		if out, err := exec.Command(exe, "-c", "import "+m).CombinedOutput(); err != nil {
			t.Skipf("%s cannot import %s: %s", exe, m, out)
		}
	}
	cmd := exec.Command(exe, append([]string{"-c", program}, args...)...)
	var faults strings.Builder
	cmd.Stderr = &faults
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, faults.String())
	}
	return string(out)
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
