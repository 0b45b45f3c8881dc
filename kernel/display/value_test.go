package display

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image/png"
	"math"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
)

type inner struct {
	Rate  float64
	Names []string
}

type outer struct {
	Title string
	In    *inner
	Next  *outer
	Wait  chan int
	Do    func(int) string
	Err   error
	Table map[string]any
	quiet time.Duration
}

type panics struct{}

func (panics) String() string { panic("not today") }

func TestFormat(t *testing.T) {
	loop := &outer{Title: "loop", quiet: time.Second}
	loop.Next = loop
	filled := make(chan int, 3)
	filled <- 1
	var nilMap map[string]int
	var nilFunc func()
	long := make([]int, maxItems+5)
	for name, c := range map[string]struct {
		value any
		want  string
	}{
		"pointers are followed": {[2]*inner{{1.5, []string{"a"}}, nil}, "[&{Rate:1.5 Names:[a]} <nil>]"},
		"pointer to a number":   {new(int), "&0"},
		"circle":                {loop, "&{Title:loop In:<nil> Next:&… Wait:<nil> Do:<nil> Err:<nil> Table:map[] quiet:1000000000}"},
		"nil map":               {nilMap, "map[]"},
		"nil function":          {nilFunc, "<nil>"},
		"channel":               {filled, "chan int (1 of 3 waiting)"},
		"unbuffered":            {make(chan<- bool), "chan<- bool"},
		"function":              {func(int, ...string) error { return nil }, "func(int, ...string) error"},
		"method of a part":      {struct{ D time.Duration }{time.Minute}, "{D:1m0s}"},
		"error in a part":       {struct{ E error }{errors.New("bad")}, "{E:bad}"},
		"any":                   {[]any{1, "a", nil, 2.5}, "[1 a <nil> 2.5]"},
		"keys in order":         {map[int]string{10: "b", 9: "a"}, "map[9:a 10:b]"},
		"long list":             {long, "0 … 5 more]"},
		"panic in a method":     {panics{}, "cannot be shown: not today"},
		"panic in a part":       {[]panics{{}}, "PANIC=String method: not today"},
		"complex":               {complex(1, -2), "(1-2i)"},
		"text":                  {strings.Repeat("x", 3*maxText), fmt.Sprintf("(%d bytes more)", 2*maxText)},
	} {
		b := FromValue(c.value)
		if b == nil || !strings.Contains(b.Text(), c.want) {
			t.Errorf("%s: %v, want %q", name, b, c.want)
		}
	}
	if line := format(reflect.ValueOf(outer{Title: "t"})); strings.Contains(line, "0x") {
		t.Errorf("an address: %s", line)
	}
}

func TestTables(t *testing.T) {
	for name, c := range map[string]struct {
		value        any
		text, markup string
	}{
		"metrics": {map[string]float64{"ece": 0.071234, "accuracy": 0.5}, "map[accuracy:0.5 ece:0.071234]",
			`<tr><th style="text-align:left">ece</th><td style="text-align:left">0.07123</td></tr>`},
		"records":   {[]map[string]any{{"step": 1, "loss": 0.25}, {"step": 2, "note": "<x>"}}, "loss  step  note\n0.25  1\n      2     <x>\n", "<td>&lt;x&gt;</td>"},
		"matrix":    {[][]float64{{1, 2}, {3, 4.123456}}, "[[1 2] [3 4.123456]]", "<th>2 × 2</th><th>0</th><th>1</th></tr><tr><td>0</td><td>1</td>"},
		"gonum":     {mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, math.Pi}), "2 × 3  0  1  2\n0      1  2  3\n1      4  5  3.142\n", "<td>3.142</td>"},
		"pointers":  {[]struct{ A *inner }{{&inner{1, nil}}}, "A\n&{Rate:1 Names:[]}\n", "<th>A</th>"},
		"nested":    {outer{Title: strings.Repeat("t", maxLine), In: &inner{1, []string{strings.Repeat("n", maxLine)}}}, "  In: &{\n    Rate: 1\n", "<details><summary>"},
		"wide cell": {[][]string{{"a"}, {strings.Repeat("é", 500)}}, "a\né", strings.Repeat("é", maxCell) + "…</td>"},
	} {
		b := FromValue(c.value)
		markup, _ := b.Data[MIMEHTML].(string)
		if !strings.Contains(b.Text(), c.text) || !strings.Contains(markup, c.markup) {
			t.Errorf("%s: text %q, markup %q", name, b.Text(), markup)
		}
	}
}

func TestErrorsAreMarked(t *testing.T) {
	b := FromValue(errors.Join(errors.New("a < b"), errors.New("c")))
	if markup, _ := b.Data[MIMEHTML].(string); b.Text() != "a < b\nc" || !strings.Contains(markup, "a &lt; b\nc</pre>") {
		t.Errorf("%v", b)
	}
}

func TestPlotsOfGonum(t *testing.T) {
	p := plot.New()
	p.Title.Text = "squares"
	line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}, {X: 2, Y: 4}})
	if err != nil {
		t.Fatal(err)
	}
	p.Add(line)
	b := FromValue(p)
	svg, _ := b.Data[MIMESVG].(string)
	if !strings.HasPrefix(svg, "<svg") || !strings.Contains(svg, "squares") || b.Text() != "<plot>" {
		t.Errorf("SVG %.200q, text %q", svg, b.Text())
	}
	encoded, _ := b.Data[MIMEPNG].(string)
	file, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(bytes.NewReader(file)); err != nil || img.Bounds().Dx() < 400 {
		t.Errorf("PNG of %d bytes: %v", len(file), err)
	}
}

func TestTensorsOfGoMLX(t *testing.T) {
	small := tensors.FromValue([][]float32{{1, 2.5}, {3, 4}})
	large := tensors.FromFlatDataAndDimensions(make([]int32, 1_000_000), 1000, 1000)
	for name, c := range map[string]struct {
		value *tensors.Tensor
		want  string
	}{
		"small": {small, "tensor (Float32)[2, 2]\n[2][2]float32"}, "large": {large, "tensor (Int32)[1000, 1000]\n"}, "scalar": {tensors.FromValue(7.0), "float64(7)"},
	} {
		if got := FromValue(c.value).Text(); !strings.Contains(got, c.want) || len(got) > 2000 {
			t.Errorf("%s: %.300q of %d bytes", name, got, len(got))
		}
	}
	small.MustFinalizeAll()
	if got := FromValue(small).Text(); !strings.Contains(got, "given up") {
		t.Errorf("finalized: %q", got)
	}
	if FromValue((*tensors.Tensor)(nil)) != nil {
		t.Error("a nil tensor is shown")
	}
}

func TestTextBesideMarkup(t *testing.T) {
	for markup, want := range map[string]string{
		"<p>a &lt; b</p>": "a < b",
		"<script>let x = 1 < 2;</script>x<style>p{}</style><!-- > -->y": "xy",
		"<script>only()</script>": "",
	} {
		if got := WithText(Bundle{Data: map[string]any{MIMEHTML: markup}}); got.Data[MIMEText] != want {
			t.Errorf("%q gives %q, want %q", markup, got.Data[MIMEText], want)
		}
	}
	if got := WithText(Bundle{Data: map[string]any{MIMEPNG: "x"}}).Text(); got != "<[image/png]>" {
		t.Errorf("a picture gives %q", got)
	}
	if b := pictureBundle(MIMEPNG, make([]byte, maxPicture+1)); !strings.Contains(b.Text(), "is not shown") {
		t.Errorf("%v", b.Data)
	}
}

func TestLinesInATerminal(t *testing.T) {
	var out strings.Builder
	l := NewLines(&out)
	l.terminal = true
	say := func(id, text string) { l.Display(Bundle{Data: map[string]any{MIMEText: text}, ID: id}) }
	say("a", "10 %, a long line")
	say("a", "20 %")
	fmt.Fprint(l, "printed\n")
	say("a", "30 %")
	say("b", "other")
	say("", "display\n")
	say("a", "40 %")
	say("c", "")
	l.Flush()
	want := "\r10 %, a long line\r20 %             \nprinted\n\r30 %\n\rother\ndisplay\n\r40 %\n"
	if out.String() != want {
		t.Errorf("written %q\nwant    %q", out.String(), want)
	}
}

func TestLinesInALog(t *testing.T) {
	var out strings.Builder
	l := NewLines(&out)
	bar := func(n int) { l.Display(Bundle{Data: map[string]any{MIMEText: fmt.Sprint(n, " %")}, ID: "p"}) }
	for n := range 50 {
		bar(n)
	}
	fmt.Fprint(l, "printed\n")
	l.interval = 0
	bar(60)
	l.interval = time.Hour
	bar(70)
	bar(100)
	l.Flush()
	l.Flush()
	if want := "printed\n60 %\n100 %\n"; out.String() != want {
		t.Errorf("written %q, want %q", out.String(), want)
	}
	if regexp.MustCompile(`[\x1b\r]`).MatchString(out.String()) {
		t.Error("a log has escape codes")
	}
}
