package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// offlineData runs data with a data folder, an empty cache of the hub and no network.
func offlineData(t *testing.T, dir string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	cmd := command(t, append([]string{"data"}, args...)...)
	cmd.Env = append(cmd.Env, "GODCPO_DATA="+dir, "GODCPO_OFFLINE=1", "HF_HUB_CACHE="+t.TempDir())
	return execute(t, cmd)
}

func TestDataList(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "aime24.jsonl"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := offlineData(t, dir, "list", "--json")
	var all []struct {
		Name, At, Licence, Source, Hub, SHA256 string
		Problems                               int
		Training                               bool
	}
	if err := json.Unmarshal([]byte(stdout), &all); status != 0 || err != nil {
		t.Fatal(status, err, stderr)
	}
	seen := map[string]int{}
	for i, s := range all {
		seen[s.Name] = i
		if s.Licence == "" || s.Source == "" || (s.At != "") != (s.Name == "aime24") {
			t.Errorf("%+v", s)
		}
	}
	if a := all[seen["amc24"]]; a.Problems != 45 || a.Hub == "" || len(a.SHA256) != 64 {
		t.Errorf("%+v", a)
	}
	status, stdout, _ = offlineData(t, dir, "list")
	for _, want := range []string{"NAME", "deepscaler_uniform_10k  10000     training", "aime24", "on the hub", "amc24_partial: 36 of 45 problems"} {
		if status != 0 || !strings.Contains(stdout, want) {
			t.Errorf("status %d, no %q in %s", status, want, stdout)
		}
	}
}

func TestDataShow(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.csv")
	if err := os.WriteFile(file, []byte("id,question,answer\na,1+1?,2\nb,\"x<y, 2+2?\",4\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := offlineData(t, dir, "show", file, "-n", "1")
	if status != 0 || stdout != "── a\n1+1?\nanswer: 2\n\n" || !strings.Contains(stderr, "mine: 2 problems, from "+file) {
		t.Errorf("%d %q %q", status, stdout, stderr)
	}
	status, stdout, _ = offlineData(t, dir, "show", file, "--json")
	want := `{"id":"a","problem":"1+1?","answer":"2"}` + "\n" + `{"id":"b","problem":"x<y, 2+2?","answer":"4"}` + "\n"
	if status != 0 || stdout != want {
		t.Errorf("%d %q", status, stdout)
	}
	if status, stdout, _ = offlineData(t, dir, "show", file, "--id", "b"); status != 0 || !strings.Contains(stdout, "answer: 4") {
		t.Errorf("%d %q", status, stdout)
	}
	// What is printed is read again, choices and facts too.
	choices := filepath.Join(dir, "choices.jsonl")
	if err := os.WriteFile(choices, []byte(`{"id":"c","question":"Which?","choices":["x","y"],"answer":1}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, first, _ := offlineData(t, dir, "show", choices, "--json")
	again := filepath.Join(dir, "again.jsonl")
	if err := os.WriteFile(again, []byte(first), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, second, _ := offlineData(t, dir, "show", again, "--json"); first == "" || second != first {
		t.Errorf("%q, then %q", first, second)
	}
}

func TestDataFaults(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "aime24.jsonl"), []byte(`{"problem":"p","answer":"1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{}, exitUsage, "list, show"},
		{[]string{"get"}, exitUsage, "at least 1"},
		{[]string{"show", "aime24", "-n", "-1"}, exitUsage, "expected 0 or more"},
		{[]string{"show", "aime24", "--id", "x", "--random"}, exitUsage, "id random"},
		{[]string{"show", "aime24"}, exitFailed, "expected 39a61a5bb37f"},
		{[]string{"get", "nosuch", "triviaqa"}, exitFailed, "unknown name"},
		{[]string{"get", "nosuch", "triviaqa"}, exitFailed, "downloads are switched off"},
	} {
		status, _, stderr := offlineData(t, dir, c.args...)
		if status != c.status || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: status %d, %s; want %d, %q", c.args, status, stderr, c.status, c.want)
		}
	}
}

func TestDataGet(t *testing.T) {
	data := shared(t, "data")
	status, stdout, stderr := offlineData(t, data, "get", "amc24_partial", "gsm8k")
	want := filepath.Join(data, "amc24_partial.jsonl") + "\n" + filepath.Join(data, "gsm8k_test.jsonl") + "\n"
	if status != 0 || stdout != want || !strings.Contains(stderr, "amc24_partial: 36 problems; sha256 913c1191") || !strings.Contains(stderr, "note: 36 of 45") {
		t.Errorf("%d %q %q", status, stdout, stderr)
	}
}
