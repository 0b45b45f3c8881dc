package plan

import (
	"fmt"
	"io"
	"strings"

	"github.com/dcpo-go/godcpo/backend/reference"
)

// String is the plan as tables: the memory of each device by item at the highest point of each phase, and the time of a step.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s parameters on %d × %s, %s of memory usable on each\n\n", inWords(p.Parameters), p.Devices, p.Device.Name, Gigabytes(p.Usable))
	p.printMemory(&b)
	if p.Reference != "" {
		fmt.Fprintf(&b, "reference policy: %s (%s)\n\n", p.Reference, placements[p.Reference])
	}
	p.printTime(&b)
	return b.String()
}

// Gigabytes writes a size as tables and errors do.
func Gigabytes(bytes int64) string { return fmt.Sprintf("%.1f GB", float64(bytes)/1e9) }

// placements says what the places of a reference policy mean.
var placements = map[reference.Placement]string{reference.Resident: "a copy that lies as the weights do", reference.Sharded: "cut over the devices",
	reference.Host: "in the host's memory, and on the devices for scoring"}

// inWords writes a count with four digits.
func inWords(n int) string {
	x, unit := float64(n), ""
	for _, u := range []string{" thousand", " million", " billion"} {
		if x < 1000 {
			break
		}
		x, unit = x/1000, u
	}
	return fmt.Sprintf("%.4g%s", x, unit)
}

func (p Plan) printMemory(w io.Writer) {
	phases := []Memory{p.Rollout, p.Scoring, p.Backward, p.Adam}
	unit, size := "GB", 1e9
	if max(p.Rollout.Total(), p.Scoring.Total(), p.Update().Total()) < 1e9 {
		unit, size = "MB", 1e6
	}
	fmt.Fprintf(w, "%-22s", unit+" on each device")
	for _, m := range phases {
		fmt.Fprintf(w, " %14s", m.At)
	}
	line := func(name string, bytes func(Memory) int64) {
		fmt.Fprintf(w, "\n%-22s", name)
		for _, m := range phases {
			fmt.Fprintf(w, " %14.2f", float64(bytes(m))/size)
		}
	}
	for _, name := range ItemNames() {
		if p.Rollout.Of(name)+p.Scoring.Of(name)+p.Backward.Of(name)+p.Adam.Of(name) > 0 {
			line("  "+name, func(m Memory) int64 { return m.Of(name) })
		}
	}
	line("together", Memory.Total)
	line("free", func(m Memory) int64 { return p.Usable - m.Total() })
	fmt.Fprint(w, "\n\n")
}

func (p Plan) printTime(w io.Writer) {
	t := p.Time
	fmt.Fprintf(w, "%-22s %12s\n", "seconds of a step", "")
	for _, part := range []struct {
		name    string
		seconds float64
	}{{"prefill", t.Prefill}, {"decode", t.Decode}, {"scoring", t.Scoring}, {"backward passes", t.Backward}, {"exchange", t.Exchange}, {"optimizer", t.Adam}} {
		fmt.Fprintf(w, "%-22s %12.3g\n", "  "+part.name, part.seconds)
	}
	fmt.Fprintf(w, "%-22s %12.3g   %.0f tokens/s on each device, at %.0f %% of the peak operations and %.0f %% of the bandwidth\n", "together", t.Step(),
		t.Tokens/t.Step()/float64(p.Devices), 100*p.Assume.MFU, 100*p.Assume.Bandwidth)
}
