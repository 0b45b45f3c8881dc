package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/evaluation"
)

// sample opens the made-up journal of the package evaluation.
func sample(t *testing.T, name string) *evaluation.Result {
	t.Helper()
	r, err := evaluation.Open(filepath.Join("..", "testdata", "journal"), evaluation.MeasureOptions{Name: name, Bootstrap: calibration.Bootstrap{Resamples: 40}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readText(t *testing.T, parts ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path, err := Write(dir, []*evaluation.Result{sample(t, "")}, Options{Program: "(test)"})
	if err != nil {
		t.Fatal(err)
	}
	html, md := readText(t, path), readText(t, dir, "report.md")
	for _, name := range []string{"figs/lab/tiny-1/15_calibration_verbal_MATH-500.pdf", "figs/lab/tiny-1/15_calibration_logits_AIME24.pdf", "figs/lab/tiny-1/15_calibration_verbal_all.pdf",
		"figs/lab/tiny-1/risk_coverage.svg", "figs/lab/tiny-1/token_probability.svg", "logs/lab/tiny-1/MATH-500_Main_verbal.log", "logs/lab/tiny-1/AIME24_Main_logits.log"} {
		if info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, want := range []string{"Evaluation of lab/tiny-1", "incomplete: 1 missing", "12 of its 500 problems; made-up problems", "paper: DCPO, verbal", "90.2", "PCE|c", "vote share",
		"temperature, cross-fitted", "isotonic, cross-fitted", "base rate", "answer probability", "have no verbal confidence"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
		if !strings.Contains(md, strings.NewReplacer("|", `\|`).Replace(want)) {
			t.Errorf("the Markdown lacks %q", want)
		}
	}
	if !regexp.MustCompile(`Mean Accuracy: 0\.\d{4}\nExpected Calibration Error \(ECE\): 0\.\d{4}\nBrier Score`).MatchString(readText(t, dir, "logs/lab/tiny-1/MATH-500_Main_verbal.log")) {
		t.Error("the log does not begin as the reference's")
	}
}

// TestHostileTexts: what a model or a data set says is text on the page, and nothing on it comes from elsewhere.
func TestHostileTexts(t *testing.T) {
	dir := t.TempDir()
	path, err := Write(dir, []*evaluation.Result{sample(t, "<b>&|`x`")}, Options{Worst: 100})
	if err != nil {
		t.Fatal(err)
	}
	html, md := readText(t, path), readText(t, dir, "report.md")
	for _, bad := range []string{"<script", "<b>", "</pre><script"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	if !strings.Contains(html, "&lt;script&gt;alert(&#39;question&#39;)&lt;/script&gt;") {
		t.Error("the question is not shown as text")
	}
	for _, m := range regexp.MustCompile(`(?:src|href|url)\s*[=(]\s*"?([^"#\s)]{1,20})`).FindAllStringSubmatch(html, -1) {
		if !strings.HasPrefix(m[1], "data:image/svg") {
			t.Errorf("the page refers to %s", m[1])
		}
	}
	outside := regexp.MustCompile("(?s)````*text\n.*?\n````*\n").ReplaceAllString(md, "")
	if strings.Contains(outside, "<script") || strings.Contains(outside, "![x]") || !strings.Contains(md, "````text\n</pre><script>alert('answer')</script>\n```\n") {
		t.Error("a text stands in the Markdown as if it were a part of it")
	}
}

func TestSeveral(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(dir, []*evaluation.Result{sample(t, "GRPO"), sample(t, "DCPO")}, Options{ReferenceLook: true}); err != nil {
		t.Fatal(err)
	}
	md := readText(t, dir, "report.md")
	for _, want := range []string{"Evaluation of GRPO and DCPO", "MATH-500: DCPO, verbal against GRPO, verbal", "Paired bootstrap over 12 problems", "figs/measures.svg"} {
		if !strings.Contains(md, want) {
			t.Errorf("the Markdown lacks %q", want)
		}
	}
	for _, name := range []string{"figs/GRPO/15_calibration_verbal_MATH-500.pdf", "figs/DCPO/15_calibration_verbal_MATH-500.pdf", "logs/DCPO/AIME24_Main_verbal.log"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Error(err)
		}
	}
	var data struct {
		Results []struct {
			Name    string
			Methods []struct {
				Confidence string
				Sets       []struct {
					Benchmark string
					Counts    map[string]int
					Rows      []struct {
						Name     string
						Measures calibration.Summary
					}
				}
			}
		}
		Comparisons []struct {
			Problems    int
			Differences []map[string]any
		}
	}
	if err := json.Unmarshal([]byte(readText(t, dir, "results.json")), &data); err != nil {
		t.Fatal(err)
	}
	first := data.Results[1].Methods[0].Sets[0]
	if data.Results[1].Name != "DCPO" || first.Benchmark != "math500" || first.Counts["answers"] != 48 || first.Rows[0].Measures.N != 48 || first.Rows[0].Measures.Intervals == nil {
		t.Errorf("results.json has %+v", first)
	}
	if len(data.Comparisons) != 6 || data.Comparisons[0].Problems != 12 || len(data.Comparisons[0].Differences) < 20 {
		t.Errorf("results.json has %d comparisons", len(data.Comparisons))
	}
}

// TestOverall: ours is the mean of the benchmarks' figures.
func TestOverall(t *testing.T) {
	r := sample(t, "")
	tb := mainTable([]*evaluation.Result{r})
	if len(tb.Groups) != 4 || tb.Groups[3].Title != "Overall" || len(tb.Rows) != 2+10 {
		t.Fatalf("groups %v, %d rows", tb.Groups, len(tb.Rows))
	}
	sets := r.Methods[0].Sets
	want := calibration.Format((sets[0].Summary().ECE+sets[1].Summary().ECE)/2) + "†"
	if missing := (sets[0].Summary().ShareMissing + sets[1].Summary().ShareMissing) / 2; missing < manyMissing {
		t.Fatalf("the sample has %v without confidence, too few for the mark that is tested", missing)
	}
	if got := tb.Rows[0].Cells[1+2*5+1].Text; got != want {
		t.Errorf("overall ECE %s, want %s", got, want)
	}
}

func TestPlain(t *testing.T) {
	if got, want := plain("a|b\n*c* <d> & [e](f) $g$"), `a\|b \*c\* \<d\> &amp; \[e\](f) \$g\$`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
