package checkpoint

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary play a run that saves checkpoints until it is killed.
func TestMain(m *testing.M) {
	root := os.Getenv("CHECKPOINT_TEST_ROOT")
	if root == "" {
		os.Exit(m.Run())
	}
	step := 0
	if c, err := Latest(context.Background(), root); err == nil {
		step = c.Step
	}
	fmt.Println("ready")
	for {
		step++
		if err := Save(context.Background(), root, fakeState(step), 2); err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
	}
}

// TestKilledAtAnyMoment kills a saving process again and again: what Latest finds is whole and never older than before.
func TestKilledAtAnyMoment(t *testing.T) {
	kills := 25
	if testing.Short() {
		kills = 5
	}
	root := filepath.Join(t.TempDir(), "run")
	last := 0
	for range kills {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "CHECKPOINT_TEST_ROOT="+root)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			t.Fatalf("the process said %q, %v", line, err)
		}
		time.Sleep(time.Duration(rand.IntN(80_000)) * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // says that it was killed
		steps, err := list(root)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for _, s := range steps {
			if _, err := Open(context.Background(), s.dir); err != nil {
				t.Errorf("a directory with a checkpoint's name is not whole: %v", err)
			}
		}
		c, err := Latest(context.Background(), root)
		if errors.Is(err, fs.ErrNotExist) && last == 0 {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		isFake(t, c)
		if c.Step < last {
			t.Errorf("step %d is the latest, after %d", c.Step, last)
		}
		last = c.Step
	}
	if last == 0 {
		t.Fatal("no process lived long enough to save anything")
	}
	save(t, root, last+1, 2)
	if got, want := names(t, root), fmt.Sprintf("step-%06d step-%06d", last, last+1); got != want || strings.Contains(got, "tmp") {
		t.Errorf("in the end the folder holds %q, want %q", got, want)
	}
}
