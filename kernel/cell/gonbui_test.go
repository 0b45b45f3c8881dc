package cell_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/display"
	"github.com/dcpo-go/godcpo/kernel/symbols"
)

// answering is an output whose user answers questions.
type answering struct {
	record
	asked   sync.Mutex
	prompts []string
	answers []string
}

func (a *answering) RequestInput(_ context.Context, prompt string, password bool) (string, error) {
	a.asked.Lock()
	defer a.asked.Unlock()
	a.prompts = append(a.prompts, fmt.Sprint(prompt, password))
	answer := a.answers[0]
	a.answers = a.answers[1:]
	return answer, nil
}

// showAll displays one thing of each kind by way of gonbui.
const showAll = `
import (
	"image"
	"github.com/janpfeifer/gonb/gonbui"
)
fmt.Println("before")
gonbui.DisplayHTML("<b>a &amp; b</b>")
gonbui.DisplayHtml("old")
gonbui.DisplayHTMLF("<i>%d</i>", 7)
gonbui.DisplayMarkdown("# m")
gonbui.DisplayPNG([]byte{1, 2})
gonbui.DisplaySVG("<svg/>")
check(gonbui.DisplayImage(image.NewGray(image.Rect(0, 0, 1, 1))))
gonbui.ScriptJavascript("1")
id := gonbui.UniqueID()
gonbui.UpdateHTML(id, "first")
gonbui.UpdateHTML(id, "second")
gonbui.UpdateMarkdown(id, "third")
gonbui.Sync()
src, err := gonbui.EmbedImageAsPNGSrc(image.NewGray(image.Rect(0, 0, 1, 1)))
check(err)
fmt.Println(src[:22], gonbui.IsNotebook, gonbui.Error())
`

func TestGonbuiDisplays(t *testing.T) {
	for _, engine := range []string{"%%yaegi", "%%go"} {
		t.Run(engine, func(t *testing.T) {
			if engine == "%%go" {
				needsCompiler(t)
			}
			r := &record{}
			err := runOne(t, engine+showAll, r)
			if err != nil || r.out() != "before\ndata:image/png;base64, true <nil>\n" {
				t.Fatalf("error %v, printed %q", err, r.out()+r.err())
			}
			want := []struct{ kind, content, text string }{
				{display.MIMEHTML, "<b>a &amp; b</b>", "a & b"}, {display.MIMEHTML, "old", "old"}, {display.MIMEHTML, "<i>7</i>", "7"},
				{display.MIMEMarkdown, "# m", "# m"}, {display.MIMEPNG, "AQI=", "<[image/png]>"}, {display.MIMEHTML, "<div><svg/></div>", ""},
				{display.MIMEPNG, "iVBORw0KGgo", "<[image/png]>"}, {"text/javascript", "1", "<[text/javascript]>"},
				{display.MIMEHTML, "first", "first"}, {display.MIMEHTML, "second", "second"}, {display.MIMEMarkdown, "third", "third"},
			}
			if len(r.displays) != len(want) {
				t.Fatalf("%d displays, want %d: %v", len(r.displays), len(want), r.displays)
			}
			for i, w := range want {
				if b := r.displays[i]; !strings.HasPrefix(fmt.Sprint(b.Data[w.kind]), w.content) || b.Text() != w.text {
					t.Errorf("display %d is %v, want %v", i, b, w)
				}
			}
			first, last := r.displays[8], r.displays[10]
			if first.ID == "" || first.Update || !last.Update || last.ID != first.ID {
				t.Errorf("the display with an id: %+v, %+v", first, last)
			}
		})
	}
}

// runOne runs a cell in a session of its own.
func runOne(t *testing.T, code string, out cell.Output) error {
	t.Helper()
	s, err := cell.New(cell.Options{Symbols: symbols.Tables(), Grace: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Run(context.Background(), code, out)
	if closeErr := s.Close(); closeErr != nil {
		t.Error(closeErr)
	}
	return err
}

// inOrder is an output that notes streams and displays in one text.
type inOrder struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *inOrder) Stream(_, text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.WriteString(text)
}
func (o *inOrder) Display(b display.Bundle) { o.Stream("", "<"+b.Text()+">") }
func (o *inOrder) ClearOutput(bool)         {}

func TestGonbuiDisplaysInOrder(t *testing.T) {
	const code = "\nimport \"github.com/janpfeifer/gonb/gonbui\"\nshow := gonbui.DisplayHTML\nfor i := range 20 {\n\tfmt.Print(i)\n\tgonbui.DisplayHTMLF(\"%d\", i)\n\tshow(\"x\")\n}"
	var want strings.Builder
	for i := range 20 {
		fmt.Fprintf(&want, "%d<%d><x>", i, i)
	}
	for _, engine := range []string{"%%yaegi", "%%go"} {
		if engine == "%%go" {
			needsCompiler(t)
		}
		o := &inOrder{}
		if err := runOne(t, engine+code, o); err != nil || o.text.String() != want.String() {
			t.Errorf("%s: error %v, got %q", engine, err, o.text.String())
		}
	}
}

func TestGonbuiInput(t *testing.T) {
	const ask = `
import "github.com/janpfeifer/gonb/gonbui"
%%
gonbui.RequestInput("Enter:", false)
var x, y int
fmt.Scan(&x)
gonbui.RequestInput("Pin:", true)
fmt.Scan(&y)
fmt.Print(x + y)
`
	for _, engine := range []string{"%%yaegi", "%%go"} {
		if engine == "%%go" {
			needsCompiler(t)
		}
		a := &answering{answers: []string{"40", "2"}}
		if err := runOne(t, engine+ask, a); err != nil || a.out() != "42" || fmt.Sprint(a.prompts) != "[Enter:false Pin:true]" {
			t.Errorf("%s: error %v, printed %q, asked %q", engine, err, a.out()+a.err(), a.prompts)
		}
	}
	a := &answering{answers: []string{"7", "8"}}
	if err := runOne(t, "%with_inputs\nvar x, y int\nfmt.Scan(&x, &y)\nfmt.Print(x, y)", a); err != nil || a.out() != "7 8" {
		t.Errorf("%%with_inputs: error %v, printed %q", err, a.out())
	}
	err := runOne(t, ask, &record{})
	if err == nil || !strings.Contains(err.Error(), "nobody is here to answer") {
		t.Errorf("with nobody to answer: %v", err)
	}
}

func TestWidgetsWithoutABrowser(t *testing.T) {
	for _, code := range []string{
		"%widgets",
		"import \"github.com/janpfeifer/gonb/gonbui/widgets\"\nwidgets.Slider(0, 10, 5).Done()",
		"import \"github.com/janpfeifer/gonb/gonbui/dom\"\ndom.GetInnerHtml(\"x\")",
	} {
		r := &record{}
		if err := runOne(t, code, r); err == nil || !strings.Contains(err.Error(), "run it in JupyterLab") {
			t.Errorf("%q: error %v", code, err)
		}
	}
}
