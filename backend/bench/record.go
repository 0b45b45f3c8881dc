package main

import (
	"maps"
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// origin says where and when figures come from.
type origin struct {
	Threads int    `json:"threads"`
	Date    string `json:"date"`
	Commit  string `json:"commit"` // with "-dirty" where files were changed since; "" outside a repository
}

// record is what one side did in one turn.
type record struct {
	Case       string  `json:"case"`
	Who        string  `json:"who"`
	Round      int     `json:"round"`
	Steps      int     `json:"steps"`
	MedianS    float64 `json:"median_s"`
	BestS      float64 `json:"best_s"`
	TokensPerS float64 `json:"tokens_per_s"` // at the median
	CPUS       float64 `json:"cpu_s"`        // user and system seconds a step, median
	FirstS     float64 `json:"first_s"`      // the first step, with what is compiled for it
	PeakBytes  int64   `json:"peak_bytes"`   // resident host memory of the process
	Check      float64 `json:"check"`
	Others     float64 `json:"others"` // share of the processors' time that other processes took

	// ProgramBytes is the memory of the largest program on a device.
	ProgramBytes int64 `json:"program_bytes,omitempty"`
	// MFU is the share of the device's peak that useful operations took, BandwidthShare the time that reading what must be read would take at
	// the device's bandwidth, as a share of the time taken.
	MFU            float64 `json:"mfu,omitempty"`
	BandwidthShare float64 `json:"bandwidth_share,omitempty"`

	Model    string            `json:"model"`
	DType    string            `json:"dtype"`
	Lengths  lengths           `json:"lengths"`
	Device   string            `json:"device"`
	Versions map[string]string `json:"versions"`
	origin
}

// lengths are a case's sizes, in rows and tokens.
type lengths struct {
	Rows   int `json:"rows"`
	Seq    int `json:"seq"`
	Prompt int `json:"prompt"`
	New    int `json:"new"`
}

// newRecord sums up a turn of a side. a is what ours knows of the case.
func newRecord(s spec, who string, round int, h hello, a about, t turn, from origin) record {
	r := record{Case: s.Case, Who: who, Round: round, Steps: len(t.Seconds), MedianS: median(t.Seconds), BestS: slices.Min(t.Seconds), CPUS: median(t.CPUSeconds),
		FirstS: h.FirstS, PeakBytes: t.PeakBytes, Check: t.Check, Others: t.Others, ProgramBytes: t.ProgramBytes, Model: a.Model, DType: s.DType,
		Lengths: lengths{s.Rows, s.Seq, s.Prompt, s.New}, Device: a.Device, Versions: h.Versions, origin: from}
	r.TokensPerS = float64(a.Tokens) / r.MedianS
	if a.PeakOperations > 0 {
		r.MFU = a.Operations / (a.PeakOperations * r.MedianS)
		r.BandwidthShare = a.Bytes / (a.PeakBytes * r.MedianS)
	}
	return r
}

// ratio compares a peer with ours over the quiet rounds. Ratios above 1 are in our favour.
type ratio struct {
	Case string `json:"case"`
	Peer string `json:"peer"`
	// Wall and CPU are ratios of medians over all steps; WallLow and WallHigh the least and the greatest of single rounds.
	Quiet    int     `json:"quiet_rounds"`
	Rounds   int     `json:"rounds"`
	Wall     float64 `json:"wall_ratio"`
	WallLow  float64 `json:"wall_ratio_low"`
	WallHigh float64 `json:"wall_ratio_high"`
	CPU      float64 `json:"cpu_ratio"`
	Memory   float64 `json:"memory_ratio"`
	OursS    float64 `json:"ours_s"`
	PeerS    float64 `json:"peer_s"`
	origin
}

// newRatio compares a peer with ours in the given rounds.
func newRatio(name string, ours, theirs *player, rounds []int, from origin) ratio {
	r := ratio{Case: name, Peer: theirs.name, Quiet: len(rounds), Rounds: len(ours.turns), WallLow: math.Inf(1), origin: from}
	var wall, cpu [2][]float64
	for _, i := range rounds {
		for side, p := range []*player{ours, theirs} {
			wall[side], cpu[side] = append(wall[side], p.turns[i].Seconds...), append(cpu[side], p.turns[i].CPUSeconds...)
		}
		round := median(theirs.turns[i].Seconds) / median(ours.turns[i].Seconds)
		r.WallLow, r.WallHigh = min(r.WallLow, round), max(r.WallHigh, round)
	}
	last := rounds[len(rounds)-1]
	r.OursS, r.PeerS = median(wall[0]), median(wall[1])
	r.Wall, r.CPU = r.PeerS/r.OursS, median(cpu[1])/median(cpu[0])
	r.Memory = float64(theirs.turns[last].PeakBytes) / float64(ours.turns[last].PeakBytes)
	return r
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	return (s[len(s)/2] + s[(len(s)-1)/2]) / 2
}

// newOrigin asks git for the commit.
func newOrigin(threads int) origin {
	o := origin{Threads: threads, Date: time.Now().UTC().Format(time.DateOnly)}
	commit, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return o
	}
	o.Commit = strings.TrimSpace(string(commit))
	if changed, err := exec.Command("git", "status", "--porcelain").Output(); err == nil && len(changed) > 0 {
		o.Commit += "-dirty"
	}
	return o
}

// ourVersions are those of Go, the plug-in and the modules that make the programs.
func ourVersions(w *work) map[string]string {
	v := map[string]string{"go": runtime.Version()}
	if w.plugin != "" {
		v["pjrt_plugin"] = w.plugin
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, m := range info.Deps {
		for short, path := range map[string]string{"gomlx": "github.com/gomlx/gomlx", "go-xla": "github.com/gomlx/go-xla"} {
			if m.Path == path {
				maps.Copy(v, map[string]string{short: m.Version})
			}
		}
	}
	return v
}

// processorName is the processor's name and number, where the system tells.
func processorName() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
