//go:build unix

package kernel_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestNoOrphan lets the process that started the kernel die: the kernel must follow.
func TestNoOrphan(t *testing.T) {
	j := newJupyter(t)
	out, err := j.run(t, time.Minute, filepath.Join("testdata", "orphan.py"))
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatalf("the starter ended with %v", err)
	}
	id, err := strconv.Atoi(strings.TrimSpace(out))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if errors.Is(syscall.Kill(id, 0), syscall.ESRCH) {
			return
		}
	}
	syscall.Kill(id, syscall.SIGKILL)
	t.Errorf("the kernel, process %d, lives on", id)
}
