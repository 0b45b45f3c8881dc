package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	gohub "github.com/gomlx/go-huggingface/hub"
)

// attempts is how often a download is tried, and pause how long it waits before
// the second attempt, doubled for each further one.
const attempts = 3

var pause = time.Second // a variable for tests

// download fetches a source's file with go-huggingface, and checks it.
func download(ctx context.Context, source Source, opts Options) (string, error) {
	repo := gohub.New(source.ID).WithType(gohub.RepoTypeDataset).WithRevision(source.Revision).WithCacheDir(opts.Cache).WithAuth(opts.Token)
	if opts.Endpoint != "" {
		repo = repo.WithEndpoint(strings.TrimRight(opts.Endpoint, "/"))
	}
	repo.Verbosity = 0
	var path string
	var err error
	for attempt := range attempts {
		if attempt > 0 {
			select {
			case <-ctx.Done():
				return "", ctx.Err()
			case <-time.After(pause << (attempt - 1)):
			}
		}
		if path, err = fetch(ctx, repo, source); err == nil || ctx.Err() != nil || isFinal(err) {
			break
		}
	}
	return path, explain(err, opts)
}

// permanent marks errors that another attempt would meet again.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

func fetch(ctx context.Context, repo *gohub.Repo, source Source) (string, error) {
	if err := waitFor(ctx, func() error { return repo.DownloadInfo(true) }); err != nil {
		return "", err
	}
	names := make([]string, 0, len(repo.Info().Siblings))
	wanted := map[string]string{}
	for _, f := range repo.Info().Siblings {
		names = append(names, f.Name)
		wanted[f.Name] = f.BlobID
		if f.LFS != nil {
			wanted[f.Name] = f.LFS.SHA256
		}
	}
	name, err := choose(source, names)
	if err != nil {
		return "", permanent{err}
	}
	if !hashPattern.MatchString(wanted[name]) {
		return "", permanent{fmt.Errorf("%s: the hub lists %q as its hash, expected that of a blob", name, wanted[name])}
	}
	var path string
	err = waitFor(ctx, func() error {
		path, err = repo.DownloadFileCtx(ctx, name)
		return err
	})
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil { // the library takes some broken transfers for done
		return "", fmt.Errorf("%s: the transfer broke off: %w", name, errors.Join(err, os.Remove(path)))
	}
	if err := check(path, wanted[name]); err != nil {
		return "", errors.Join(err, discard(path))
	}
	return path, nil
}

// waitFor runs a call that may not heed its context, and leaves it behind when
// the context is done.
func waitFor(ctx context.Context, call func() error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	done := make(chan error, 1)
	go func() { done <- call() }()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-done:
		return err
	}
}

// isFinal tells errors that are not worth another attempt. The library tells
// the status of an answer in its text only.
func isFinal(err error) bool {
	var p permanent
	if errors.As(err, &p) {
		return true
	}
	text := err.Error()
	for _, status := range []string{"status code 401", "status code 403", "status code 404", `"401 `, `"403 `, `"404 `, "no such host", "connection refused", "network is unreachable"} {
		if strings.Contains(text, status) {
			return true
		}
	}
	return false
}

// explain says what to do about an error.
func explain(err error, opts Options) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	has := func(codes ...string) bool {
		for _, code := range codes {
			if strings.Contains(text, code) {
				return true
			}
		}
		return false
	}
	switch {
	case has("status code 401", "status code 403", `"401 `, `"403 `) && opts.Token == "":
		return fmt.Errorf("no access: the data set is private, gated, or does not exist: accept its terms on the hub and set %s: %w", EnvToken, err)
	case has("status code 401", "status code 403", `"401 `, `"403 `):
		return fmt.Errorf("no access with the token of %s: accept the data set's terms on the hub, or check the token: %w", EnvToken, err)
	case has("status code 404", `"404 `):
		return fmt.Errorf("there is no such data set, revision or file: %w", err)
	case has("no such host", "connection refused", "network is unreachable"):
		return fmt.Errorf("the hub cannot be reached: %w", err)
	}
	return err
}
