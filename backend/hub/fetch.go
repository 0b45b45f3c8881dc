package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// hashPattern is a git blob id or a SHA-256.
var hashPattern = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// errOther is wrapped when a file is not what the hub listed.
var errOther = errors.New("it is not the file that the hub lists")

// fetch brings one file into the cache. Nobody sees it before its hash was checked; what a broken transfer brought is kept and
// continued.
func (d *downloader) fetch(ctx context.Context, f remote) error {
	for _, dir := range []string{d.locks, filepath.Join(d.repo.root, "blobs")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	lock := flock.New(filepath.Join(d.locks, f.hash()+".lock"))
	if _, err := lock.TryLockContext(ctx, 200*time.Millisecond); err != nil {
		return fmt.Errorf("wait for another download of it: %w", err)
	}
	defer lock.Close()
	blob := d.repo.blob(f.hash())
	if info, err := os.Stat(blob); err == nil && (f.size() < 0 || info.Size() == f.size()) {
		return nil // another process has brought it meanwhile
	}
	part := blob + ".incomplete"
	_, err := os.Stat(part)
	resumed := err == nil
	for {
		furthest := int64(0)
		err := d.client.retry(ctx, func() (bool, error) {
			reached, err := d.transfer(ctx, f, part)
			progress := reached > furthest
			furthest = max(furthest, reached)
			return progress, err
		})
		if err != nil {
			return err
		}
		err = check(part, f)
		if err == nil {
			break
		}
		if removed := os.Remove(part); removed != nil || !resumed || !errors.Is(err, errOther) {
			return errors.Join(err, removed)
		}
		resumed = false // the part may have been of another file: once more, from its beginning
	}
	return os.Rename(part, blob)
}

// transfer asks for what is missing of a file and appends it to part. It tells how many bytes of the file there were in the end.
func (d *downloader) transfer(ctx context.Context, f remote, part string) (reached int64, err error) {
	out, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, permanent{err}
	}
	defer func() {
		if closed := out.Close(); err == nil && closed != nil {
			err = permanent{closed}
		}
	}()
	have, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, permanent{err}
	}
	if f.size() >= 0 && have > f.size() {
		have = 0
	}
	if have == f.size() && have > 0 {
		return have, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	header := http.Header{"Accept-Encoding": {"identity"}}
	if have > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	response, err := d.client.get(ctx, d.address(f), header)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		have = 0
	case http.StatusPartialContent:
		if sent := response.Header.Get("Content-Range"); !strings.HasPrefix(sent, fmt.Sprintf("bytes %d-", have)) {
			return 0, fmt.Errorf("asked for the rest from byte %d, the hub sent %q", have, sent)
		}
	case http.StatusRequestedRangeNotSatisfiable:
		return 0, errors.Join(errors.New("the hub cannot continue the file"), out.Truncate(0))
	default:
		return 0, d.client.statusError(d.repo.name, response)
	}
	if err := out.Truncate(have); err != nil {
		return 0, permanent{err}
	}
	if _, err := out.Seek(have, io.SeekStart); err != nil {
		return 0, permanent{err}
	}
	watch := time.AfterFunc(d.client.stall, func() { cancel(fmt.Errorf("no data for %v", d.client.stall)) })
	defer watch.Stop()
	came, err := d.copy(out, response.Body, func() { watch.Reset(d.client.stall) })
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	switch {
	case err != nil:
		return have + came, fmt.Errorf("broken off after %d bytes: %w", have+came, err)
	case f.size() >= 0 && have+came != f.size():
		return have + came, fmt.Errorf("broken off after %d of %d bytes", have+came, f.size())
	}
	if err := out.Sync(); err != nil {
		return have + came, permanent{err}
	}
	return have + came, nil
}

// copy writes what the body brings, and tells a full disk, which is final, from a broken transfer, which is not.
func (d *downloader) copy(out *os.File, body io.Reader, alive func()) (n int64, err error) {
	buffer := make([]byte, 256<<10)
	for {
		k, err := body.Read(buffer)
		if k > 0 {
			alive()
			if _, err := out.Write(buffer[:k]); err != nil {
				return n, permanent{err}
			}
			n += int64(k)
			d.done.Add(int64(k))
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// address is where a file of the commit is found.
func (d *downloader) address(f remote) string {
	return fmt.Sprintf("%s/%s/resolve/%s/%s", d.client.opt.Endpoint, d.repo.name.ID(), d.commit, url.PathEscape(f.Name))
}

// check compares a file with the size and hash the hub lists: the SHA-256 of large files, git's id of small ones, which is the
// SHA-1 of the content behind its type and length.
func check(path string, f remote) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	var sum hash.Hash
	kind := "sha256"
	if f.LFS != nil {
		sum = sha256.New()
	} else {
		kind, sum = "git blob id", sha1.New()
		fmt.Fprintf(sum, "blob %d\x00", info.Size())
	}
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.hash() {
		return fmt.Errorf("%s is %s, expected %s: %w", kind, got, f.hash(), errOther)
	}
	return nil
}
