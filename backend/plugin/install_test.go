package plugin

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestInstallFromIndex(t *testing.T) {
	b := newBench(t)
	p, err := b.install(b.serve(t, whole(b.wheel)))
	if err != nil {
		t.Fatal(err)
	}
	want := Plugin{Path: b.store.place(b.pin), Device: CPU, Version: "made-up 1", SHA256: sum(b.library), Source: "made-up 1 from the package index"}
	if p != want {
		t.Errorf("got  %+v\nwant %+v", p, want)
	}
	got, err := os.ReadFile(p.Path)
	if err != nil || !bytes.Equal(got, b.library) {
		t.Errorf("the installed library differs (%v)", err)
	}
	if left := b.leftovers(t, b.pin.ID); left != nil {
		t.Errorf("left behind: %v", left)
	}
	if again, err := b.store.lookup(b.pin); err != nil || again != want {
		t.Errorf("the next start: %+v, %v", again, err)
	}
}

// A download that goes wrong must leave nothing that a later run trusts, and the later run must succeed.
func TestInstallBroken(t *testing.T) {
	b := newBench(t)
	other := bytes.Clone(b.wheel)
	other[len(other)/2] ^= 1
	cases := map[string]struct {
		handler http.HandlerFunc
		want    string // in the error
	}{
		"connection lost half-way":              {cut(b.wheel, len(b.wheel)/2, false), "broken off after"},
		"connection lost, length unannounced":   {cut(b.wheel, len(b.wheel)/2, true), "broken off after"},
		"connection lost before the first byte": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"a proxy ends it early, politely":       {whole(b.wheel[:len(b.wheel)-1]), "incomplete"},
		"one bit differs":                       {whole(other), "not the pinned file"},
		"an error page":                         {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "blocked", http.StatusForbidden) }, "403 Forbidden"},
		"an error page that claims success":     {whole([]byte("<html>log in first</html>")), "incomplete"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			_, err := b.install(b.serve(t, c.handler))
			var failure *InstallError
			if !errors.As(err, &failure) {
				t.Fatalf("got %v, want an InstallError", err)
			}
			if len(failure.Failures) != 2 { // the index and pip
				t.Errorf("want a reason for each of the two ways, got %q", failure.Failures)
			}
			for _, want := range []string{c.want, "no pip here", failure.Place, sum(b.library), EnvPath} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the message lacks %q:\n%v", want, err)
				}
			}
			if left := b.leftovers(t); left != nil {
				t.Errorf("left behind: %v", left)
			}
			if _, err := b.store.lookup(b.pin); !errors.Is(err, errNotInstalled) {
				t.Errorf("a later run finds %v, want %v", err, errNotInstalled)
			}
			if _, err := b.install(b.serve(t, whole(b.wheel))); err != nil {
				t.Errorf("once the network is back: %v", err)
			}
		})
	}
}

// A server that falls silent half-way is given up after the stall time, and ctx ends a download at once.
func TestInstallSilence(t *testing.T) {
	b := newBench(t)
	release := make(chan struct{})
	defer close(release)
	silent := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", itoa(len(b.wheel)))
		_, _ = w.Write(b.wheel[:len(b.wheel)/2])
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-release:
		}
	}
	in := b.installer(b.serve(t, silent))
	in.stall = 100 * time.Millisecond
	_, err := in.install(context.Background(), CPU, []pin{b.pin})
	if err == nil || !strings.Contains(err.Error(), "no data for 100ms") {
		t.Errorf("silence: got %v", err)
	}
	in.stall = time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err = in.install(ctx, CPU, []pin{b.pin}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: got %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("cancelled, but it took %v", took)
	}
	if left := b.leftovers(t); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

// The ways are tried in order: pip serves where the index cannot.
func TestInstallSecondWay(t *testing.T) {
	b := newBench(t)
	w := b.serve(t, whole(b.wheel))
	w.index = func(context.Context, wheel) (string, error) { return "../relative/link.whl", nil }
	w.pip = func(_ context.Context, w wheel, dir string, _ *progress) (string, error) {
		path := filepath.Join(dir, w.File)
		return path, os.WriteFile(path, b.wheel, 0o644)
	}
	p, err := b.install(w)
	if err != nil || p.Source != "made-up 1 by pip" {
		t.Errorf("got %+v, %v", p, err)
	}
}

// The wheel is the pinned one but its library is not: a wrong table must not install anything.
func TestInstallWrongLibrary(t *testing.T) {
	b := newBench(t)
	b.pin.Library.SHA256 = sum([]byte("another"))
	if _, err := b.install(b.serve(t, whole(b.wheel))); err == nil || !strings.Contains(err.Error(), "the library's sha256 is "+sum(b.library)) {
		t.Errorf("got %v", err)
	}
	if left := b.leftovers(t); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

// Processes (here: goroutines with a file descriptor each) that start together download once.
func TestInstallTogether(t *testing.T) {
	b := newBench(t)
	w := b.serve(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(50 * time.Millisecond)
		whole(b.wheel)(w, r)
	})
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { _, errs[i] = b.install(w) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if n := b.served.Load(); n != 1 {
		t.Errorf("%d downloads, want 1", n)
	}
}

// go-xla's releases have no pinned hash: the archive's checksum is verified, and what was installed must stay the same.
func TestInstallRelease(t *testing.T) {
	b := newBench(t)
	b.pin.Wheels, b.pin.Release, b.pin.Library.SHA256 = nil, "v9", ""
	archive := releaseBytes(t, "pjrt_c_api_cpu_v9_plugin.so", b.library)
	for name, bad := range map[string]http.HandlerFunc{
		"cut off":     cut(archive, len(archive)/2, false),
		"ends early":  whole(archive[:len(archive)-4]), // the library is whole, the checksum is not
		"no archive":  whole([]byte("<html>")),
		"no library":  whole(releaseBytes(t, "other.so", b.library)),
		"not found":   http.NotFound,
		"flipped bit": whole(flip(archive, len(archive)/2)),
	} {
		if _, err := b.install(b.serve(t, bad)); err == nil {
			t.Errorf("%s: installed", name)
		}
		if left := b.leftovers(t); left != nil {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
	p, err := b.install(b.serve(t, whole(archive)))
	if err != nil || p.SHA256 != sum(b.library) || p.Source != "go-xla's release v9" {
		t.Fatalf("got %+v, %v", p, err)
	}
	if err := os.WriteFile(p.Path, flip(b.library, 7), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.lookup(b.pin); err == nil || errors.Is(err, errNotInstalled) {
		t.Errorf("a changed library: got %v", err)
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}
