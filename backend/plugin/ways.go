package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	goxla "github.com/gomlx/go-xla/installer"
)

// ways are the means to get files onto this machine. None of them names a host: go-xla knows where its releases and the public
// package index are, pip knows the index or proxy it is configured for. Tests replace them.
type ways struct {
	// release returns the address of go-xla's own binaries for a platform ("linux_amd64") and tag.
	release func(ctx context.Context, platform, tag string) (url string, err error)
	// index returns the address of a pinned wheel in the public package index.
	index func(ctx context.Context, w wheel) (url string, err error)
	// pip downloads a pinned wheel into dir and returns its path.
	pip func(ctx context.Context, w wheel, dir string, report *progress) (file string, err error)
}

func defaultWays() ways {
	return ways{release: releaseURL, index: indexURL, pip: pipDownload}
}

// releaseURL asks go-xla's installer for a release of its CPU plug-in.
func releaseURL(ctx context.Context, platform, tag string) (string, error) {
	return within(ctx, queryTimeout, func() (string, error) { return goxla.CPUGetDownloadURL(platform, tag) })
}

// indexURL asks go-xla's installer for the package's entry in the public index, and takes the very file that is pinned.
func indexURL(ctx context.Context, w wheel) (string, error) {
	info, err := within(ctx, queryTimeout, func() (*goxla.PipPackageInfo, error) { return goxla.GetPipInfo(w.Name) })
	if err != nil {
		return "", err
	}
	for _, r := range info.Releases[w.Version] {
		if r.Filename == w.File {
			return r.URL, nil
		}
	}
	return "", fmt.Errorf("the index lists no file %s of %s %s", w.File, w.Name, w.Version)
}

// within runs a call that knows no context, and stops waiting for it when ctx ends or the time is over.
func within[T any](ctx context.Context, limit time.Duration, call func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := call()
		done <- result{v, err}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	var zero T
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return zero, ctx.Err()
	case <-timer.C:
		return zero, fmt.Errorf("no answer within %v", limit)
	}
}

// pythons are the names Python goes by.
var pythons = []string{"python3", "python", "py"}

// findPip returns a Python that has pip.
func findPip(ctx context.Context) (python string, err error) {
	for _, name := range pythons {
		found, lookErr := exec.LookPath(name)
		if lookErr != nil {
			continue
		}
		cmd := exec.CommandContext(ctx, found, "-m", "pip", "--version")
		cmd.WaitDelay = time.Second
		if out, runErr := cmd.CombinedOutput(); runErr != nil {
			err = fmt.Errorf("%s has no pip: %s", found, lastLine(out, runErr))
			continue
		}
		return found, nil
	}
	if err == nil {
		err = errors.New("no Python is on the PATH (a python3 with pip would do)")
	}
	return "", err
}

// pipDownload lets pip fetch the wheel, so that an index, a proxy or credentials configured for pip are honoured. It stops a pip
// that has neither written nor said anything for a while.
func pipDownload(ctx context.Context, w wheel, dir string, report *progress) (string, error) {
	python, err := findPip(ctx)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	args := []string{"-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check",
		"--no-cache-dir", "--progress-bar", "off", "--retries", "1", "--dest", dir, w.Name + "==" + w.Version}
	cmd := exec.CommandContext(ctx, python, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	// pip collects the file in a temporary folder first: here, where its growth is seen and a killed one is swept away.
	temp := filepath.Join(dir, "pip-temp")
	if err := os.MkdirAll(temp, 0o755); err != nil {
		return "", err
	}
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, "TEMP="+temp, "TMP="+temp)
	bar := report.start(fmt.Sprintf("%s %s (pip)", w.Name, w.Version), w.Size)
	stop := watchFolder(dir, bar, func() { cancel(fmt.Errorf("pip received nothing for %v", stallTimeout)) })
	err = cmd.Run()
	stop()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	} else if err != nil {
		err = errors.New(lastLine(out.Bytes(), err))
	}
	bar.finish(err)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, w.File)
	if _, err := os.Stat(file); err != nil {
		return "", fmt.Errorf("pip downloaded another file than %s: %s", w.File, strings.Join(names(dir), ", "))
	}
	return file, nil
}

// watchFolder draws the growth of a folder on bar, and calls stalled once it has not grown for stallTimeout. The returned function
// ends it.
func watchFolder(dir string, bar *bar, stalled func()) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		var size int64
		grown := time.Now()
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				if s := folderSize(dir); s != size {
					size, grown = s, now
					bar.set(s)
				} else if now.Sub(grown) > stallTimeout {
					stalled()
					return
				}
			}
		}
	}()
	return func() { close(done); <-ended }
}

// folderSize adds up the files below dir. What vanishes meanwhile counts nothing.
func folderSize(dir string) (total int64) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}

// names lists what lies in dir.
func names(dir string) (list []string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		list = append(list, path.Base(e.Name()))
	}
	return list
}

// lastLine condenses a failed command's output to its last line, or its error where it said nothing. pip's last line may say no
// more than that it found nothing; the last warning before it, with the reason, is added then.
func lastLine(out []byte, err error) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if last == "" {
		return err.Error()
	}
	for i := len(lines) - 2; i >= 0; i-- {
		if warning, found := strings.CutPrefix(strings.TrimSpace(lines[i]), "WARNING: "); found {
			return last + "\n(" + warning + ")"
		}
	}
	return last
}
