package capture

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// recorder keeps what arrives, and notes text that is cut inside a character.
type recorder struct {
	mu   sync.Mutex
	text map[string]string
	cut  bool
}

func (r *recorder) sink(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text[name] += text
	r.cut = r.cut || !utf8.ValidString(text)
}

func (r *recorder) get(name string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text[name]
}

func start(t *testing.T) (*Capture, *recorder) {
	t.Helper()
	r := &recorder{text: map[string]string{}}
	c, err := Start(r.sink)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, r
}

func TestFlushDeliversEverythingWrittenBefore(t *testing.T) {
	c, r := start(t)
	for i := range 200 {
		line := fmt.Sprintf("line %d é世\n", i)
		fmt.Print(line)
		fmt.Fprint(os.Stderr, line)
		if err := c.Flush(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{Stdout, Stderr} {
			if !strings.HasSuffix(r.get(name), line) {
				t.Fatalf("%s after flush %d ends with %q", name, i, r.get(name))
			}
		}
	}
	if r.cut {
		t.Error("a text was cut inside a character")
	}
}

func TestLargeOutputAndChildProcess(t *testing.T) {
	c, r := start(t)
	big := strings.Repeat("世界é", 100_000)
	if _, err := os.Stdout.WriteString(big); err != nil {
		t.Fatal(err)
	}
	child := exec.Command("go", "env", "GOOS")
	child.Stdout = os.Stdout
	if err := child.Run(); err != nil {
		t.Skip("no go command to run as a child: ", err)
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	got := r.get(Stdout)
	if !strings.HasPrefix(got, big) || len(got) <= len(big) {
		t.Errorf("got %d bytes, want %d and the child's line", len(got), len(big))
	}
	if r.cut {
		t.Error("a text was cut inside a character")
	}
}

func TestOneAtATimeAndRestored(t *testing.T) {
	c, r := start(t)
	if _, err := Start(r.sink); err == nil {
		t.Error("a second capture was allowed")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	fmt.Print("")
	if again, err := Start(r.sink); err != nil {
		t.Errorf("capture after close: %v", err)
	} else if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestUnfinished(t *testing.T) {
	sentinel := []byte("\x00flush-X\x00")
	for _, c := range []struct {
		data string
		want int
	}{{"", 0}, {"abc", 0}, {"abc\x00", 1}, {"abc\x00flu", 4}, {"é", 0}, {"\xc3", 1}, {"a\xe4\xb8", 2}, {"\xb8\xb8\xb8\xb8", 0}} {
		if got := unfinished([]byte(c.data), sentinel); got != c.want {
			t.Errorf("unfinished(%q) = %d, want %d", c.data, got, c.want)
		}
	}
}

func TestCloseLeavesNoDescriptors(t *testing.T) {
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("open descriptors cannot be counted here: ", err)
		}
		return len(entries)
	}
	once := func() {
		c, err := Start(func(string, string) {})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	once() // the first use may open descriptors of the runtime
	before := open()
	for range 20 {
		once()
	}
	if after := open(); after > before {
		t.Errorf("%d descriptors open before, %d after 20 captures", before, after)
	}
}
