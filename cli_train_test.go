package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallRun are the flags of a whole run in seconds: warm-up, dynamic sampling, a value of every kind that a checkpoint holds.
func smallRun(dir string, more ...string) []string {
	args := []string{"train", "-c", "tiny", "-o", dir}
	for _, set := range append([]string{"warmup.lessons=40", "warmup.habits=40", "data.eval_rows=16", "train.steps=12", "train.prompts=8", "train.group_size=4",
		"train.mini_batch=4", "train.save_every=1", "train.dynamic=true", "train.max_refills=2", "model.device=cpu"}, more...) {
		args = append(args, "--set", set)
	}
	return args
}

// trainCommand is godcpo with the machine's own PJRT plug-in.
func trainCommand(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("programs compile slowly")
	}
	cmd := command(t, args...)
	cmd.Env = append(cmd.Env, "GODCPO_CACHE="+os.Getenv("GODCPO_CACHE"), "GODCPO_PJRT_PLUGIN="+os.Getenv("GODCPO_PJRT_PLUGIN"), "GODCPO_OFFLINE="+os.Getenv("GODCPO_OFFLINE"))
	return cmd
}

// stepsOf reads the figures of each step, without those that a clock gives.
func stepsOf(t *testing.T, dir string) []map[string]any {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var steps []map[string]any
	for s := bufio.NewScanner(f); s.Scan(); {
		figures := map[string]any{}
		if err := json.Unmarshal(s.Bytes(), &figures); err != nil {
			t.Fatalf("metrics.jsonl: %v in %q", err, s.Text())
		}
		for name := range figures {
			if strings.HasPrefix(name, "seconds") || strings.Contains(name, "per_second") {
				delete(figures, name)
			}
		}
		steps = append(steps, figures)
	}
	return steps
}

// equalRuns compares what two runs left: the weights to the bit, and every figure of every step.
func equalRuns(t *testing.T, want, got string) {
	t.Helper()
	read := func(dir string) []byte {
		raw, err := os.ReadFile(filepath.Join(dir, "model", "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	if !bytes.Equal(read(want), read(got)) {
		t.Error("the weights differ from those of the run that was not broken off")
	}
	a, b := stepsOf(t, want), stepsOf(t, got)
	if len(a) != len(b) {
		t.Fatalf("%d steps in metrics.jsonl, want %d", len(b), len(a))
	}
	for i := range a {
		if !reflect.DeepEqual(a[i], b[i]) {
			t.Errorf("line %d of metrics.jsonl is %v, want %v", i+1, b[i], a[i])
		}
	}
}

// TestTrainSurvivesKills breaks a run off twenty times at random moments, without a warning, and goes on each time: it ends with
// the weights and the figures of a run that was left alone. Should it come to its end before, another one is begun. GODCPO_TEST_KILLS
// asks for another number.
func TestTrainSurvivesKills(t *testing.T) {
	kills := 20
	if n, err := strconv.Atoi(os.Getenv("GODCPO_TEST_KILLS")); err == nil {
		kills = n
	}
	long := []string{"train.steps=40"}
	whole, broken := t.TempDir(), t.TempDir()
	began := time.Now()
	if status, _, stderr := execute(t, trainCommand(t, smallRun(whole, long...)...)); status != exitOK {
		t.Fatalf("status %d:\n%s", status, stderr)
	}
	took := time.Since(began)
	seed := uint64(time.Now().UnixNano())
	moments := rand.New(rand.NewPCG(seed, 0))
	resume := func() *exec.Cmd { return trainCommand(t, append(smallRun(broken, long...), "--resume")...) }
	killed, ended := 0, 0
	for killed < kills {
		cmd := resume()
		cmd.Stderr = &bytes.Buffer{}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Half of the moments fall into the start, in which programs are compiled.
		timer := time.AfterFunc(time.Duration(moments.Float64()*float64(took)*0.7), func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		switch {
		case err == nil:
			ended++
			equalRuns(t, whole, broken)
			broken = t.TempDir()
		case cmd.ProcessState.ExitCode() != -1:
			t.Fatalf("the run failed by itself: %v\n%s", err, cmd.Stderr)
		default:
			killed++
		}
	}
	if status, _, stderr := execute(t, resume()); status != exitOK {
		t.Fatalf("status %d:\n%s", status, stderr)
	}
	equalRuns(t, whole, broken)
	t.Logf("a run takes %v; %d kills by seed %d, between which %d runs came to their end", took.Round(time.Millisecond), killed, seed, ended+1)
}

// TestTrainStopsOnInterrupt: the first interrupt ends a run after the step at hand, with a checkpoint and exit status 130; resumed,
// it becomes the run that was left alone. A folder with a run is not overwritten.
func TestTrainStopsOnInterrupt(t *testing.T) {
	whole, broken := t.TempDir(), t.TempDir()
	if status, _, stderr := execute(t, trainCommand(t, smallRun(whole, "train.save_every=0")...)); status != exitOK {
		t.Fatalf("status %d:\n%s", status, stderr)
	}
	cmd := trainCommand(t, smallRun(broken, "train.save_every=0")...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var told strings.Builder
	for s := bufio.NewScanner(stderr); s.Scan(); {
		told.WriteString(s.Text() + "\n")
		if strings.HasPrefix(s.Text(), "step 4:") {
			_ = cmd.Process.Signal(syscall.SIGINT)
		}
	}
	_ = cmd.Wait() // its exit status is looked at below
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || !strings.Contains(told.String(), "--resume") {
		t.Fatalf("exit status %d, want %d, and a word on --resume:\n%s", code, exitInterrupted, told.String())
	}
	if status, _, errors := execute(t, trainCommand(t, smallRun(broken, "train.save_every=0")...)); status == exitOK || !strings.Contains(errors, "holds a run already") {
		t.Errorf("a second run in the same folder: status %d, %s", status, errors)
	}
	if status, _, errors := execute(t, trainCommand(t, append(smallRun(broken, "train.save_every=0", "optimizer.lr=1e-3"), "--resume")...)); status == exitOK || !strings.Contains(errors, "optimizer.lr") {
		t.Errorf("resumed with another learning rate: status %d, %s", status, errors)
	}
	if status, _, errors := execute(t, trainCommand(t, "train", "--resume", "-o", broken)); status != exitOK {
		t.Fatalf("status %d:\n%s", status, errors)
	}
	equalRuns(t, whole, broken)
}
