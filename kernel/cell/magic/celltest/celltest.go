// Package celltest runs Test and Benchmark functions of cells with Go's own
// package testing, in the process of the session.
package celltest

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// Tests are test functions by name.
type Tests map[string]func(*testing.T)

// Benchmarks are benchmark functions by name.
type Benchmarks map[string]func(*testing.B)

// errFailed is what a failed test makes of a cell.
var errFailed = errors.New("tests have failed: see the output")

// Run runs functions as go test does, with flags such as -test.v. Tests run in
// the order of their names. A panic fails its test, not the process.
func Run(flags []string, tests Tests, benchmarks Benchmarks) error {
	testing.Init()
	restore, err := defaults()
	if err != nil {
		return err
	}
	defer restore()
	set := flag.NewFlagSet("%test", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	flag.VisitAll(func(f *flag.Flag) { set.Var(f.Value, f.Name, f.Usage) })
	given := slices.DeleteFunc(slices.Clone(flags), func(s string) bool { return s == "" })
	if err := set.Parse(given); err != nil {
		return fmt.Errorf("%%test %s: %w (flags of tests start with -test. as in -test.run=Add)", strings.Join(flags, " "), err)
	}
	var ts []testing.InternalTest
	for _, name := range names(tests) {
		ts = append(ts, testing.InternalTest{Name: name, F: func(t *testing.T) { defer caught(t); tests[name](t) }})
	}
	var bs []testing.InternalBenchmark
	for _, name := range names(benchmarks) {
		bs = append(bs, testing.InternalBenchmark{Name: name, F: func(b *testing.B) { defer caught(b); benchmarks[name](b) }})
	}
	code := testing.MainStart(dependencies{}, ts, bs, nil, nil).Run()
	if code != 0 {
		return errFailed
	}
	return nil
}

// defaults gives the flags of tests their default values. restore gives them back
// those that they had, which matter where the process itself runs tests.
func defaults() (restore func(), err error) {
	former := map[flag.Value]string{}
	restore = func() {
		for value, text := range former {
			_ = value.Set(text) // it had that value
		}
	}
	flag.VisitAll(func(f *flag.Flag) {
		if !strings.HasPrefix(f.Name, "test.") || err != nil {
			return
		}
		text := f.DefValue
		if text == f.Value.String() && f.Name != "test.v" {
			return
		}
		if f.Name == "test.v" {
			text = "false" // its default is not a value
			former[f.Value] = fmt.Sprint(testing.Verbose())
		} else {
			former[f.Value] = f.Value.String()
		}
		if setErr := f.Value.Set(text); setErr != nil {
			err = fmt.Errorf("reset the flag -%s: %w", f.Name, setErr)
		}
	})
	return restore, err
}

func names[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// caught turns a panic into a failure.
func caught(t testing.TB) {
	if v := recover(); v != nil {
		t.Errorf("panic: %v\n%s", v, debug.Stack())
	}
}

// dependencies is what package testing needs from go test: matching names, and
// parts that cells have no use for.
type dependencies struct{}

type corpusEntry = struct {
	Parent     string
	Path       string
	Data       []byte
	Values     []any
	Generation int
	IsSeed     bool
}

var errNoFuzzing = errors.New("fuzzing is not supported in cells")

func (dependencies) ImportPath() string   { return "cell" }
func (dependencies) ModulePath() string   { return "" }
func (dependencies) SetPanicOnExit0(bool) {}
func (dependencies) StartCPUProfile(io.Writer) error {
	return errors.New("profiles are not supported in cells")
}
func (dependencies) StopCPUProfile()        {}
func (dependencies) StartTestLog(io.Writer) {}
func (dependencies) StopTestLog() error     { return nil }
func (dependencies) WriteProfileTo(string, io.Writer, int) error {
	return errors.New("profiles are not supported in cells")
}
func (dependencies) ResetCoverage()    {}
func (dependencies) SnapshotCoverage() {}

// MatchString implements the flags -test.run and -test.bench.
func (dependencies) MatchString(pattern, name string) (bool, error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return false, err
	}
	return re.MatchString(name), nil
}

func (dependencies) CoordinateFuzzing(time.Duration, int64, time.Duration, int64, int, []corpusEntry, []reflect.Type, string, string) error {
	return errNoFuzzing
}
func (dependencies) RunFuzzWorker(func(corpusEntry) error) error { return errNoFuzzing }
func (dependencies) ReadCorpus(string, []reflect.Type) ([]corpusEntry, error) {
	return nil, errNoFuzzing
}
func (dependencies) CheckCorpus([]any, []reflect.Type) error { return errNoFuzzing }
func (dependencies) InitRuntimeCoverage() (mode string, tearDown func(string, string) (string, error), snapcov func() float64) {
	return "", func(string, string) (string, error) { return "", nil }, func() float64 { return 0 }
}
