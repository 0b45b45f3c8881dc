package evaluation

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/dcpo/vllm/vllmtest"
)

// TestMain lets the test binary be a process that evaluates and can be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("GODCPO_TEST_EVALUATE"); dir != "" {
		if _, err := Run(context.Background(), quick(dir, os.Getenv("GODCPO_TEST_URL"), sums(killedProblems))); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// killedProblems are asked four times each by the process that is killed.
const killedProblems = 500

// TestKilled kills an evaluation without a warning again and again, each time after a random number of answers, until it has come to its end: the
// journal holds each answer once, and no answer that it held was asked for again.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	s := start(t, vllmtest.Options{Faults: map[vllmtest.Fault]float64{vllmtest.Broken: 0.02, vllmtest.Reset: 0.02}, Latency: 5 * time.Millisecond, Bulk: 2 << 10})
	dir := t.TempDir()
	seed := uint64(time.Now().UnixNano())
	moments := rand.New(rand.NewPCG(seed, 0))
	given := func() (n int) {
		for _, times := range s.Answers() {
			n += times
		}
		return n
	}
	const most = 100 // answers between two kills
	kills := 0
	for {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "GODCPO_TEST_EVALUATE="+dir, "GODCPO_TEST_URL="+s.URL)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		err, over := error(nil), false
		for last := given() + moments.IntN(most); !over && given() < last; {
			select {
			case err = <-ended:
				over = true
			case <-time.After(time.Millisecond):
			}
		}
		if !over {
			time.Sleep(time.Duration(moments.Float64() * float64(10*time.Millisecond)))
			_ = cmd.Process.Kill()
			err = <-ended
		}
		if err == nil {
			break
		}
		if cmd.ProcessState.ExitCode() != -1 {
			t.Fatalf("the evaluation failed by itself: %v", err)
		}
		if kills++; kills > 500 {
			t.Fatal("it does not come to its end")
		}
	}
	answered, _ := once(t, dir, killedProblems, 4)
	spare := given() - len(s.Answers())
	t.Logf("%d kills (moments by seed %d), %d answers, %d of them sent again since a kill came between", kills, seed, answered, spare)
	if answered != 4*killedProblems || spare > kills*32 {
		t.Errorf("%d answers, %d sent again, want at most those under way at %d kills", answered, spare, kills)
	}
	if kills < 5 {
		t.Errorf("it was killed %d times only", kills)
	}
}
