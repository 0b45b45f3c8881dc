package kernel_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What TestJupyterLab needs besides pythonVariable.
const (
	// browserVariable names a Chromium.
	browserVariable = "GODCPO_TEST_CHROMIUM"
	// screenshotVariable names a folder to keep the screenshots in.
	screenshotVariable = "GODCPO_TEST_SCREENSHOTS"
)

// TestJupyterLab runs small cells and the quickstart, shortened, in a real JupyterLab in a real browser.
func TestJupyterLab(t *testing.T) {
	browser := os.Getenv(browserVariable)
	if browser == "" {
		t.Skipf("%s is not set: it names a Chromium (and %s a Python with jupyterlab and playwright)", browserVariable, pythonVariable)
	}
	j := newJupyter(t)
	shots := os.Getenv(screenshotVariable)
	if shots == "" {
		shots = t.TempDir()
	}
	work := filepath.Join(j.folder, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	notebook(t, filepath.Join(work, "small.ipynb"), "x := 20", "x += 22\nfmt.Println(\"x is\", x)", "x",
		"display.SVG(`<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"120\" height=\"60\"><circle cx=\"60\" cy=\"30\" r=\"25\" fill=\"teal\"/></svg>`)", "1")
	shortQuickstart(t, filepath.Join(work, "quickstart.ipynb"))
	url := startLab(t, j, work)
	out, err := j.run(t, 10*time.Minute, filepath.Join("testdata", "lab.py"), browser, url, "small.ipynb", "quickstart.ipynb", shots)
	t.Log(out)
	if err != nil {
		t.Errorf("the browser's script: %v", err)
	}
}

// shortQuickstart copies the quickstart with less of everything.
func shortQuickstart(t *testing.T, to string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "notebooks", "quickstart.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, change := range [][2]string{{"steps := 120", "steps := 24"}, {"lessons := 3400", "lessons := 700"}, {"habits := 1000", "habits := 300"}} {
		if !strings.Contains(text, change[0]) {
			t.Fatalf("the quickstart has no parameter %q", change[0])
		}
		text = strings.Replace(text, change[0], change[1], 1)
	}
	if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// startLab starts JupyterLab on the loopback address and waits until it answers. It ends with the test.
func startLab(t *testing.T, j jupyter, folder string) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	const token = "only-for-this-test"
	log, err := os.Create(filepath.Join(j.folder, "lab.log"))
	if err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(j.folder, "config", "lab", "user-settings", "@jupyterlab", "apputils-extension")
	if err := os.MkdirAll(settings, 0o755); err != nil {
		t.Fatal(err)
	}
	quiet := []byte(`{"fetchNews": "false", "checkForUpdates": false}`) // no network, no question in the corner
	if err := os.WriteFile(filepath.Join(settings, "notification.jupyterlab-settings"), quiet, 0o644); err != nil {
		t.Fatal(err)
	}
	lab := exec.Command(j.python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
		fmt.Sprintf("--ServerApp.port=%d", port), "--ServerApp.port_retries=0", "--IdentityProvider.token="+token, "--ServerApp.root_dir="+folder)
	lab.Env, lab.Dir, lab.Stdout, lab.Stderr = j.env, folder, log, log
	if err := lab.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		lab.Process.Signal(os.Interrupt)
		time.Sleep(100 * time.Millisecond)
		lab.Process.Signal(os.Interrupt) // the second one is taken as yes
		ended := make(chan error, 1)
		go func() { ended <- lab.Wait() }()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			lab.Process.Kill()
			<-ended
		}
		log.Close()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s", text)
		}
	})
	root := fmt.Sprintf("http://127.0.0.1:%d", port)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if response, err := http.Get(root + "/api"); err == nil {
			response.Body.Close()
			return root + "/lab?token=" + token
		}
	}
	t.Fatal("JupyterLab does not answer")
	return ""
}
