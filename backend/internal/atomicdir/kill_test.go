package atomicdir

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const killFiles = 8

// TestMain lets the test binary play a process that replaces a directory until it is killed.
func TestMain(m *testing.M) {
	dir := os.Getenv("ATOMICDIR_TEST_DIR")
	if dir == "" {
		os.Exit(m.Run())
	}
	fmt.Println("ready")
	for generation := 0; ; generation++ {
		err := Replace(dir, func(tmp string) error {
			for i := range killFiles {
				text := fmt.Sprintf("%d of %d", generation, os.Getpid())
				if err := os.WriteFile(filepath.Join(tmp, fmt.Sprintf("w%d", i)), []byte(text), 0o644); err != nil {
					return err
				}
			}
			return nil
		}, func(name string) bool { return name[0] == 'w' })
		if err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
	}
}

// TestKilledWhileReplacing: after a kill at any moment the directory is there, its files all of one generation, and a stranger's
// file is back after the next replacement.
func TestKilledWhileReplacing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "model")
	for i := range killFiles {
		put(t, filepath.Join(dir, fmt.Sprintf("w%d", i)), "first")
	}
	put(t, filepath.Join(dir, "notes.txt"), "mine")
	for range 15 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "ATOMICDIR_TEST_DIR="+dir)
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
		time.Sleep(time.Duration(rand.IntN(30_000)) * time.Microsecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // says that it was killed
		now := tree(t, dir)
		delete(now, "notes.txt")
		if len(now) != killFiles {
			t.Fatalf("%d files after a kill, want %d", len(now), killFiles)
		}
		for name, text := range now {
			if text != now["w0"] {
				t.Fatalf("%s is of generation %q, w0 of %q", name, text, now["w0"])
			}
		}
	}
	err := Replace(dir, func(tmp string) error { put(t, filepath.Join(tmp, "w0"), "last"); return nil },
		func(name string) bool { return name[0] == 'w' })
	if err != nil {
		t.Fatal(err)
	}
	if got := tree(t, filepath.Dir(dir)); len(got) != 2 || got["model/w0"] != "last" || got["model/notes.txt"] != "mine" {
		t.Errorf("in the end there are %v, want the last generation and the notes", got)
	}
}
