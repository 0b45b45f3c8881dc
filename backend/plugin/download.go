package plugin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// Limits on how long a silent network may hold things up. They bound waiting, never the length of a download that moves.
const (
	connectTimeout = 10 * time.Second // to reach a host and agree on TLS
	headerTimeout  = 60 * time.Second // until the answer begins: caching proxies fetch a whole file first
	stallTimeout   = 60 * time.Second // between two pieces of a file
	queryTimeout   = 15 * time.Second // one look-up of a version in an index
)

// httpClient honours the proxy variables of the environment.
var httpClient = &http.Client{Transport: &http.Transport{
	Proxy:                 http.ProxyFromEnvironment,
	DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
	TLSHandshakeTimeout:   connectTimeout,
	ResponseHeaderTimeout: headerTimeout,
	ForceAttemptHTTP2:     true,
}}

// download fetches url into the new file dest. It fails when the transfer breaks off, brings nothing for the time stall, or ends
// with fewer bytes than were announced; the caller checks what the file holds.
func download(ctx context.Context, url, dest string, stall time.Duration, report *progress, label string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := httpClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: the server answered %s", url, response.Status)
	}
	bar := report.start(label, response.ContentLength)
	watch := time.AfterFunc(stall, func() { cancel(fmt.Errorf("no data for %v", stall)) })
	defer watch.Stop()
	body := readerFunc(func(p []byte) (int, error) {
		n, err := response.Body.Read(p)
		watch.Reset(stall)
		return n, err
	})
	n, _, err := writeFile(dest, io.TeeReader(body, bar))
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		err = fmt.Errorf("GET %s: broken off after %d bytes: %w", url, n, err)
	} else if response.ContentLength >= 0 && n != response.ContentLength {
		err = fmt.Errorf("GET %s: broken off after %d of %d bytes", url, n, response.ContentLength)
	}
	bar.finish(err)
	return err
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// writeFile copies r into the new file dest, synced to disk, and returns its size and SHA-256. A file it could not finish is
// removed.
func writeFile(dest string, r io.Reader) (n int64, sum string, err error) {
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return 0, "", err
	}
	f, err := os.OpenFile(dest, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, "", err
	}
	h := sha256.New()
	n, err = io.Copy(io.MultiWriter(f, h), r)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(dest)
		return n, "", err
	}
	return n, hex.EncodeToString(h.Sum(nil)), nil
}

// checkFile compares a file with what was pinned, size first because that costs nothing. It tells a file that was cut short
// from one that is another.
func checkFile(path, wantSum string, wantSize int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if wantSize > 0 && info.Size() != wantSize {
		return fmt.Errorf("%s has %d bytes, expected %d: the download is incomplete, or not the pinned file", filepath.Base(path), info.Size(), wantSize)
	}
	got, err := Hash(path)
	if err != nil {
		return err
	}
	if got != wantSum {
		return fmt.Errorf("%s: sha256 is %s, expected %s: not the pinned file, so it is not used", filepath.Base(path), got, wantSum)
	}
	return nil
}
