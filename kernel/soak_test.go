//go:build linux

package kernel_test

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/kernel/kerneltest"
)

// resident is the memory of a process in bytes.
func resident(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	t.Fatal("the system does not tell the memory of a process")
	return 0
}

// soak runs a cell so often, made by code, and gives how much the process grew after the first tenth.
func soak(t *testing.T, client *kerneltest.Client, pid, cells int, code func(i int) string) (grown int) {
	t.Helper()
	first := 0
	for i := range cells {
		e, err := client.Execute(t.Context(), code(i))
		if err != nil {
			t.Fatalf("cell %d: %v", i, err)
		}
		if text := string(e.Reply.Content); !strings.Contains(text, `"status":"ok"`) {
			t.Fatalf("cell %d: %s", i, text)
		}
		if i == cells/10 {
			first = resident(t, pid)
		}
	}
	last := resident(t, pid)
	t.Logf("%d cells: %d MiB after a tenth of them, %d MiB at the end", cells, first>>20, last>>20)
	return last - first
}

// TestManyCells runs ten thousand cells in a kernel of its own, as different as those of a day: its memory stays flat.
func TestManyCells(t *testing.T) {
	if testing.Short() {
		t.Skip("runs ten thousand cells")
	}
	process, client, _ := startProcess(t)
	grown := soak(t, client, process.Process.Pid, 10_000, func(i int) string {
		return []string{
			fmt.Sprintf("x := %d\nx + 1", i),
			"fmt.Println(x)",
			fmt.Sprintf("func f(n int) int { return n + %d }\nf(x)", i),
			"xs := make([]float64, 1000)\nfor i := range xs { xs[i] = float64(i) * float64(x) }\nlen(xs)",
			"display.HTML(fmt.Sprintf(\"<b>%d</b>\", x))",
		}[i%5]
	})
	if each := grown / 9000; each > 20<<10 {
		t.Errorf("each cell leaves %d bytes", each)
	}
	end(t, process, client)
}

// TestManyDisplays updates displays as often as eight hours at one a second do, pictures among them: memory stays flat.
func TestManyDisplays(t *testing.T) {
	if testing.Short() {
		t.Skip("shows tens of thousands of displays")
	}
	process, client, _ := startProcess(t)
	setup := "import (\"gonum.org/v1/plot\"; \"gonum.org/v1/plot/plotter\")\nlive := display.NewLive()\nstep := 0"
	if _, err := client.Execute(t.Context(), setup); err != nil {
		t.Fatal(err)
	}
	const updates, each = 28_800, 288
	grown := soak(t, client, process.Process.Pid, updates/each, func(int) string {
		return fmt.Sprintf("for range %d {\n\tstep++\n\tif step%%48 == 0 {\n\t\tp := plot.New()\n\t\tline, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: float64(step)}})\n\t\tcheck(err)\n\t\tp.Add(line)\n\t\tlive.Show(p)\n\t} else {\n\t\tlive.Show(fmt.Sprint(\"step \", step))\n\t}\n}", each)
	})
	if grown > 64<<20 {
		t.Errorf("memory grew by %d MiB over %d updates", grown>>20, updates)
	}
	end(t, process, client)
}

// TestListensAsTheFileSays finds the kernel's listening sockets: five, on the ports and the address of the connection file.
func TestListensAsTheFileSays(t *testing.T) {
	process, client, opened := startProcess(t)
	want := []string{}
	for _, port := range []int{opened.ShellPort, opened.IOPubPort, opened.StdinPort, opened.ControlPort, opened.HeartbeatPort} {
		want = append(want, fmt.Sprintf("127.0.0.1:%d", port))
	}
	slices.Sort(want)
	if _, err := client.Execute(t.Context(), "1"); err != nil {
		t.Fatal(err)
	}
	if got := listening(t, process.Process.Pid); !slices.Equal(got, want) {
		t.Errorf("the kernel listens on %v, the connection file says %v", got, want)
	}
	end(t, process, client)
}

// listening are the addresses on which a process accepts TCP connections.
func listening(t *testing.T, pid int) (addresses []string) {
	t.Helper()
	mine := map[string]bool{}
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil {
			if inode, ok := strings.CutPrefix(target, "socket:["); ok {
				mine[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	for _, table := range []string{"tcp", "tcp6"} {
		f, err := os.Open(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			const listen = "0A"
			if len(fields) > 9 && fields[3] == listen && mine[fields[9]] {
				addresses = append(addresses, address(t, fields[1]))
			}
		}
		f.Close()
	}
	slices.Sort(addresses)
	return addresses
}

// address reads the kernel's way to write an IPv4 address and port: hexadecimal, the address with its last byte first.
func address(t *testing.T, text string) string {
	t.Helper()
	var a [4]byte
	var port uint16
	if _, err := fmt.Sscanf(text, "%02X%02X%02X%02X:%04X", &a[3], &a[2], &a[1], &a[0], &port); err != nil || strings.IndexByte(text, ':') != 8 {
		return text // another family, which no test expects
	}
	return netip.AddrPortFrom(netip.AddrFrom4(a), port).String()
}
