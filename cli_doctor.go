package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/dcpo-go/godcpo/backend/plan"
	"github.com/dcpo-go/godcpo/backend/plugin"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/kernel/kernelspec"
	"github.com/spf13/cobra"
)

func newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Check what this machine has and what is missing, installing the PJRT plug-in where it is missing",
		Long: `doctor looks for all that godcpo needs and says what is missing and what to do about it. It opens the devices to list them;
a missing PJRT plug-in is installed first, as training would do (not with --offline).

Exit status: 0 training can run here; 1 it cannot.`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c := checkup{w: cmd.OutOrStdout()}
			c.all(cmd.Context(), plugin.Options{Progress: cmd.ErrOrStderr()})
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if !c.report() {
				return &exitError{status: exitFailed}
			}
			return nil
		},
	}
}

// checkup prints findings and gathers what is missing.
type checkup struct {
	w       io.Writer
	missing []string // stands in the way of training
	advice  []string // would be good to have
}

// line prints one finding; the lines of a value of several stand below each other.
func (c *checkup) line(name, format string, args ...any) {
	value := strings.ReplaceAll(strings.TrimSpace(fmt.Sprintf(format, args...)), "\n", "\n"+strings.Repeat(" ", 14))
	fmt.Fprintf(c.w, "%-13s %s\n", name, value)
}

// all makes every check, the ones that may take long last.
func (c *checkup) all(ctx context.Context, opt plugin.Options) {
	c.machine(ctx)
	c.modules()
	c.jupyter()
	c.data()
	c.cache(opt.CacheDir)
	c.devices(ctx, opt)
}

func (c *checkup) machine(ctx context.Context) {
	c.line("godcpo", "%s", buildVersion())
	c.line("Go", "%s %s/%s", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	c.line("cores", "%d", runtime.NumCPU())
	if n := plugin.HostMemory(); n > 0 {
		c.line("memory", "%s", plan.Gigabytes(n))
	} else {
		c.line("memory", "unknown (this system does not tell)")
	}
	if gpu := plugin.DetectGPU(ctx); gpu.Present {
		driver := gpu.Driver
		if driver == "" {
			driver = "of unknown version"
		}
		c.line("NVIDIA GPU", "found, driver %s", driver)
	} else {
		c.line("NVIDIA GPU", "none")
	}
}

func (c *checkup) modules() {
	var list []string
	for _, path := range []string{"github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla", "github.com/traefik/yaegi"} {
		if v := moduleVersion(path); v != "" {
			list = append(list, filepath.Base(path)+" "+v)
		}
	}
	c.line("modules", "%s", strings.Join(list, ", "))
}

// devices finds the plug-in, installing it if need be, and opens its devices.
func (c *checkup) devices(ctx context.Context, opt plugin.Options) {
	p, err := plugin.Find(ctx, opt)
	if err != nil {
		c.line("PJRT plug-in", "missing")
		c.missing = append(c.missing, err.Error())
		return
	}
	version := p.Version
	if version == "" {
		version = "version unknown: it was given by hand"
	}
	sum := p.SHA256
	if sum == "" {
		if sum, err = plugin.Hash(p.Path); err != nil {
			sum = "unreadable: " + err.Error()
		}
	}
	inventory, err := plugin.Inspect(ctx, p)
	api := ""
	if inventory.API != "" {
		api = ", PJRT API " + inventory.API
	}
	c.line("PJRT plug-in", "%s\n%s, %s%s\nsha256 %s\nfrom: %s", p.Path, p.Device, version, api, sum, p.Source)
	if err != nil {
		c.line("devices", "cannot be opened")
		c.missing = append(c.missing, fmt.Sprintf("devices: %v\nIf the file is damaged or of another platform, remove it (%s) and start again; %s=cpu avoids the GPU.",
			err, p.Path, plugin.EnvDevice))
		return
	}
	c.listDevices(p.Device, inventory)
	if len(inventory.Devices) == 0 {
		c.missing = append(c.missing, "devices: the plug-in offers none; "+plugin.EnvDevice+"=cpu uses the CPU")
	}
}

// listDevices prints a line a device; the CPU is one device however many virtual ones the plug-in makes of it by default.
func (c *checkup) listDevices(kind string, inventory plugin.Inventory) {
	if kind == plugin.CPU && len(inventory.Devices) > 0 {
		c.line("device", "%s, with the machine's memory (virtual devices: %d by default, as many as asked for)", inventory.Platform, len(inventory.Devices))
		return
	}
	for _, d := range inventory.Devices {
		memory := "memory unknown"
		if d.MemoryBytes > 0 {
			memory = plan.Gigabytes(d.MemoryBytes)
		}
		c.line("device", "%d: %s (%s), %s", d.ID, d.Description, inventory.Platform, memory)
	}
}

func (c *checkup) jupyter() {
	path, err := exec.LookPath("jupyter")
	if err != nil {
		c.line("Jupyter", "not found")
		c.advice = append(c.advice, "Jupyter is only needed to work in JupyterLab: pip install jupyterlab (godcpo run needs none)")
	} else {
		c.line("Jupyter", "%s", path)
	}
	kernels, err := kernelspec.List()
	if err != nil {
		c.line("kernel", "%v", err)
	}
	for _, k := range kernels {
		c.line("kernel", "%q in %s\nstarts %s", k.Name, k.Folder, k.Spec.Argv[0])
	}
	if len(kernels) == 0 && err == nil {
		c.line("kernel", "not installed in Jupyter")
		c.advice = append(c.advice, "godcpo kernel install makes the kernel known to Jupyter")
	}
}

func (c *checkup) data() {
	dir := os.Getenv(datasets.DataVariable)
	if dir == "" {
		c.line("data folder", "not set")
		c.advice = append(c.advice, datasets.DataVariable+" is not set: point it at the folder with the data sets to train and evaluate on them (the quickstart needs none)")
		return
	}
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		c.line("data folder", "%s (not a folder)", dir)
		c.advice = append(c.advice, fmt.Sprintf("%s=%s is not a folder: correct it", datasets.DataVariable, dir))
		return
	}
	c.line("data folder", "%s", dir)
}

func (c *checkup) cache(dir string) {
	root, err := plugin.CacheRoot(dir)
	if err != nil {
		c.line("cache", "none")
		c.advice = append(c.advice, err.Error())
		return
	}
	var size int64
	_ = filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // what cannot be read is not counted
		}
		if info, err := d.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	c.line("cache", "%s (%.1f MB)", root, float64(size)/1e6)
}

// report prints what is missing, and tells whether training can run.
func (c *checkup) report() (ok bool) {
	for _, group := range []struct {
		title string
		items []string
	}{{"missing", c.missing}, {"not needed for training", c.advice}} {
		if len(group.items) == 0 {
			continue
		}
		fmt.Fprintf(c.w, "\n%s:\n", group.title)
		for _, item := range group.items {
			fmt.Fprintf(c.w, "  - %s\n", strings.ReplaceAll(item, "\n", "\n    "))
		}
	}
	if len(c.missing) > 0 {
		fmt.Fprintln(c.w, "\nTraining cannot run here yet.")
		return false
	}
	fmt.Fprintln(c.w, "\nTraining can run here.")
	return true
}
