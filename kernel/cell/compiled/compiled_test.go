package compiled

import (
	"context"
	"errors"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
)

func TestSameLayout(t *testing.T) {
	type named struct {
		a int
		B string
		c *int
	}
	type other struct {
		a int32
		B string
		c *int
	}
	type list struct{ next *list }
	for _, c := range []struct {
		a, b any
		want bool
	}{
		{named{1, "", nil}, struct {
			Xa int
			B  string
			Xc *int
		}{}, true},
		{[]named{}, []struct {
			Xa int
			B  string
			Xc *int
		}{}, true},
		{named{}, other{1, "", nil}, false},
		{list{nil}, list{}, true},
		{map[string]named{}, map[string]other{}, false},
		{struct{ f func(int) }{}, struct{ g func(int) }{}, true},
		{struct{ f func(int) }{}, struct{ g func(string) }{}, false},
		{struct{ e error }{}, struct{ e any }{}, false},
		{3, int64(3), false},
	} {
		if got := sameLayout(reflect.TypeOf(c.a), reflect.TypeOf(c.b), map[pair]bool{}); got != c.want {
			t.Errorf("sameLayout(%T, %T) = %v", c.a, c.b, got)
		}
	}
}

func TestSettingsThatPluginsCannotHave(t *testing.T) {
	for key, value := range map[string]string{"CGO_ENABLED": "0", "-cover": "true", "-msan": "true"} {
		info := &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: key, Value: value}}}
		if err := (&toolchain{}).settings(info); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s=%s: %v, want an error that names it", key, value, err)
		}
	}
	tools := &toolchain{}
	if err := tools.settings(&debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "-trimpath", Value: "true"}, {Key: "-tags", Value: "x"}}}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(tools.flags, " "); got != "-tags=x -trimpath=true -buildvcs=false" {
		t.Errorf("flags %q", got)
	}
}

// A package that differs from the one in this program is found before a plug-in
// is built, and named.
func TestPackagesOfAnotherSourceAreNamed(t *testing.T) {
	host, err := hostFingerprints()
	if err != nil || host == nil {
		t.Skip("this program has no fingerprints: ", err)
	}
	tools, err := findToolchain(context.Background())
	if err != nil {
		t.Skip("no compiler: ", err)
	}
	p := openPackages(tools, t.TempDir())
	files, err := p.need(context.Background(), map[string]bool{"errors": true})
	if err != nil {
		t.Fatal(err)
	}
	if err := compare(map[string]string{"errors": files["errors"]}); err != nil {
		t.Error(err)
	}
	err = compare(map[string]string{"errors": files["unicode/utf8"], "fmt": files["fmt"]})
	if err == nil || !strings.Contains(err.Error(), "the source of errors is not what this program was built from") {
		t.Errorf("error %v", err)
	}
}

func TestReadable(t *testing.T) {
	for in, want := range map[string]string{
		"undefined: cꞏh0a1b.Xꞏnode":                     "undefined: node",
		"cannot use (Xꞏ{}).f (value of type func())":    "cannot use f (value of type func())",
		"cannot use (*vꞏx) (variable of type int) as T": "cannot use (x) (variable of type int) as T",
	} {
		if got := readable(in); got != want {
			t.Errorf("readable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestUnavailableSaysWhy(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var u *Unavailable
	if err := New(nil).Ready(context.Background()); !errors.As(err, &u) || !strings.Contains(err.Error(), "there is no go command here") {
		t.Errorf("error %v", err)
	}
}
