package plugin

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
)

// TestMain lets the test binary play a process that installs and is killed half-way.
func TestMain(m *testing.M) {
	if url := os.Getenv("PLUGIN_TEST_URL"); url != "" {
		in := installer{store: store{dir: os.Getenv("PLUGIN_TEST_STORE")}, stall: stallTimeout, progress: newProgress(os.Stdout),
			ways: ways{index: func(context.Context, wheel) (string, error) { return url, nil }}}
		_, err := in.install(context.Background(), CPU, []pin{{ID: "cpu-test-1", Device: CPU, Library: file{Path: cpuLibraryName},
			Wheels: []wheel{{Name: "made-up", Version: "1", File: "made_up-1.whl", Size: 1 << 30, SHA256: "none", Member: "none"}}}})
		os.Stderr.WriteString(err.Error())
		os.Exit(3)
	}
	os.Exit(m.Run())
}

// A process that is killed in the middle of a download leaves no lock and nothing that is trusted; the next one clears up.
func TestKilledHalfWay(t *testing.T) {
	b := newBench(t)
	half := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(b.wheel[:len(b.wheel)/2])
		w.(http.Flusher).Flush()
		close(half)
		<-r.Context().Done()
	}))
	defer server.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PLUGIN_TEST_URL="+server.URL, "PLUGIN_TEST_STORE="+b.store.dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-half
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("the process said %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // says that it was killed
	if left := b.leftovers(t); len(left) != 1 {
		t.Fatalf("the killed process should have left its temporary folder, found %v", left)
	}
	if _, err := b.store.lookup(b.pin); !errors.Is(err, errNotInstalled) {
		t.Errorf("a later run finds %v", err)
	}
	if _, err := b.install(b.serve(t, whole(b.wheel))); err != nil {
		t.Errorf("the next installation: %v", err)
	}
	if left := b.leftovers(t, b.pin.ID); left != nil {
		t.Errorf("not cleared up: %v", left)
	}
}
