package transport

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadConnection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kernel.json")
	// As jupyter_client writes it.
	text := `{"shell_port": 1, "iopub_port": 2, "stdin_port": 3, "control_port": 4, "hb_port": 5, "ip": "127.0.0.1",
		"key": "a0436f6c-1916498eb8eb10c3", "transport": "tcp", "signature_scheme": "hmac-sha256", "kernel_name": "godcpo", "jupyter_session": ""}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := Connection{Transport: "tcp", IP: "127.0.0.1", ShellPort: 1, IOPubPort: 2, StdinPort: 3, ControlPort: 4, HeartbeatPort: 5,
		SignatureScheme: "hmac-sha256", Key: "a0436f6c-1916498eb8eb10c3", KernelName: "godcpo"}
	got, err := ReadConnection(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := got.Write(path); err != nil {
		t.Fatal(err)
	}
	if again, err := ReadConnection(path); err != nil || again != want {
		t.Errorf("written and read: %+v, %v", again, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file with the key has mode %v, %v", info.Mode(), err)
	}
}

func TestBadConnections(t *testing.T) {
	folder := t.TempDir()
	for text, says := range map[string]string{
		`{`:                             "unexpected end",
		`{"shell_port":"1"}`:            "shell_port",
		`{"transport":"udp"}`:           `transport is "udp", want tcp or ipc`,
		`{"transport":"tcp"}`:           `ip is ""`,
		`{"transport":"tcp","ip":"*"}`:  `ip is "*"`,
		`{"transport":"ipc","ip":"/a"}`: "shell_port is 0",
		`{"transport":"tcp","ip":"127.0.0.1","hb_port":70000}`:               "hb_port is 70000",
		`{"transport":"tcp","ip":"127.0.0.1","signature_scheme":"hmac-md5"}`: "hmac-sha256",
	} {
		path := filepath.Join(folder, "c.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadConnection(path); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want it to say %q and the file", text, err, says)
		}
	}
	if _, err := ReadConnection(filepath.Join(folder, "none.json")); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("a missing file: %v", err)
	}
}

// TestOpenBindsAsAsked checks the address, the choice of ports, and that a port in use is an error which leaves no socket open.
func TestOpenBindsAsAsked(t *testing.T) {
	first, err := Open(Connection{Transport: "tcp", IP: "127.0.0.1"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []net.Addr{first.Shell.Addr(), first.Control.Addr(), first.Stdin.Addr(), first.IOPub.Addr(), first.Heartbeat.Addr()} {
		if tcp := a.(*net.TCPAddr); !tcp.IP.Equal(net.IPv4(127, 0, 0, 1)) || tcp.Port == 0 {
			t.Errorf("listens on %v", a)
		}
	}
	taken := first.Connection
	taken.ShellPort = 0
	if second, err := Open(taken, Options{}); err == nil {
		second.Close(t.Context())
		t.Error("ports were opened twice")
	} else if !strings.Contains(err.Error(), "control_port") {
		t.Errorf("the error does not name the port: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := first.Close(ctx); err != nil {
		t.Error(err)
	}
	again, err := Open(first.Connection, Options{})
	if err != nil {
		t.Fatalf("the ports are not free after Close: %v", err)
	}
	again.Close(ctx)
}

func TestIPC(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no ipc on Windows")
	}
	c := Connection{Transport: "ipc", IP: filepath.Join(t.TempDir(), "k"), ShellPort: 1, ControlPort: 2, StdinPort: 3, IOPubPort: 4, HeartbeatPort: 5}
	s, err := Open(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.IP + "-5"); err != nil {
		t.Error(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(c.IP + "-5"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
}
