//go:build unix

package magic

import (
	"os/exec"
	"syscall"
)

// ownGroup makes a command the head of a process group, which is ended as a
// whole: a shell alone would leave its children behind.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
