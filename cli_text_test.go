package main

import (
	"bufio"
	"context"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/plugin"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// shared names a file of the material beside the project, or skips.
func shared(t *testing.T, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "shared"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is absent", path)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// withDevices prepares a command that opens devices, or skips where this machine has no plug-in.
func withDevices(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	found, err := plugin.Find(context.Background(), plugin.Options{Device: plugin.CPU, Offline: true})
	if err != nil {
		t.Skipf("no PJRT plug-in: %v", err)
	}
	path, err := filepath.Abs(found.Path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := command(t, args...)
	cmd.Env = append(cmd.Env, plugin.EnvPath+"="+path)
	return cmd
}

// answers runs a command on lines of input and decodes its lines of output.
func answers(t *testing.T, cmd *exec.Cmd, lines ...string) (status int, out []map[string]any, stderr string) {
	t.Helper()
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n"))
	status, stdout, stderr := execute(t, cmd)
	for scan := bufio.NewScanner(strings.NewReader(stdout)); scan.Scan(); {
		var answer map[string]any
		if err := json.Unmarshal(scan.Bytes(), &answer); err != nil {
			t.Fatalf("%v in %q", err, scan.Text())
		}
		out = append(out, answer)
	}
	return status, out, stderr
}

func TestTokenizeFixtures(t *testing.T) {
	model := shared(t, "tokenizers", "qwen3")
	for _, name := range []string{"public.jsonl", "chat_public.jsonl"} {
		raw, err := os.ReadFile(shared(t, "fixtures", "tokenizer", name))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		var want []map[string]any
		for _, text := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
			var row map[string]any
			if err := json.Unmarshal([]byte(text), &row); err != nil {
				t.Fatal(err)
			}
			row["id"] = float64(len(want))
			in := map[string]json.RawMessage{}
			if err := json.Unmarshal([]byte(text), &in); err != nil { // keys of tools keep their order
				t.Fatal(err)
			}
			in["id"], _ = json.Marshal(len(want))
			delete(in, "ids")
			delete(in, "offsets")
			delete(in, "decoded")
			if in["messages"] != nil {
				delete(in, "text")
			}
			line, err := json.Marshal(in)
			if err != nil {
				t.Fatal(err)
			}
			lines, want = append(lines, string(line)), append(want, row)
		}
		status, got, stderr := answers(t, command(t, "tokenize", "--model", model, "--quiet"), lines...)
		if status != exitOK || stderr != "" || len(got) != len(want) {
			t.Fatalf("%s: status %d, %d of %d answers, %s", name, status, len(got), len(want), stderr)
		}
		for i, g := range got {
			for _, key := range []string{"id", "ids", "offsets", "text"} {
				if want[i][key] != nil && !reflect.DeepEqual(g[key], want[i][key]) {
					t.Errorf("%s, line %d, %s:\n got %.300v\nwant %.300v", name, i+1, key, g[key], want[i][key])
				}
			}
		}
	}
}

func TestTokenizeBadLines(t *testing.T) {
	status, got, stderr := answers(t, command(t, "tokenize", "--model", shared(t, "tokenizers", "qwen3")),
		`{"id":"a","text":""}`, `{"id":"b","text":7}`, `{"id":"c"}`, `{"id":"d","messages":[{"content":"x"}]}`, `{"id":"e","messages":[]}`, `{"id":"f","text":"x"}`)
	wants := []string{"", "line 2: field \"text\": expected a string, found 7", "line 3: expected a field", "line 4: field \"messages\": message: field role is missing",
		"line 5: field \"messages\" is empty", ""}
	if status != exitFailed || len(got) != len(wants) {
		t.Fatalf("status %d, %d answers, %s", status, len(got), stderr)
	}
	for i, want := range wants {
		fault, _ := got[i]["error"].(string)
		if got[i]["id"] != string(rune('a'+i)) || !strings.HasPrefix(fault, want) || want == "" && fault != "" {
			t.Errorf("line %d: %v, want error %q", i+1, got[i], want)
		}
	}
	if ids, ok := got[0]["ids"].([]any); !ok || len(ids) != 0 {
		t.Errorf("the empty text has ids %v, want []", got[0]["ids"])
	}
	if !strings.Contains(stderr, "4 of 6 lines could not be answered") {
		t.Errorf("stderr %q", stderr)
	}
}

// Log-probs equal those of transformers, whatever the lines beside them; a model without a tokenizer scores ids.
func TestScoreFixtures(t *testing.T) {
	for _, name := range []string{"qwen3_tiny", "qwen2_tiny"} {
		model := shared(t, "fixtures", "models", name)
		raw, err := os.ReadFile(filepath.Join(model, "oracle.json"))
		if err != nil {
			t.Fatal(err)
		}
		var oracle struct {
			IDs [][]int32 `json:"ids"`
		}
		if err := json.Unmarshal(raw, &oracle); err != nil {
			t.Fatal(err)
		}
		tensors, err := safetensors.Open(filepath.Join(model, "oracle.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		defer tensors.Close()
		want, err := tensors.Float32("logprobs_right") // [3, 39]
		if err != nil {
			t.Fatal(err)
		}
		lines := []string{`{"id":9,"ids":[7]}`, `{"id":8,"text":"x"}`, `{"id":7,"ids":[1,512]}`}
		for _, ids := range oracle.IDs {
			text, _ := json.Marshal(map[string]any{"id": ids[:1], "ids": ids})
			lines = append(lines, string(text))
		}
		status, got, stderr := answers(t, withDevices(t, "score", "--model", model, "--dtype", "float32", "--quiet"), lines...)
		if status != exitFailed || len(got) != len(lines) {
			t.Fatalf("%s: status %d, %d answers, %s", name, status, len(got), stderr)
		}
		if !reflect.DeepEqual(got[0], map[string]any{"id": 9.0, "ids": []any{7.0}, "logprobs": []any{nil}}) {
			t.Errorf("%s: one token gives %v", name, got[0])
		}
		if fault, _ := got[1]["error"].(string); !strings.HasPrefix(fault, "line 2: the model directory holds no tokenizer.json") {
			t.Errorf("%s: text without a tokenizer: %v", name, got[1])
		}
		if fault, _ := got[2]["error"].(string); !strings.HasPrefix(fault, "line 3: token 1 is 512") {
			t.Errorf("%s: a token outside the vocabulary: %v", name, got[2])
		}
		for i, ids := range oracle.IDs {
			values := got[3+i]["logprobs"].([]any)
			if len(values) != len(ids) || values[0] != nil {
				t.Fatalf("%s, sequence %d: %d log-probs, the first %v", name, i, len(values), values[0])
			}
			for k := 1; k < len(ids); k++ {
				if x := values[k].(float64); math.Abs(x-float64(want[i*39+k-1])) > 5e-5 {
					t.Fatalf("%s, sequence %d: log-prob %d is %g, want %g", name, i, k, x, want[i*39+k-1])
				}
			}
		}
	}
}

func TestPassLength(t *testing.T) {
	for n, want := range map[int]int{1: 32, 2: 32, 32: 32, 33: 64, 64: 64, 65: 128, 4096: 4096, 4097: 8192} {
		if got := passLength(n); got != want {
			t.Errorf("%d tokens: got %d, want %d", n, got, want)
		}
	}
}

func TestLineCommandsWrongUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"tokenize", "--model is missing"},
		{"score", "--model is missing"},
		{"score --model x --dtype float16", `--dtype "float16": expected float32 or bfloat16`},
		{"score --model x --devices -1", "--devices -1"},
		{"score --model x --batch-tokens 0", "--batch-tokens 0"},
		{"generate", "--model is missing"},
		{"generate --model x extra", "extra"},
		{"generate --model x --max-tokens -3", "--max-tokens -3"},
		{"generate --model x --temperature warm", "temperature"},
		{"serve", "--model is missing"},
		{"serve --model x --port 70000", "--port"},
	} {
		status, stdout, stderr := godcpo(t, strings.Fields(c.args)...)
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: status %d, stdout %q, stderr %q, want %q", c.args, status, stdout, stderr, c.want)
		}
	}
	for _, command := range []string{"tokenize", "score", "generate", "serve"} {
		status, stdout, stderr := godcpo(t, command, "--model", "no/such/model")
		if status != exitFailed || stdout != "" || !strings.Contains(stderr, "no/such/model") {
			t.Errorf("%s: status %d, stdout %q, stderr %q", command, status, stdout, stderr)
		}
	}
}
