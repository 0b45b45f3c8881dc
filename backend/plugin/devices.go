package plugin

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/gomlx/go-xla/pjrt"
)

// Device is one device that a plug-in offers.
type Device struct {
	ID          int    // hardware number, such as the CUDA device number
	Description string // as the plug-in describes it
	MemoryBytes int64  // memory of the device (of the host, for a CPU); 0 where it does not tell
}

// Inventory is what a loaded plug-in says of itself and its devices.
type Inventory struct {
	Platform string // such as "cpu" or "cuda"
	API      string // version of the PJRT C API, such as "0.115"
	Devices  []Device
}

// Inspect loads a plug-in, opens its devices, lists them, and closes them again. The library itself stays loaded, as PJRT
// plug-ins cannot be unloaded safely.
func Inspect(ctx context.Context, p Plugin) (Inventory, error) {
	loaded, err := pjrt.GetPlugin(p.Path)
	if err != nil {
		return Inventory{}, fmt.Errorf("load the PJRT plug-in %s: %w", p.Path, err)
	}
	major, minor := loaded.Version()
	inventory := Inventory{API: fmt.Sprintf("%d.%d", major, minor)}
	client, err := loaded.NewClient(nil)
	if err != nil {
		return inventory, fmt.Errorf("open the devices of %s: %w", p.Path, err)
	}
	defer client.Destroy()
	inventory.Platform = client.Platform()
	memory := deviceMemory(ctx, p.Device)
	for _, d := range client.AddressableDevices() {
		device := Device{ID: d.LocalHardwareID(), Description: "unknown"}
		if description, err := d.GetDescription(); err == nil {
			device.Description = description.DebugString()
		}
		device.MemoryBytes = memory(device.ID)
		inventory.Devices = append(inventory.Devices, device)
	}
	return inventory, nil
}

// deviceMemory returns a function from a device's number to its memory in bytes. go-xla does not expose PJRT's memory
// statistics of a device, so the system is asked.
func deviceMemory(ctx context.Context, device string) func(id int) int64 {
	if device != CUDA {
		host := HostMemory()
		return func(int) int64 { return host }
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "nvidia-smi", "--query-gpu=index,memory.total", "--format=csv,noheader,nounits").Output()
	if err != nil {
		return func(int) int64 { return 0 }
	}
	byID := parseGPUMemory(string(out))
	return func(id int) int64 { return byID[id] }
}

// parseGPUMemory reads nvidia-smi's lines "index, MiB".
func parseGPUMemory(text string) map[int]int64 {
	byID := map[int]int64{}
	for line := range strings.Lines(text) {
		index, mib, _ := strings.Cut(line, ",")
		id, errID := strconv.Atoi(strings.TrimSpace(index))
		n, errN := strconv.ParseInt(strings.TrimSpace(mib), 10, 64)
		if errID == nil && errN == nil && n > 0 && n < 1<<40 {
			byID[id] = n << 20
		}
	}
	return byID
}

// HostMemory returns this machine's memory in bytes, 0 where the system does not tell (it does on Linux).
func HostMemory() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 2 && fields[0] == "MemTotal:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}
