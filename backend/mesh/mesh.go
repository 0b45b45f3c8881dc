// Package mesh runs one program on all devices of a machine.
//
// A [Mesh] is the set of devices a model lives on, arranged along a single axis named "data". An [Array] is one logical
// tensor on it, either replicated or cut along one of its axes. A [Program] is a GoMLX graph over logical shapes that XLA
// partitions by the layouts of its inputs and outputs, so the same code runs on one GPU, on eight, and on virtual CPU
// devices in tests. Nothing here knows about language models.
package mesh

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"

	"github.com/dcpo-go/godcpo/backend/plugin"
)

// axisName is the one mesh axis: data parallelism, along which optimizer state may be sharded too.
const axisName = "data"

// Options says which devices to open. The zero value takes every GPU of the machine, or else one CPU device.
type Options struct {
	// Plugin says where the PJRT plug-in is looked for, and for which kind of device.
	Plugin plugin.Options
	// Devices is how many devices to use: all by default on GPUs; on CPU that many virtual devices are made (default 1).
	Devices int
}

// Mesh is a group of devices of one kind. It is safe for concurrent use.
type Mesh struct {
	backend *xla.Backend
	devices int
	plugin  plugin.Plugin
	grid    *distributed.DeviceMesh // nil on a single device: no partitioner is involved then
	held    atomic.Int64            // bytes of arrays on each device
}

// clients keeps one mesh for each plug-in and device count: PJRT clients are heavy, cannot be given another device count
// afterwards, and several models of one process share them.
var clients = struct {
	sync.Mutex
	open map[string]*Mesh
}{open: map[string]*Mesh{}}

// Open returns the mesh for opt. A second call with the same plug-in and device count returns the same mesh. It fails with
// one error naming what was looked for when no plug-in is found, or when the machine has fewer devices than asked for.
func Open(ctx context.Context, opt Options) (*Mesh, error) {
	if opt.Devices < 0 {
		return nil, fmt.Errorf("open devices: want a positive number of devices, got %d", opt.Devices)
	}
	found, err := plugin.Find(ctx, opt.Plugin)
	if err != nil {
		return nil, fmt.Errorf("open devices: %w", err)
	}
	path, err := filepath.Abs(found.Path)
	if err != nil {
		return nil, fmt.Errorf("open devices: %w", err)
	}
	devices := opt.Devices
	if devices == 0 && isCPU(found) {
		devices = 1
	}
	clients.Lock()
	defer clients.Unlock()
	key := fmt.Sprintf("%s#%d", path, devices)
	if m, ok := clients.open[key]; ok {
		return m, nil
	}
	m, err := open(path, found, devices)
	if err != nil {
		return nil, err
	}
	clients.open[key] = m
	return m, nil
}

func open(path string, found plugin.Plugin, devices int) (*Mesh, error) {
	// The plug-in is at hand already: go-xla must never fetch another one behind our back.
	if err := os.Setenv("GOMLX_NO_AUTO_INSTALL", "1"); err != nil {
		return nil, fmt.Errorf("open devices: %w", err)
	}
	xla.EnableAutoInstall(false)
	options := pjrt.NamedValuesMap{}
	if isCPU(found) && devices > 1 {
		options["cpu_device_count"] = int64(devices)
	}
	be, err := xla.NewWithOptions(path, options)
	if err != nil {
		return nil, fmt.Errorf("open devices with the PJRT plug-in %s: %w", path, err)
	}
	be.DotGeneralUseTF32 = false // float32 means float32; speed is what bfloat16 is for
	have := be.NumDevices()
	switch {
	case devices == 0:
		devices = have
	case devices > have:
		return nil, fmt.Errorf("open devices: %d asked for, the machine has %d (%s): ask for at most %d",
			devices, have, be.DeviceDescription(0), have)
	}
	m := &Mesh{backend: be, devices: devices, plugin: found}
	if devices > 1 {
		if m.grid, err = distributed.NewDeviceMesh([]int{devices}, []string{axisName}); err != nil {
			return nil, fmt.Errorf("open devices: %w", err)
		}
	}
	slog.Debug("devices open", "devices", devices, "kind", be.DeviceDescription(0), "plugin", path)
	return m, nil
}

// Devices is the number of devices, at least 1.
func (m *Mesh) Devices() int { return m.devices }

// Plugin tells which PJRT plug-in drives the devices.
func (m *Mesh) Plugin() plugin.Plugin { return m.plugin }

// IsCPU tells whether the devices are (virtual) CPU devices.
func (m *Mesh) IsCPU() bool { return isCPU(m.plugin) }

func isCPU(p plugin.Plugin) bool { return p.Device != plugin.CUDA }

// Describe names device i in the plug-in's words.
func (m *Mesh) Describe(i int) string { return m.backend.DeviceDescription(deviceNum(i)) }

// RoundUp returns the smallest multiple of the device count that is at least rows, and at least one row a device: what a
// batch must be padded to so that it can be cut evenly.
func (m *Mesh) RoundUp(rows int) int {
	n := m.devices
	return max(n, (rows+n-1)/n*n)
}
