package kernel_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel"
	"github.com/dcpo-go/godcpo/kernel/kerneltest"
	"github.com/dcpo-go/godcpo/kernel/transport"
	"github.com/dcpo-go/godcpo/kernel/wire"
)

// startProcess runs the kernel as a process of its own, with ports that it chooses, and connects to it.
func startProcess(t *testing.T) (*exec.Cmd, *kerneltest.Client, transport.Connection) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "connection.json")
	asked := transport.Connection{Transport: "tcp", IP: "127.0.0.1", Key: "secret", SignatureScheme: wire.SchemeHMACSHA256}
	if err := asked.Write(file); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process := exec.CommandContext(t.Context(), self, "kernel", "start", "--connection-file", file)
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	opened := asked
	for deadline := time.Now().Add(time.Minute); opened.ShellPort == 0 && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
		if opened, err = transport.ReadConnection(file); err != nil {
			t.Fatal(err)
		}
	}
	client, err := kerneltest.Dial(t.Context(), opened)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return process, client, opened
}

// end asks the kernel to shut down and waits until its process has ended.
func end(t *testing.T, process *exec.Cmd, client *kerneltest.Client) {
	t.Helper()
	if _, err := client.RequestControl(t.Context(), wire.ShutdownRequest, map[string]any{"restart": false}); err != nil {
		t.Error(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("the process ended with %v", err)
	}
}

// TestStart goes from the first cell to the shutdown.
func TestStart(t *testing.T) {
	process, client, _ := startProcess(t)
	e, err := client.Execute(t.Context(), "fmt.Println(\"out\")\n6 * 7")
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Outputs) != 3 || e.Outputs[1].Header.Type != wire.Stream || e.Outputs[2].Header.Type != wire.ExecuteResult ||
		!strings.Contains(string(e.Outputs[2].Content), `"text/plain":"42"`) {
		t.Errorf("outputs %+v", e.Outputs)
	}
	end(t, process, client)
}

func TestStartWithoutFile(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.json")
	err := kernel.Start(t.Context(), missing, kernel.Options{})
	if err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("got %v, want an error that names the file", err)
	}
}
