package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal is a program that runs in a terminal of its own.
type terminal struct {
	t    *testing.T
	keys *os.File

	mu   sync.Mutex
	text bytes.Buffer // what it has shown
	seen int          // up to where expect has looked
}

// startTerminal starts this binary with arguments.
func startTerminal(t *testing.T, env []string, args ...string) (*terminal, *exec.Cmd) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), "GODCPO_TEST_AS_COMMAND=1", "TERM=xterm"), env...)
	keys, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 200})
	if err != nil {
		t.Skip("there are no pseudo-terminals here: ", err)
	}
	term := &terminal{t: t, keys: keys}
	t.Cleanup(func() { keys.Close() })
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := keys.Read(buf)
			term.mu.Lock()
			term.text.Write(buf[:n])
			term.mu.Unlock()
			if bytes.Contains(buf[:n], []byte("\x1b[6n")) { // where is the cursor?
				_, _ = keys.WriteString("\x1b[1;1R")
			}
			if err != nil {
				return
			}
		}
	}()
	return term, cmd
}

// expect waits for a text behind what was expected before.
func (x *terminal) expect(text string) {
	x.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		x.mu.Lock()
		at := strings.Index(x.text.String()[x.seen:], text)
		if at >= 0 {
			x.seen += at + len(text)
			x.mu.Unlock()
			return
		}
		x.mu.Unlock()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.t.Fatalf("it does not show %q; after %q it shows %q", text, x.text.String()[:x.seen], x.text.String()[x.seen:])
}

// keyIn types.
func (x *terminal) keyIn(keys string) {
	x.t.Helper()
	if _, err := x.keys.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// TestReplInATerminal edits, completes, interrupts and ends in a real terminal, and finds the lines again in the next session.
func TestReplInATerminal(t *testing.T) {
	state := t.TempDir()
	x, cmd := startTerminal(t, []string{"XDG_STATE_HOME=" + state}, "repl")
	x.expect("go> ")
	x.keyIn("answer := 7*6\r")
	x.expect("go> ")
	x.keyIn("ans\t\r") // completed
	x.expect("answer")
	x.expect("42")
	x.expect("go> ")
	x.keyIn("func f(n int) int {\r")
	x.expect("... ")
	x.keyIn("return n + 1\r}\r")
	x.expect("go> ")
	x.keyIn("f(answer)\r")
	x.expect("43")
	x.expect("go> ")
	x.keyIn("fmt.Println(\"loo\" + \"ping\"); for {}\r")
	x.expect("looping")
	x.keyIn("\x03")
	x.expect("interrupted")
	x.expect("go> ")
	x.keyIn("begun(\x03") // dropped
	x.expect("go> ")
	x.keyIn("answer + 100\r")
	x.expect("142")
	x.expect("go> ")
	x.keyIn("\x04")
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	history, err := os.ReadFile(filepath.Join(state, "godcpo", "history"))
	if err != nil || !strings.Contains(string(history), "f(answer)") {
		t.Errorf("history %q, %v", history, err)
	}
}

// TestScriptArguments: what follows a script's name is the script's.
func TestScriptArguments(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sweep.go")
	text := "package main\n\nimport (\n\t\"flag\"\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\tn := flag.Int(\"p\", 1, \"\")\n\tflag.Parse()\n\tfmt.Println(*n, flag.Args())\n\tos.Exit(*n)\n}\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	status, out, complaints := godcpo(t, "run", path, "-p", "5", "x", "--quiet")
	if status != 5 || out != "5 [x --quiet]\n" || complaints != "" {
		t.Errorf("exit status %d, printed %q and %q", status, out, complaints)
	}
	if status, out, _ = godcpo(t, "run", "-o", filepath.Join(t.TempDir(), "executed.ipynb"), path, "-p", "4", "y.ipynb"); status != 4 || out != "4 [y.ipynb]\n" {
		t.Errorf("with a notebook among the arguments: exit status %d, printed %q", status, out)
	}
	if status, out, _ = godcpo(t, "run", "n.ipynb", "--help"); status != exitOK || !strings.Contains(out, "run NOTEBOOK|SCRIPT") {
		t.Errorf("help behind a name: exit status %d, %q", status, out)
	}
	if status, _, complaints = godcpo(t, "run", "n.ipynb", "--log-level", "shout"); status != exitUsage || !strings.Contains(complaints, "shout") {
		t.Errorf("a flag of all commands behind a name: exit status %d, %q", status, complaints)
	}
	if status, _, complaints = godcpo(t, "run", "n.ipynb", "x"); status != exitUsage || !strings.Contains(complaints, "takes no arguments") {
		t.Errorf("exit status %d, %q", status, complaints)
	}
	if status, _, complaints = godcpo(t, "run", filepath.Join(t.TempDir(), "none.go")); status != exitUsage || !strings.Contains(complaints, "no such file") {
		t.Errorf("exit status %d, %q", status, complaints)
	}
}
