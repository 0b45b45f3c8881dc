package kernelspec

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Place says which of Jupyter's data folders is meant; the zero value is the user's own.
type Place struct {
	// Prefix is the root of an environment, whose data folder is share/jupyter within it.
	Prefix string
	// SysPrefix means the environment that is active: VIRTUAL_ENV, or CONDA_PREFIX.
	SysPrefix bool
}

// dataFolder returns the Jupyter data folder of the place.
func (p Place) dataFolder() (string, error) {
	switch {
	case p.Prefix != "" && p.SysPrefix:
		return "", errors.New("both a prefix and the active environment are asked for: choose one")
	case p.Prefix != "":
		prefix, err := filepath.Abs(p.Prefix)
		if err != nil {
			return "", fmt.Errorf("prefix %s: %w", p.Prefix, err)
		}
		return inPrefix(prefix), nil
	case p.SysPrefix:
		if prefix := activePrefix(); prefix != "" {
			return inPrefix(prefix), nil
		}
		return "", errors.New("no Python environment is active: activate one (VIRTUAL_ENV and CONDA_PREFIX are not set), or name it as the prefix")
	}
	return userData(system())
}

// folder returns where the kernel of that name has its spec.
func (p Place) folder(name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	data, err := p.dataFolder()
	if err != nil {
		return "", err
	}
	return filepath.Join(data, "kernels", name), nil
}

func inPrefix(prefix string) string { return filepath.Join(prefix, "share", "jupyter") }

func activePrefix() string {
	if prefix := os.Getenv("VIRTUAL_ENV"); prefix != "" {
		return prefix
	}
	return os.Getenv("CONDA_PREFIX")
}

// environment is what the user's data folder depends on.
type environment struct {
	goos   string
	getenv func(string) string
	home   func() (string, error)
}

func system() environment {
	return environment{goos: runtime.GOOS, getenv: os.Getenv, home: os.UserHomeDir}
}

// userData returns the user's Jupyter data folder as jupyter_core.paths.jupyter_data_dir computes it.
func userData(e environment) (string, error) {
	if folder := e.getenv("JUPYTER_DATA_DIR"); folder != "" {
		return folder, nil
	}
	home, err := e.home()
	if err != nil {
		return "", fmt.Errorf("find Jupyter's data folder: %w; set JUPYTER_DATA_DIR", err)
	}
	if real, err := filepath.EvalSymlinks(home); err == nil {
		home = real
	}
	platform := isSet(e.getenv("JUPYTER_PLATFORM_DIRS"))
	switch e.goos {
	case "darwin":
		if platform {
			return filepath.Join(home, "Library", "Application Support", "Jupyter"), nil
		}
		return filepath.Join(home, "Library", "Jupyter"), nil
	case "windows":
		if local := e.getenv("LOCALAPPDATA"); platform && local != "" {
			return filepath.Join(local, "Jupyter"), nil
		}
		if roaming := e.getenv("APPDATA"); roaming != "" {
			return filepath.Join(roaming, "jupyter"), nil
		}
		if config := e.getenv("JUPYTER_CONFIG_DIR"); config != "" {
			return filepath.Join(config, "data"), nil
		}
		return filepath.Join(home, ".jupyter", "data"), nil
	}
	if xdg := e.getenv("XDG_DATA_HOME"); xdg != "" {
		return filepath.Join(xdg, "jupyter"), nil
	}
	return filepath.Join(home, ".local", "share", "jupyter"), nil
}

// isSet reads a switch as Jupyter does: anything but no, n, false, off, 0, 0.0 and nothing means yes.
func isSet(value string) bool {
	switch strings.ToLower(value) {
	case "", "no", "n", "false", "off", "0", "0.0":
		return false
	}
	return true
}

// searchPath returns the data folders in which Jupyter looks for kernels, first found first; the order of environment and user follows
// whether an environment is active.
func searchPath(e environment) []string {
	var path []string
	for _, folder := range filepath.SplitList(e.getenv("JUPYTER_PATH")) {
		if folder != "" {
			path = append(path, folder)
		}
	}
	if prefix := activePrefix(); prefix != "" {
		path = append(path, inPrefix(prefix))
	}
	if user, err := userData(e); err == nil {
		path = append(path, user)
	}
	if e.goos == "windows" {
		if data := e.getenv("PROGRAMDATA"); data != "" {
			path = append(path, filepath.Join(data, "jupyter"))
		}
		return path
	}
	return append(path, "/usr/local/share/jupyter", "/usr/share/jupyter")
}
