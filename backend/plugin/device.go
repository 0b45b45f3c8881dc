package plugin

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// GPU is what this machine says of its NVIDIA GPUs before any library is loaded.
type GPU struct {
	Present bool   // a device file exists, or nvidia-smi answers
	Driver  string // version of the kernel driver, such as "580.65.06"; empty where it does not tell
}

// Lowest driver branches that run each CUDA generation (NVIDIA, "CUDA Compatibility", minor-version compatibility).
const (
	minDriverCUDA13 = 580
	minDriverCUDA12 = 525
)

// DetectGPU looks for an NVIDIA GPU: the device file /dev/nvidia0, else an nvidia-smi that answers within five seconds.
func DetectGPU(ctx context.Context) GPU {
	if _, err := os.Stat("/dev/nvidia0"); err == nil {
		gpu := GPU{Present: true}
		if text, err := os.ReadFile("/proc/driver/nvidia/version"); err == nil {
			gpu.Driver = parseDriver(string(text))
		}
		if gpu.Driver == "" {
			gpu.Driver = driverFromSMI(ctx)
		}
		return gpu
	}
	driver := driverFromSMI(ctx)
	return GPU{Present: driver != "", Driver: driver}
}

// driverFromSMI asks nvidia-smi for the driver's version; empty when it is absent, fails, or is too slow.
func driverFromSMI(ctx context.Context) string {
	path, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "--query-gpu=driver_version", "--format=csv,noheader").Output()
	if err != nil {
		return ""
	}
	return parseDriver(string(out))
}

var driverVersion = regexp.MustCompile(`\b(\d{3,4}\.\d+(?:\.\d+)?)\b`)

// parseDriver finds the first driver version in the text of /proc/driver/nvidia/version or of nvidia-smi.
func parseDriver(text string) string {
	return driverVersion.FindString(text)
}

// branch returns the driver's branch (580 of "580.65.06"), 0 where unknown.
func (g GPU) branch() int {
	major, _, _ := strings.Cut(g.Driver, ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		return 0
	}
	return n
}
