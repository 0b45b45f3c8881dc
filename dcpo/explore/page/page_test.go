package page

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// hostile texts would break out of a page, or of its direction, if they could.
var hostile = []string{
	`</script><script>document.title = "owned"</script>`, `"><img src=x onerror="document.title='owned'">`, `<!--`, `-->`, `]]>`, `</title>`, `</style>`, `</textarea>`,
	"\x00\x01\x1b[31m", "\u202eevil\u202c", "\u2028\u2029", "שלום عليكم", "\xff\xfe\xe4\xbd", "{{.}}", "javascript:alert(1)", "&lt;b&gt; &amp;", `\u003cscript\u003e`, "${x}`",
	`--x:url(http://example.invalid/)`,
}

func hostileDocument() Document {
	var d Document
	for _, text := range hostile {
		d.Title += text
		d.Answers = append(d.Answers, Answer{Title: text, Question: text, Facts: [][2]string{{text, text}}, Notes: []string{text}, About: text,
			Colours: []Colour{{"logprob", text, text}},
			Columns: []Column{{text, []Token{
				{Text: text, Span: true, Opens: true, Closes: true, Shades: map[string]float64{"logprob": math.NaN()}, Lines: []string{text}, Others: []Other{{text, 0.5, true}}},
				{Text: "", ID: 7},
			}}},
			Charts: []Chart{{Name: text, Text: text, Shares: []float64{0.5, 0, 0.5}, Mean: 0.5, Sampled: math.NaN(), Summary: text}}})
	}
	return d
}

func TestHostileText(t *testing.T) {
	document, err := hostileDocument().HTML()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(regexp.MustCompile(`(?i)<script`).FindAllString(document, -1)); n != len(hostile)+1 {
		t.Errorf("%d scripts, want one an answer and one of the page", n)
	}
	for _, no := range []string{"<img", "<b>owned", "\x00", "\x1b", "\u202e", "\u2028", "ZgotmplZ", "<!--<"} {
		if strings.Contains(document, no) {
			t.Errorf("the page holds %q", no)
		}
	}
	// Nothing is asked of any other place: no address is in a tag or a style, and the policy allows none.
	quoted := regexp.MustCompile(`"[^"]*"`)
	for _, tag := range regexp.MustCompile(`<[a-zA-Z][^>]*>`).FindAllString(document, -1) {
		if regexp.MustCompile(`(?i)\s(src|href|action|data|poster|srcset|on[a-z]+)\s*=`).MatchString(quoted.ReplaceAllString(tag, `""`)) {
			t.Errorf("a tag asks for something or runs something: %s", tag)
		}
	}
	if regexp.MustCompile(`(?i)url\(|@import`).MatchString(style) || !strings.Contains(document, `content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"`) {
		t.Error("the style asks for something, or the policy is missing")
	}
	frame := Frame(document, 100)
	if strings.Count(frame, "<") != 2 || strings.Count(frame, "\"") != 8 {
		t.Errorf("the frame is not closed: %.200s", frame)
	}
}

// TestInABrowser opens the page where there is a browser: its script runs to the end, and nothing of the texts does.
func TestInABrowser(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("there is no chromium")
	}
	if testing.Short() {
		t.Skip("starting a browser is slow")
	}
	path := filepath.Join(t.TempDir(), "page.html")
	document, err := hostileDocument().HTML()
	if err != nil {
		t.Fatal(err)
	}
	// What a reader does: point at the first token of the second answer, and step on.
	act := `<script>const ts = document.querySelectorAll("#answer-1 .t"); document.querySelectorAll("nav button")[1].click(); ts[0].focus();
ts[0].dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
document.body.dataset.seen = document.activeElement === ts[1] && !document.getElementById("tip").hidden && document.getElementById("tip").textContent.includes("#7");</script>`
	if err := os.WriteFile(path, []byte(strings.Replace(document, "</body>", act+"</body>", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(), "--dump-dom", "file://"+path).Output()
	if err != nil {
		t.Skipf("chromium does not run here: %v", err)
	}
	dom := string(out)
	if !strings.Contains(dom, `data-seen="true"`) {
		t.Error("the arrow key did not lead to the next token and its details")
	}
	if n := strings.Count(dom, "<article"); n != len(hostile) {
		t.Errorf("%d answers, want %d", n, len(hostile))
	}
	if n := len(regexp.MustCompile(`<article[^>]* hidden`).FindAllString(dom, -1)); n != len(hostile)-1 {
		t.Errorf("%d answers are hidden, want all but one", n)
	}
	if strings.Contains(dom, "<title>owned") {
		t.Error("a text ran as a script")
	}
}

func TestRuns(t *testing.T) {
	for text, want := range map[string]string{
		"abc": "abc", "a\nb": "a⏎b", "\x00": "⟨NUL⟩", "\xe4\xbd": "⟨E4⟩⟨BD⟩", "你": "你", "\u202e": "⟨RLO⟩", "\U000e0001": "⟨U+E0001⟩", "\ufffd": "\ufffd", "": "", "a b": "a b",
		"\u00a0\u200b": "⟨NBSP⟩⟨ZWSP⟩", "\u0301": "\u0301",
	} {
		if got := Plain(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
	if runs := Runs("a\nb"); len(runs) != 3 || !runs[1].Line || runs[0].Mark {
		t.Errorf("%+v", runs)
	}
}

func TestBars(t *testing.T) {
	got := bars(Chart{Shares: []float64{0.2, 0, 0.8}, Sampled: 1})
	if len(got) != 2 || got[0].Sampled || !got[1].Sampled || got[1].Height != "90.0" || got[0].Height != "22.5" || got[1].Title != "1: 80.00 %" {
		t.Errorf("%+v", got)
	}
	if bars(Chart{}) != nil || bars(Chart{Shares: []float64{0, 0}}) != nil {
		t.Error("bars of nothing")
	}
	if got := likeliest(Chart{Shares: []float64{0.2, 0, 0.8}}, 5); got != "1 (80.0 %), 0 (20.0 %)" {
		t.Error(got)
	}
}
