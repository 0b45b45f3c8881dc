package probe

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProbabilities(t *testing.T) {
	c := &Classifier{Mean: []float64{1, 0}, Scale: []float64{2, 1}, Weights: []float64{1, -1}, Intercept: .5}
	nan := float32(math.NaN())
	got := c.Probabilities(Features{2, []float32{3, 0, 1, .5, nan, 0, 0, float32(math.Inf(1))}})
	if math.Abs(got[0]-sigmoid(1.5)) > 1e-15 || got[1] != .5 || !math.IsNaN(got[2]) || !math.IsNaN(got[3]) {
		t.Errorf("%v", got)
	}
	if c.Probabilities(Features{}) != nil {
		t.Error("no rows have probabilities")
	}
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "6 values in rows of width 3, for a classifier of width 2") {
			t.Errorf("panic %v", r)
		}
	}()
	c.Probabilities(Features{3, make([]float32, 6)})
}

func TestSaveLoad(t *testing.T) {
	x, correct, problems := noisy(rand.New(rand.NewPCG(5, 1)), 60, 4)
	c, err := Fit(context.Background(), x, correct, problems, Options{Folds: 3})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "probe.json")
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c, back); diff != "" {
		t.Errorf("(-saved +loaded):\n%s", diff)
	}
	for text, want := range map[string]string{
		`{"mean":[0],"scale":[1],"weights":[1,2]}`: "2 weights, 1 means and 1 scales", `{}`: "0 weights",
		`{"mean":[0],"scale":[0],"weights":[1]}`: "scale 0 is 0", `[`: "unexpected end",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := Load(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := c.Save(filepath.Join(path, "in a file")); err == nil {
		t.Error("saved inside a file")
	}
}

func TestJoin(t *testing.T) {
	f, err := Join([][]float32{{1, 2}, {3, 4}})
	if err != nil || f.Hidden != 2 || f.Rows() != 2 || f.row(1)[0] != 3 {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := Join([][]float32{{1, 2}, {3}}); err == nil || !strings.Contains(err.Error(), "row 1 has 1 values, but row 0 has 2") {
		t.Error(err)
	}
	if f, err := Join(nil); err != nil || f.Rows() != 0 {
		t.Errorf("%+v, %v", f, err)
	}
}
