package track

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func TestWandBLogReadsWhatItWrote(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var want [][]byte
	file := bytes.Clone(wandbHeader)
	add := func(n int) {
		record := make([]byte, n)
		for i := range record {
			record[i] = byte(random.Uint32())
		}
		want = append(want, record)
		file = appendWandBRecord(file, int64(len(file)), record)
	}
	add(3)
	for left := 0; left < 20; left++ { // records that end so many bytes before the end of a block
		room := wandbBlock - len(file)%wandbBlock
		if room <= left+wandbChunkHead {
			add(wandbBlock)
			room = wandbBlock - len(file)%wandbBlock
		}
		add(room - wandbChunkHead - left)
		if got := wandbBlock - len(file)%wandbBlock; got%wandbBlock != left {
			t.Fatalf("%d bytes are left of the block, want %d", got, left)
		}
		add(1 + left)
	}
	add(3*wandbBlock + 11)
	var got [][]byte
	if err := readWandB(file, func(record []byte, _ int) bool { got = append(got, bytes.Clone(record)); return true }); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%d records were read, %d written, or they differ", len(got), len(want))
	}
}

// appendWandBRecord is given an offset and an empty slice by the sink, the whole file above.
func TestWandBRecordAtAnOffset(t *testing.T) {
	for _, at := range []int{7, wandbBlock - 3, wandbBlock - 7, 5 * wandbBlock} {
		record := make([]byte, 40000)
		if got, want := appendWandBRecord(nil, int64(at), record), appendWandBRecord(make([]byte, at), int64(at), record)[at:]; !bytes.Equal(got, want) {
			t.Errorf("at %d the record differs", at)
		}
	}
}

// wandbRows are the rows of a file as text, without times, and whether the run is ended.
func wandbRows(t *testing.T, file string) (rows []string, ended bool) {
	t.Helper()
	last := 0
	err := readWandB([]byte(read(t, file)), func(record []byte, _ int) bool {
		num, _, step := readRecord(record)
		if num != last+1 {
			t.Errorf("record %d after record %d", num, last)
		}
		last = num
		if num == 1 && wandbKind(record) != recordHeader {
			t.Error("the first record is not a header")
		}
		fields(record, func(field protowire.Number, _ uint64, value []byte) {
			switch field {
			case recordHistory:
				rows = append(rows, fmt.Sprintf("%d:%s", step, wandbItemsText(value)))
			case recordExit:
				ended = true
			}
		})
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows, ended
}

// wandbKind is the field that a record has beside its number.
func wandbKind(record []byte) (kind protowire.Number) {
	fields(record, func(field protowire.Number, _ uint64, _ []byte) { kind = field })
	return kind
}

func wandbItemsText(history []byte) string {
	var text strings.Builder
	fields(history, func(field protowire.Number, _ uint64, item []byte) {
		if field != historyItem {
			return
		}
		key, value := "", ""
		fields(item, func(field protowire.Number, _ uint64, v []byte) {
			if field == itemKey {
				key = string(v)
			} else {
				value = string(v)
			}
		})
		if key != "_timestamp" && key != "_runtime" {
			fmt.Fprintf(&text, " %s=%s", key, value)
		}
	})
	return text.String()
}

// offline writes a run and returns its file.
func offline(t *testing.T, dir string, after int, steps ...int) string {
	t.Helper()
	s, err := OpenWandB(dir, after, WandBOptions{Project: "calibration", Name: "first"})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Params(map[string]string{"train.seed": "7", "train.method": "dcpo", "output.save": "true", "data.dir": ""})
	for _, step := range steps {
		err = errors.Join(err, s.Scalars(step, map[string]float64{"loss": 1 / float64(step), "loss/kl": 3}))
		err = errors.Join(err, s.Samples(step, []Sample{{Problem: fmt.Sprint("p", step)}}), s.Scalars(step, map[string]float64{"eval/ece": 0.25}), s.Flush())
	}
	if err = errors.Join(err, s.Close(nil)); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "wandb", "offline-run-*", "run-*.wandb"))
	if len(files) != 1 {
		t.Fatalf("the folder holds the runs %v, want one", files)
	}
	return files[0]
}

func TestWandBRun(t *testing.T) {
	dir := t.TempDir()
	file := offline(t, dir, Fresh, 1, 2, 4)
	rows, ended := wandbRows(t, file)
	if len(rows) != 3 || !strings.HasPrefix(rows[1], "2: _step=2 eval/ece=0.25 loss=0.5 loss/kl=3 samples={") || !ended {
		t.Errorf("ended %v, rows\n%s", ended, strings.Join(rows, "\n"))
	}
	pages, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "files", "media", "html", "samples_*.html"))
	if len(pages) != 3 || !strings.Contains(read(t, pages[0]), "p1") {
		t.Errorf("pages %v", pages)
	}
}

// TestWandBGoesOn kills the writer at many places of the file and goes on after each step that may have been reached.
func TestWandBGoesOn(t *testing.T) {
	whole := offline(t, t.TempDir(), Fresh, 1, 2, 3)
	want, _ := wandbRows(t, whole)
	content := read(t, whole)
	for cut := 0; cut <= len(content); cut += 37 {
		name := filepath.Join("wandb", filepath.Base(filepath.Dir(whole)), filepath.Base(whole))
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content[:cut]), 0o644); err != nil {
			t.Fatal(err)
		}
		made := 0
		if cut >= len(wandbHeader) {
			there, _ := wandbRows(t, filepath.Join(dir, name))
			made = len(there)
		}
		after := max(0, made-cut%2)
		got, ended := wandbRows(t, offline(t, dir, after, []int{1, 2, 3}[after:]...))
		if !reflect.DeepEqual(got, want) || !ended {
			t.Fatalf("killed at byte %d, resumed after step %d: ended %v, rows\n%s\nwant\n%s", cut, after, ended, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestJSONValue(t *testing.T) {
	for in, want := range map[string]string{"1": "1", "-2.5e-6": "-2.5e-6", "true": "true", "": `""`, "inf": `"inf"`, "0x1": `"0x1"`, "null": `"null"`, `a"b`: `"a\"b"`, "[1]": `"[1]"`} {
		if got := jsonValue(in); got != want {
			t.Errorf("%q becomes %s, want %s", in, got, want)
		}
	}
}

func FuzzReadWandB(f *testing.F) {
	f.Add(appendWandBRecord(bytes.Clone(wandbHeader), 7, []byte("abc")))
	f.Add([]byte(":W&B\xe1\xbe\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		end := 0
		_ = readWandB(file, func(record []byte, behind int) bool {
			if behind <= end || behind > len(file) {
				t.Fatalf("a record ends at %d after %d of %d", behind, end, len(file))
			}
			end = behind
			readRecord(record)
			return true
		})
	})
}

// TestWandBClientReadsIt reads a run with the client's own classes.
func TestWandBClientReadsIt(t *testing.T) {
	file := offline(t, t.TempDir(), Fresh, 1, 2)
	raw := python(t, `
import json, struct, sys, zlib
from wandb.proto import wandb_internal_pb2 as pb
def records(path):
    try:
        from wandb.sdk.internal import datastore  # clients before 0.20 or so
        import wandb; wandb._assert_is_internal_process = True
        d = datastore.DataStore(); d.open_for_scan(path)
        while (r := d.scan_data()) is not None: yield r
        return
    except ImportError: pass
    d = open(path, "rb").read(); assert d[:7] == struct.pack("<4sHB", b":W&B", 0xBEE1, 0)
    i, r = 7, b""
    while i < len(d):
        if (left := 32768 - i % 32768) < 7: i += left; continue
        crc, n, kind = struct.unpack("<IHB", d[i:i + 7]); x = d[i + 7:i + 7 + n]; i += 7 + n
        assert zlib.crc32(bytes([kind]) + x) == crc
        r += x
        if kind in (1, 4): yield r; r = b""
out = []
for raw in records(sys.argv[1]):
    r = pb.Record(); r.ParseFromString(raw); kind = r.WhichOneof("record_type"); m = getattr(r, kind)
    items = lambda l: {i.key: json.loads(i.value_json) for i in l}
    out.append([kind, {"run": lambda: [m.project, m.display_name, items(m.config.update)], "history": lambda: [m.step.num, items(m.item)],
      "summary": lambda: items(m.update), "exit": lambda: m.exit_code, "files": lambda: m.files[0].path, "header": lambda: m.version_info.producer}[kind]()])
print(json.dumps(out))
`, []string{file}, "wandb")
	var got [][2]any
	if err := json.Unmarshal([]byte(raw), &got); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, r := range got {
		kinds = append(kinds, fmt.Sprint(r[0]))
	}
	if want := "header run files history files history summary exit"; strings.Join(kinds, " ") != want {
		t.Errorf("records %v, want %s", kinds, want)
	}
	if want := []any{"calibration", "first", map[string]any{"train.seed": 7., "train.method": "dcpo", "output.save": true, "data.dir": ""}}; !reflect.DeepEqual(got[1][1], want) {
		t.Errorf("run %v, want %v", got[1][1], want)
	}
	row := got[5][1].([]any)
	if values := row[1].(map[string]any); row[0] != 2. || values["loss"] != 0.5 || values["_step"] != 2. || values["samples"].(map[string]any)["_type"] != "html-file" {
		t.Errorf("second row %v", row)
	}
	if got[7][1] != 0. {
		t.Errorf("exit code %v", got[7][1])
	}
}
