package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// installer puts pinned plug-ins into the store.
type installer struct {
	store    store
	ways     ways
	stall    time.Duration // a download that brings nothing for so long is given up
	progress *progress
}

// install tries the pins in order, and for each the ways to get it, until one is in the store.
func (in installer) install(ctx context.Context, device string, candidates []pin) (Plugin, error) {
	failure := &InstallError{Device: device, Place: in.store.place(candidates[0]), SHA256: candidates[0].Library.SHA256}
	if err := os.MkdirAll(in.store.dir, 0o755); err != nil {
		failure.Failures = []error{fmt.Errorf("make the cache folder: %w (%s names another one)", err, EnvCache)}
		return Plugin{}, failure
	}
	for _, p := range candidates {
		plugin, errs := in.installPin(ctx, p)
		if len(errs) == 0 {
			return plugin, nil
		}
		if ctx.Err() != nil {
			return Plugin{}, fmt.Errorf("install the PJRT plug-in: %w", context.Cause(ctx))
		}
		failure.Failures = append(failure.Failures, errs...)
	}
	return Plugin{}, failure
}

// installPin installs one pin while holding its lock, unless another process has done so meanwhile.
func (in installer) installPin(ctx context.Context, p pin) (Plugin, []error) {
	unlock, err := in.lock(ctx, p)
	if err != nil {
		return Plugin{}, []error{err}
	}
	defer unlock()
	if plugin, err := in.store.lookup(p); err == nil {
		return plugin, nil
	}
	in.store.sweep(p)
	var errs []error
	for _, way := range in.waysTo(p) {
		err := in.try(ctx, p, way)
		if err == nil {
			plugin, err := in.store.lookup(p)
			if err == nil {
				in.progress.say("PJRT plug-in installed: %s", plugin.Path)
				return plugin, nil
			}
			return Plugin{}, append(errs, fmt.Errorf("%s: %w", way.name, err))
		}
		errs = append(errs, fmt.Errorf("%s: %w", way.name, err))
		if ctx.Err() != nil {
			break
		}
		slog.Debug("installing the PJRT plug-in failed one way", "way", way.name, "reason", err)
	}
	return Plugin{}, errs
}

// lock waits for the right to install a pin. The system frees the lock of a process that dies.
func (in installer) lock(ctx context.Context, p pin) (unlock func(), err error) {
	l := flock.New(filepath.Join(in.store.dir, p.ID+".lock"))
	got, err := l.TryLock()
	if err == nil && !got {
		in.progress.say("waiting for another process that is installing the PJRT plug-in …")
		_, err = l.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", l.Path(), err)
	}
	return func() { _ = l.Unlock() }, nil
}

// way is one means to install a pin: it fills an empty folder with the pin's files and returns their SHA-256 by path.
type way struct {
	name string
	fill func(ctx context.Context, folder, temp string) (sums map[string]string, err error)
}

// waysTo lists the ways to a pin, in the order they are tried.
func (in installer) waysTo(p pin) []way {
	if p.Release != "" {
		return []way{{"go-xla's release " + p.Release, func(ctx context.Context, folder, temp string) (map[string]string, error) {
			return in.fromRelease(ctx, p, folder, temp)
		}}}
	}
	byIndex := func(ctx context.Context, w wheel, temp string) (string, error) {
		url, err := in.ways.index(ctx, w)
		if err != nil {
			return "", err
		}
		file := filepath.Join(temp, w.File)
		return file, download(ctx, url, file, in.stall, in.progress, w.Name+" "+w.Version)
	}
	byPip := func(ctx context.Context, w wheel, temp string) (string, error) {
		return in.ways.pip(ctx, w, temp, in.progress)
	}
	what := p.Wheels[0].Name + " " + p.Wheels[0].Version
	return []way{
		{what + " from the package index", in.fromWheels(p, byIndex)},
		{what + " by pip", in.fromWheels(p, byPip)},
	}
}

// try installs a pin one way: everything happens in a temporary folder beside the final one, which is renamed when all is there.
func (in installer) try(ctx context.Context, p pin, w way) (err error) {
	work, err := os.MkdirTemp(in.store.dir, ".tmp-"+p.ID+"-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	folder, temp := filepath.Join(work, "plugin"), filepath.Join(work, "download")
	if err := errors.Join(os.Mkdir(folder, 0o755), os.Mkdir(temp, 0o755)); err != nil {
		return err
	}
	sums, err := w.fill(ctx, folder, temp)
	if err != nil {
		return err
	}
	got := sums[p.Library.Path]
	if p.Library.SHA256 != "" && got != p.Library.SHA256 {
		return fmt.Errorf("the library's sha256 is %s, expected %s: not the pinned file, so it is not used", got, p.Library.SHA256)
	}
	if err := in.link(p, folder); err != nil {
		return err
	}
	if _, err := mark(folder, w.name, sums); err != nil {
		return err
	}
	syncFolder(folder)
	return in.store.publish(p, folder)
}

// fromWheels returns the filler that gets each of the pin's wheels by get, checks it, and extracts it.
func (in installer) fromWheels(p pin, get func(ctx context.Context, w wheel, temp string) (string, error)) func(context.Context, string, string) (map[string]string, error) {
	return func(ctx context.Context, folder, temp string) (map[string]string, error) {
		sums := map[string]string{}
		for _, w := range p.Wheels {
			file, err := get(ctx, w, temp)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.Name, err)
			}
			if err := checkFile(file, w.SHA256, w.Size); err != nil {
				return nil, err
			}
			if err := extractWheel(p, w, file, folder, sums); err != nil {
				return nil, err
			}
			// The CUDA packages are large: do not keep all of them twice on the disk.
			if err := os.Remove(file); err != nil {
				return nil, err
			}
		}
		return sums, nil
	}
}

// extractWheel extracts what the pin wants of one wheel below folder and adds the SHA-256 of each file to sums.
func extractWheel(p pin, w wheel, file, folder string, sums map[string]string) error {
	if w.Member != "" {
		sum, err := extractMember(file, w.Member, filepath.Join(folder, filepath.FromSlash(p.Library.Path)))
		sums[p.Library.Path] = sum
		return err
	}
	tree, err := extractTree(file, w.Tree, folder)
	for path, sum := range tree {
		sums[path] = sum
	}
	return err
}

// fromRelease fills the folder from go-xla's own releases.
func (in installer) fromRelease(ctx context.Context, p pin, folder, temp string) (map[string]string, error) {
	url, err := in.ways.release(ctx, p.OS+"_"+p.Arch, p.Release)
	if err != nil {
		return nil, err
	}
	archive := filepath.Join(temp, "release.tar.gz")
	if p.OS == "windows" {
		archive = filepath.Join(temp, "release.zip")
	}
	if err := download(ctx, url, archive, in.stall, in.progress, "PJRT CPU "+p.Release); err != nil {
		return nil, err
	}
	sum, err := extractLibrary(archive, filepath.Join(folder, filepath.FromSlash(p.Library.Path)))
	if err != nil {
		return nil, err
	}
	slog.Warn("upstream publishes no checksum for this PJRT plug-in; its hash is recorded now and must stay the same", "release", p.Release, "sha256", sum)
	return map[string]string{p.Library.Path: sum}, nil
}

// link makes the symbolic links that the pin's libraries expect (name, target relative to the link).
func (in installer) link(p pin, folder string) error {
	for _, l := range p.Links {
		name := filepath.Join(folder, filepath.FromSlash(l[0]))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(filepath.FromSlash(l[1]), name); err != nil {
			return err
		}
	}
	return nil
}
