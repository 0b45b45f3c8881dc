package kernel_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// showcase are cells that show values of many kinds.
var showcase = []string{
	"type Row struct {\n\tModel string\n\tECE, AUROC float64\n\tn int\n}\n[]Row{{\"GRPO\", 0.34, 0.55, 100}, {\"DCPO\", 0.0712345, 0.87, 100}}",
	"map[string]float64{\"accuracy\": 0.57, \"ece\": 0.0712345, \"brier\": 0.19}",
	"[][]float64{{1, 2, 3}, {4, 5, 6.54321}}",
	"import \"errors\"\ndisplay.Value(errors.Join(errors.New(\"open model.safetensors: no such file\"), errors.New(\"second < cause\")))",
	"display.Markdown(\"**Markdown** with $\\\\sum_i r_i$\")\ndisplay.LaTeX(`$$A_i = \\frac{r_i - \\bar r}{\\sigma}$$`)",
	"import (\n\t\"gonum.org/v1/plot\"\n\t\"gonum.org/v1/plot/plotter\"\n)\np := plot.New()\np.Title.Text = \"loss\"\nline, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 3}, {X: 1, Y: 1}, {X: 2, Y: 0.5}})\ncheck(err)\np.Add(line)\np",
	"import (\n\t\"image\"\n\t\"image/color\"\n)\nimg := image.NewRGBA(image.Rect(0, 0, 120, 40))\nfor x := range 120 { for y := range 40 { img.Set(x, y, color.RGBA{uint8(2 * x), uint8(6 * y), 120, 255}) } }\nimg",
	"map[string]any{\"optimizer\": map[string]any{\"name\": \"AdamW\", \"betas\": []float64{0.9, 0.999}, \"note\": \"weights in fp32, moments sharded over the devices of the mesh\"}, \"steps\": 195, \"nothing\": nil, \"done\": make(chan int), \"score\": func(string) float64 { return 0 }}",
	"bar := display.NewProgress(40, \"train\")\nbar.Add(25)",
	"import \"github.com/janpfeifer/gonb/gonbui\"\ngonbui.DisplayHTML(\"<b>gonbui</b>\")\nfmt.Println(\"printed\")",
}

// TestDisplaysInJupyterLab shows values in both themes, for people to look at the
// screenshots; it fails if a cell does or if JupyterLab shows nothing for one.
func TestDisplaysInJupyterLab(t *testing.T) {
	browser, shots := os.Getenv(browserVariable), os.Getenv(screenshotVariable)
	if browser == "" || shots == "" {
		t.Skipf("%s and %s are not set", browserVariable, screenshotVariable)
	}
	j := newJupyter(t)
	work := filepath.Join(j.folder, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(work, "showcase.ipynb")
	notebook(t, path, showcase...)
	url := startLab(t, j, work)
	for _, theme := range []string{"light", "dark"} {
		log, err := j.run(t, 4*time.Minute, filepath.Join("testdata", "runall.py"), browser, url, "showcase.ipynb", filepath.Join(shots, "showcase-"+theme+".png"), theme)
		if err != nil {
			t.Fatalf("%s: %v\n%s", theme, err, log)
		}
		all := printed(t, path)
		for _, want := range []string{"<th>AUROC</th>", "0.07123", "2 × 3", "border-left", "<progress", "<b>gonbui</b>", "printed", "<details>"} {
			if !strings.Contains(all, want) {
				t.Errorf("%s: no %q in %q", theme, want, all)
			}
		}
		if strings.Contains(all, "error: ") {
			t.Errorf("%s: %q", theme, all)
		}
	}
}
