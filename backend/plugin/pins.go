package plugin

import (
	"context"
	"fmt"
	"runtime"
)

// file is one pinned file: where it lies below a plug-in's folder, and what it must be.
type file struct {
	Path   string // slash-separated, relative to the plug-in's folder
	Size   int64  // bytes; 0 where unknown
	SHA256 string // lower-case hexadecimal; empty where upstream publishes none
}

// wheel is a Python package that is nothing but a container of files for us.
type wheel struct {
	Name, Version string
	File          string // name of the wheel file that is pinned
	Size          int64  // bytes
	SHA256        string
	Member        string // a file of the wheel, extracted to the pin's Library; empty with Tree
	Tree          string // a folder of the wheel, extracted with its name; empty with Member
}

// pin is one version of a plug-in for one platform.
type pin struct {
	ID      string // name of its folder in the cache
	Device  string
	OS      string // GOOS
	Arch    string // GOARCH
	Version string
	Library file        // the shared library that is loaded
	Wheels  []wheel     // the pinned packages that hold it; none where only Release can serve
	Release string      // tag of a release of go-xla's own binaries; empty with Wheels
	Links   [][2]string // symbolic links: name, and target relative to the name's folder
	Driver  int         // lowest NVIDIA driver branch; 0 for none
}

const (
	cpuLibraryName  = "pjrt_c_api_cpu_plugin.so"
	cudaLibraryName = "pjrt_c_api_cuda_plugin.so"
)

// libraryNameOf is the usual file name of a device kind's plug-in.
func libraryNameOf(device string) string {
	if device == CUDA {
		return cudaLibraryName
	}
	return cpuLibraryName
}

// goxlaRelease is the tag of go-xla's binaries that its module v0.4.2 was tested against (its DefaultCPUVersion, checked by
// a test). Upstream publishes no checksum for them, so these pins come after those that have one; what was installed is hashed
// once and must stay the same from then on.
const goxlaRelease = "v0.114.0"

// pins are the versions that godcpo installs, the preferred one first.
var pins = []pin{
	{
		ID: "cpu-linux-amd64-0.11.2", Device: CPU, OS: "linux", Arch: "amd64", Version: "lammps-jax-pjrt-cpu 0.11.2",
		Library: file{Path: cpuLibraryName, Size: 201600336, SHA256: "ad1309ac822b1b24d51b7f9947c7c9fa9ef5d67f390584cbc3d1fa2428fed9c2"},
		Wheels: []wheel{{
			Name: "lammps-jax-pjrt-cpu", Version: "0.11.2",
			File: "lammps_jax_pjrt_cpu-0.11.2-py3-none-manylinux_2_27_x86_64.whl", Size: 62711338,
			SHA256: "1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1",
			Member: "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
		}},
	},
	{ID: "cpu-linux-amd64-" + goxlaRelease, Device: CPU, OS: "linux", Arch: "amd64", Version: "go-xla " + goxlaRelease, Release: goxlaRelease, Library: file{Path: cpuLibraryName}},
	{ID: "cpu-linux-arm64-" + goxlaRelease, Device: CPU, OS: "linux", Arch: "arm64", Version: "go-xla " + goxlaRelease, Release: goxlaRelease, Library: file{Path: cpuLibraryName}},
	{ID: "cpu-darwin-arm64-" + goxlaRelease, Device: CPU, OS: "darwin", Arch: "arm64", Version: "go-xla " + goxlaRelease, Release: goxlaRelease, Library: file{Path: cpuLibraryName}},
	{ID: "cpu-windows-amd64-" + goxlaRelease, Device: CPU, OS: "windows", Arch: "amd64", Version: "go-xla " + goxlaRelease, Release: goxlaRelease, Library: file{Path: "pjrt_c_api_cpu_plugin.dll"}},
	cuda13,
	cuda12,
}

// pinsFor returns the pins that suit a device kind on this machine, the preferred one first.
func pinsFor(ctx context.Context, device string) ([]pin, error) {
	var gpu GPU
	if device == CUDA {
		gpu = DetectGPU(ctx)
	}
	return choosePins(pins, device, runtime.GOOS, runtime.GOARCH, gpu)
}

// choosePins filters the table. An unknown driver version is taken for a new one: the plug-in itself tells when it is not.
func choosePins(table []pin, device, os, arch string, gpu GPU) ([]pin, error) {
	var fit []pin
	for _, p := range table {
		if p.Device != device || p.OS != os || p.Arch != arch {
			continue
		}
		if branch := gpu.branch(); branch != 0 && branch < p.Driver {
			continue
		}
		fit = append(fit, p)
	}
	if len(fit) > 0 {
		return fit, nil
	}
	if device == CUDA && gpu.branch() != 0 {
		return nil, fmt.Errorf("no pinned CUDA plug-in for %s/%s with the NVIDIA driver %s: drivers from branch %d on are served; update the driver or use the CPU (%s=cpu)",
			os, arch, gpu.Driver, minDriverCUDA12, EnvDevice)
	}
	return nil, &InstallError{Device: device, Failures: []error{fmt.Errorf("no version is pinned for %s/%s", os, arch)}}
}
