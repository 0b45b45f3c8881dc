package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

// TestMain lets the test binary play godcpo, so that exit statuses and streams are those of a real process.
func TestMain(m *testing.M) {
	if os.Getenv("GODCPO_TEST_AS_COMMAND") != "" {
		main()
	}
	os.Exit(m.Run())
}

// command prepares godcpo with arguments, in a folder of its own and with an empty cache.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "GODCPO_TEST_AS_COMMAND=1", "GODCPO_CACHE="+filepath.Join(cmd.Dir, "cache"),
		"GODCPO_PJRT_PLUGIN=", "GODCPO_DEVICE=cpu", "GODCPO_OFFLINE=1", "JUPYTER_DATA_DIR="+filepath.Join(cmd.Dir, "jupyter"))
	return cmd
}

// godcpo runs a command line and returns its exit status and both streams.
func godcpo(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	return execute(t, command(t, args...))
}

func execute(t *testing.T, cmd *exec.Cmd) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatalf("start: %v", err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// Wrong usage has status 2 and one line that says what was expected, on standard error only.
func TestWrongUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"", "expected one of the commands"},
		{"frobnicate", "frobnicate"},
		{"kernel", "expected one of the commands install, start, uninstall"},
		{"kernel frobnicate", "frobnicate"},
		{"kernel start", "--connection-file is missing"},
		{"kernel install --prefix a --sys-prefix", "prefix"},
		{"version extra", "extra"},
		{"version --frobnicate", "unknown flag: --frobnicate"},
		{"--log-level loud version", `--log-level "loud"`},
		{"run", "requires at least 1 arg"},
		{"run absent.ipynb", "absent.ipynb"},
		{"run a.ipynb --cell-timeout soon", "cell-timeout"},
		{"run a.ipynb -p seeds", "seeds"},
		{"train", "config"},
		{"train -c absent.toml", "absent.toml"},
	} {
		t.Run(c.args, func(t *testing.T) {
			status, stdout, stderr := godcpo(t, strings.Fields(c.args)...)
			if status != exitUsage || stdout != "" {
				t.Errorf("status %d, want %d; stdout %q", status, exitUsage, stdout)
			}
			if !strings.HasPrefix(stderr, "godcpo: ") || !strings.Contains(stderr, c.want) {
				t.Errorf("stderr lacks %q:\n%s", c.want, stderr)
			}
			if strings.Contains(stderr, "Usage:") || strings.Count(stderr, "godcpo: ") > 1 {
				t.Errorf("the error should be printed once, without a help text:\n%s", stderr)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	status, stdout, stderr := godcpo(t, "--help")
	if status != exitOK || stderr != "" {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
	for _, want := range []string{"run", "kernel", "train", "doctor", "version", "GODCPO_PJRT_PLUGIN", "GODCPO_CACHE", "GODCPO_DATA", "124 time-out"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the help lacks %q", want)
		}
	}
}

func TestVersion(t *testing.T) {
	status, stdout, _ := godcpo(t, "version")
	if status != exitOK || !strings.HasPrefix(stdout, "godcpo ") || !strings.Contains(stdout, "\ngo1.") {
		t.Errorf("status %d, stdout %q", status, stdout)
	}
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}}}
	if got, want := versionText(info), "(devel) (commit 0123456789ab, modified)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// With no plug-in and no network, doctor lists what there is, says what to put where, and fails.
func TestDoctorMissingPlugin(t *testing.T) {
	cmd := command(t, "doctor")
	status, stdout, stderr := execute(t, cmd)
	if status != exitFailed || stderr != "" {
		t.Errorf("status %d, want %d; stderr %q", status, exitFailed, stderr)
	}
	for _, want := range []string{"cores", "memory", "gomlx v", "not installed in Jupyter", "PJRT plug-in  missing", "working offline",
		"GODCPO_PJRT_PLUGIN=/path/to/", filepath.Join(cmd.Dir, "cache"), "Training cannot run here yet."} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
}

// A plug-in that cannot be loaded is named, with its hash.
func TestDoctorBrokenPlugin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pjrt_c_api_cpu_plugin.so")
	if err := os.WriteFile(file, []byte("no library"), 0o644); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := godcpo(t, "doctor", "--plugin", file)
	if status != exitFailed || stderr != "" {
		t.Errorf("status %d; stderr %q", status, stderr)
	}
	for _, want := range []string{file, "sha256 ", "cannot be opened", "Training cannot run here yet."} {
		if !strings.Contains(stdout, want) {
			t.Errorf("stdout lacks %q:\n%s", want, stdout)
		}
	}
}

func TestKernelInstallAndUninstall(t *testing.T) {
	prefix := t.TempDir()
	spec := filepath.Join(prefix, "share", "jupyter", "kernels", "godcpo", "kernel.json")
	status, stdout, stderr := godcpo(t, "kernel", "install", "--prefix", prefix)
	if status != exitOK || !strings.Contains(stdout, filepath.Dir(spec)) {
		t.Fatalf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	text, err := os.ReadFile(spec)
	if err != nil || !strings.Contains(string(text), `"{connection_file}"`) {
		t.Errorf("kernel.json: %v\n%s", err, text)
	}
	if status, _, stderr = godcpo(t, "kernel", "uninstall", "--prefix", prefix); status != exitOK {
		t.Errorf("uninstall: status %d, %s", status, stderr)
	}
	if _, err := os.Stat(filepath.Dir(spec)); !os.IsNotExist(err) {
		t.Errorf("the kernel's folder is still there: %v", err)
	}
	if status, _, stderr = godcpo(t, "kernel", "uninstall", "--prefix", prefix); status != exitFailed || !strings.Contains(stderr, "not installed") {
		t.Errorf("uninstall again: status %d, %s", status, stderr)
	}
}

// A command whose context is cancelled was interrupted.
func TestStatusOfContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	t.Setenv("GODCPO_OFFLINE", "1")
	t.Setenv("GODCPO_CACHE", t.TempDir())
	var stdout, stderr bytes.Buffer
	if status := run(ctx, []string{"doctor"}, &stdout, &stderr); status != exitInterrupted {
		t.Errorf("cancelled: status %d, want %d", status, exitInterrupted)
	}
	if !strings.HasPrefix(stderr.String(), "godcpo: interrupted") {
		t.Errorf("stderr %q", stderr.String())
	}
}
