package track

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func TestMaskedCRC(t *testing.T) {
	// CRC-32C of "123456789" is 0xe3069283, the check value of the algorithm; the masked value was worked out apart.
	if got, want := maskedCRC([]byte("123456789")), uint32(0xc78ab0e5); got != want {
		t.Errorf("masked checksum %#x, want %#x", got, want)
	}
}

// readEvents reads an event file: a line for each event, its step and what it says.
func readEvents(t *testing.T, path string) []string {
	t.Helper()
	raw := []byte(read(t, path))
	var out []string
	for len(raw) > 0 {
		n := binary.LittleEndian.Uint64(raw)
		data := raw[12 : 12+n]
		if maskedCRC(raw[:8]) != binary.LittleEndian.Uint32(raw[8:]) || maskedCRC(data) != binary.LittleEndian.Uint32(raw[12+n:]) {
			t.Fatalf("%s: a checksum is wrong", path)
		}
		raw = raw[16+n:]
		out = append(out, readEvent(t, data))
	}
	return out
}

func readEvent(t *testing.T, data []byte) string {
	if field, kind, n := protowire.ConsumeTag(data); field != eventWallTime || kind != protowire.Fixed64Type {
		t.Fatalf("an event begins with field %d", field)
	} else if v, _ := protowire.ConsumeFixed64(data[n:]); math.Float64frombits(v) < 1.7e9 {
		t.Fatalf("an event is of the time %v", math.Float64frombits(v))
	}
	step, says := uint64(0), ""
	fields(data, func(field protowire.Number, v uint64, value []byte) {
		switch field {
		case eventStep:
			step = v
		case eventFileVersion:
			says += " version " + string(value)
		case eventSessionLog:
			says += fmt.Sprintf(" session %v", value)
		case eventSummary:
			fields(value, func(_ protowire.Number, _ uint64, value []byte) { says += " " + readValue(value) })
		}
	})
	return fmt.Sprintf("%d:%s", step, says)
}

func readValue(value []byte) string {
	says := ""
	for rest := value; len(rest) > 0; { // fields skips 32-bit ones
		field, kind, n := protowire.ConsumeTag(rest)
		if kind == protowire.Fixed32Type {
			v, _ := protowire.ConsumeFixed32(rest[n:])
			says = fmt.Sprintf("=%v", math.Float32frombits(v))
		}
		rest = rest[n+protowire.ConsumeFieldValue(field, kind, rest[n:]):]
	}
	tag := ""
	fields(value, func(field protowire.Number, _ uint64, v []byte) {
		switch field {
		case valueTag:
			tag = string(v)
		case valueTensor:
			says = " text"
		}
	})
	return tag + says
}

// board writes steps and returns the event file that was added.
func board(t *testing.T, dir string, after int, steps ...int) string {
	t.Helper()
	s, err := OpenTensorBoard(dir, after)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Params(map[string]string{"method": "dcpo", "a|b": "x\ny"}); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if err := s.Scalars(step, map[string]float64{"loss": float64(step) / 2, "loss/kl": float64(100*after + step), "auroc": math.NaN()}); err != nil {
			t.Fatal(err)
		}
		if err := s.Samples(step, []Sample{{Problem: fmt.Sprint("p", step), Response: "a|b *c* <d>"}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(nil); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "tensorboard", eventsPrefix+"*"))
	return files[len(files)-1]
}

func TestTensorBoardEvents(t *testing.T) {
	dir := t.TempDir()
	got := readEvents(t, board(t, dir, Fresh, 1, 2))
	want := []string{"0: version brain.Event:2", "0: session [8 1]", "0: params text",
		"1: loss=0.5 loss/kl=-99", "1: samples text", "2: loss=1 loss/kl=-98", "2: samples text"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	got = readEvents(t, board(t, dir, 1, 2))
	want = []string{"0: version brain.Event:2", "2: session [8 1]", "2: loss=1 loss/kl=102", "2: samples text"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("resumed, events\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if files, _ := os.ReadDir(filepath.Join(dir, "tensorboard")); len(files) != 2 {
		t.Errorf("%d files, want 2", len(files))
	}
}

func TestMarkdownShowsTextAsItIs(t *testing.T) {
	got := paramsMarkdown(map[string]string{"b": "x\ny", "a|": "<i> *1* \\(2\\)"})
	want := "| key | value |\n|---|---|\n| a&#124; | &#60;i&#62; &#42;1&#42; &#92;&#40;2&#92;&#41; |\n| b | x<br>y |\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestTensorBoardReadsIt lets TensorBoard itself read a run that was killed in the middle of an event of step 4 and resumed after
// step 2.
func TestTensorBoardReadsIt(t *testing.T) {
	dir := t.TempDir()
	first := board(t, dir, Fresh, 1, 2, 3, 4)
	whole := read(t, first)
	if err := os.WriteFile(first, []byte(whole[:len(whole)-9]), 0o644); err != nil {
		t.Fatal(err)
	}
	board(t, dir, 2, 3, 4, 5)
	raw := python(t, `
import json, sys
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.util import tensor_util
from tensorboard.plugin_util import markdown_to_safe_html
a = EventAccumulator(sys.argv[1], size_guidance={"tensors": 0}); a.Reload()
text = lambda tag: [(e.step, markdown_to_safe_html(tensor_util.make_ndarray(e.tensor_proto).item())) for e in a.Tensors(tag)]
print(json.dumps({"kl": [(e.step, tensor_util.make_ndarray(e.tensor_proto).item()) for e in a.Tensors("loss/kl")],
  "params": text("params"), "samples": [s for s, t in text("samples")], "sample": text("samples")[0][1],
  "plugins": {t: a.SummaryMetadata(t).plugin_data.plugin_name for t in a.Tags()["tensors"]}}))
`, []string{filepath.Join(dir, "tensorboard")}, "tensorboard")
	var got struct {
		KL      [][2]float64
		Params  [][2]any
		Samples []int
		Sample  string
		Plugins map[string]string
	}
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatal(err)
	}
	if want := [][2]float64{{1, -99}, {2, -98}, {3, 203}, {4, 204}, {5, 205}}; !reflect.DeepEqual(got.KL, want) {
		t.Errorf("loss/kl is %v, want %v", got.KL, want)
	}
	if want := map[string]string{"loss": "scalars", "loss/kl": "scalars", "params": "text", "samples": "text"}; !reflect.DeepEqual(got.Plugins, want) {
		t.Errorf("tags by plug-in %v, want %v", got.Plugins, want)
	}
	if want := []int{1, 2, 3, 4, 5}; !reflect.DeepEqual(got.Samples, want) {
		t.Errorf("samples of steps %v, want %v", got.Samples, want)
	}
	if len(got.Params) != 1 || !strings.Contains(fmt.Sprint(got.Params[0][1]), "<table>") || !strings.Contains(fmt.Sprint(got.Params[0][1]), "x<br>y") {
		t.Errorf("params %v", got.Params)
	}
	if !strings.Contains(html.UnescapeString(got.Sample), "<td>a|b *c* <d></td>") || strings.Contains(got.Sample, "<d>") {
		t.Errorf("a sample reads\n%s", got.Sample)
	}
}
