package display

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"strings"
	"sync"
	"testing"
	"time"
)

// kept is a Sink that keeps what is displayed.
type kept struct {
	mu      sync.Mutex
	bundles []Bundle
	cleared int
}

func (k *kept) Display(b Bundle) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.bundles = append(k.bundles, b)
}

func (k *kept) ClearOutput(bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cleared++
}

func (k *kept) all() []Bundle {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]Bundle(nil), k.bundles...)
}

func keep(t *testing.T) *kept {
	t.Helper()
	k := &kept{}
	former := SetSink(k)
	t.Cleanup(func() { SetSink(former) })
	return k
}

type own struct{}

func (own) MIMEBundle() map[string]any {
	return map[string]any{MIMEPNG: []byte{1, 2}, MIMEHTML: []byte("<i>")}
}

type degrees float64

func (d degrees) String() string { return fmt.Sprintf("%g°", float64(d)) }

type reading struct {
	Name   string
	Value  float64
	hidden int
}

func TestFromValue(t *testing.T) {
	var none *reading
	for name, c := range map[string]struct {
		value any
		kind  string
		want  string // part of the content
	}{
		"bundler":       {own{}, MIMEPNG, "AQI="},
		"bundler text":  {own{}, MIMEHTML, "<i>"},
		"error":         {errors.New("bad"), MIMEText, "bad"},
		"stringer":      {degrees(3), MIMEText, "3°"},
		"string":        {"a\nb", MIMEText, "a\nb"},
		"struct":        {reading{"x", 1, 2}, MIMEText, "{Name:x Value:1 hidden:2}"},
		"strings table": {[][]string{{"h<", "i"}, {"1", "2"}}, MIMEHTML, "<th>h&lt;</th>"},
		"struct table":  {[]reading{{"x", 1.23456, 0}}, MIMEText, "Name  Value\nx     1.235\n"},
		"pointer table": {[]*reading{{"y", 2, 0}, nil}, MIMEText, "y     2"},
		"image":         {image.NewGray(image.Rect(0, 0, 2, 2)), MIMEPNG, "iVBORw0KGgo"},
		"svg bytes":     {[]byte("<svg></svg>"), MIMESVG, "<svg>"},
		"json":          {json.RawMessage(`{"a":1}`), MIMEText, `{"a":1}`},
		"bytes":         {[]byte{0xff, 0x01}, MIMEText, "2 bytes: ff 01"},
		"long text":     {strings.Repeat("é", maxText), MIMEText, "bytes more)"},
	} {
		b := FromValue(c.value)
		if b == nil || !strings.Contains(fmt.Sprint(b.Data[c.kind]), c.want) {
			t.Errorf("%s: %v, want %s with %q", name, b, c.kind, c.want)
		}
	}
	if FromValue(nil) != nil || FromValue(none) != nil {
		t.Error("nil is shown")
	}
}

func TestTableIsCut(t *testing.T) {
	b := FromValue(make([]reading, maxRows+7))
	if text := b.Text(); !strings.HasSuffix(text, "… 7 more rows\n") || strings.Count(text, "\n") != maxRows+2 {
		t.Errorf("%d lines, end %q", strings.Count(text, "\n"), text[len(text)-30:])
	}
}

func TestLiveShowsFirstAndLast(t *testing.T) {
	k := keep(t)
	live := NewLive()
	const updates = 500
	for i := range updates {
		live.Show(i)
	}
	Flush()
	got := k.all()
	if len(got) < 2 || len(got) > 10 {
		t.Fatalf("%d updates shown, want a few", len(got))
	}
	first, last := got[0], got[len(got)-1]
	if first.Update || first.ID == "" || first.Text() != "0" {
		t.Errorf("first display %+v", first)
	}
	if !last.Update || last.ID != first.ID || last.Text() != fmt.Sprint(updates-1) {
		t.Errorf("last display %+v", last)
	}
}

func TestLiveShowsTheLastByItself(t *testing.T) {
	k := keep(t)
	live := NewLive()
	live.interval = 5 * time.Millisecond
	live.Show("a")
	live.Show("b")
	for deadline := time.Now().Add(5 * time.Second); len(k.all()) < 2; {
		if time.Now().After(deadline) {
			t.Fatal("the second value was never shown")
		}
		time.Sleep(time.Millisecond)
	}
	if got := k.all()[1].Text(); got != "b" {
		t.Errorf("shown %q", got)
	}
}

func TestLiveFromGoroutines(t *testing.T) {
	k := keep(t)
	live := NewLive()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				live.Show(g*1000 + i)
			}
		})
	}
	wg.Wait()
	live.Show("done")
	Flush()
	if got := k.all(); got[len(got)-1].Text() != "done" {
		t.Errorf("the last shown is %q", got[len(got)-1].Text())
	}
}

func TestProgressBar(t *testing.T) {
	p := &Progress{live: NewLive(), total: 4, label: "train <1>", done: 1}
	b := p.bundle(30 * time.Second)
	if want := "train <1>  25 % ██████░░░░░░░░░░░░░░░░░░ 1/4, 0:30, 1:30 left"; b.Text() != want {
		t.Errorf("text %q, want %q", b.Text(), want)
	}
	if markup := fmt.Sprint(b.Data[MIMEHTML]); !strings.Contains(markup, `value="1" max="4"`) || !strings.Contains(markup, "train &lt;1&gt;") {
		t.Errorf("markup %q", markup)
	}
	p.done = 9
	if got := p.bundle(time.Hour).Text(); !strings.Contains(got, "100 %") || !strings.Contains(got, "9/4, 1:00:00") {
		t.Errorf("past the end: %q", got)
	}
	p.total = 0
	if got := p.bundle(time.Second).Text(); got != "train <1> 9, 0:01" {
		t.Errorf("unknown total: %q", got)
	}
}

func TestShowersReachTheSink(t *testing.T) {
	k := keep(t)
	HTML("<p>a &amp; b</p>")
	Markdown("# t")
	LaTeX("$x$")
	Text("t")
	SVG("<svg/>")
	PNG([]byte("p"))
	Image(image.NewGray(image.Rect(0, 0, 1, 1)))
	JSON(map[string]int{"a": 1})
	JSON(func() {})
	Value(nil)
	Clear(true)
	var kinds []string
	for _, b := range k.all() {
		kinds = append(kinds, b.Text())
	}
	want := []string{"a & b", "# t", "$x$", "t", "<SVG drawing>", "<image/png, 1 bytes>"}
	for i, w := range want {
		if kinds[i] != w {
			t.Errorf("display %d is %q, want %q", i, kinds[i], w)
		}
	}
	if len(kinds) != 10 || kinds[8] != "display.JSON: json: unsupported type: func()" || kinds[9] != "<nil>" || k.cleared != 1 {
		t.Errorf("displays %q, cleared %d times", kinds, k.cleared)
	}
}

func ExampleFromValue() {
	fmt.Print(FromValue([][]string{{"method", "ECE"}, {"GRPO", "0.34"}, {"DCPO", "0.07"}}).Text())
	// Output:
	// method  ECE
	// GRPO    0.34
	// DCPO    0.07
}
