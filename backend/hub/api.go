package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// client speaks the hub's HTTP interface.
type client struct {
	opt   Options
	http  *http.Client
	stall time.Duration // longest silence within an answer
	pause time.Duration // before the second attempt; doubled for each further one
}

// maxAttempts is how often a transfer that makes no progress is tried.
const maxAttempts = 5

func newClient(opt Options, transport http.RoundTripper) *client {
	if t, ok := transport.(*http.Transport); ok {
		t = t.Clone()
		t.DialContext = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
		t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = 10*time.Second, 60*time.Second
		transport = t
	}
	return &client{opt: opt, stall: 60 * time.Second, pause: time.Second,
		http: &http.Client{Transport: transport, CheckRedirect: keepTokenHome}}
}

// keepTokenHome follows redirects to other hosts, where the large files lie, without the token. net/http alone would keep it for
// subdomains and other ports.
func keepTokenHome(request *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("more than 10 redirects")
	}
	if home := via[0].URL; request.URL.Host != home.Host || request.URL.Scheme != home.Scheme {
		request.Header.Del("Authorization")
	}
	return nil
}

// listing is the hub's answer about one revision of a model.
type listing struct {
	Commit string   `json:"sha"`
	Files  []remote `json:"siblings"`
}

// remote is one file on the hub.
type remote struct {
	Name string `json:"rfilename"`
	Size *int64 `json:"size"`
	Blob string `json:"blobId"` // git's id of the content, for files that git holds itself
	LFS  *struct {
		SHA256 string `json:"sha256"`
	} `json:"lfs"`
}

// hash is the name the content goes by in the cache.
func (f remote) hash() string {
	if f.LFS != nil {
		return f.LFS.SHA256
	}
	return f.Blob
}

// size is the file's length in bytes, -1 when the hub does not say.
func (f remote) size() int64 {
	if f.Size == nil {
		return -1
	}
	return *f.Size
}

// list asks for the files of a revision.
func (c *client) list(ctx context.Context, name Name) (listing, error) {
	address := fmt.Sprintf("%s/api/models/%s/revision/%s?blobs=true", c.opt.Endpoint, name.ID(), url.PathEscape(name.Revision))
	var out listing
	err := c.retry(ctx, func() (bool, error) {
		response, err := c.get(ctx, address, nil)
		if dial := new(net.OpError); errors.As(err, &dial) && dial.Op == "dial" {
			return false, permanent{fmt.Errorf("the hub cannot be reached: %w", err)} // no network, most likely: say so at once
		}
		if err != nil {
			return false, err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return false, c.statusError(name, response)
		}
		if err := json.NewDecoder(io.LimitReader(response.Body, 64<<20)).Decode(&out); err != nil {
			return false, fmt.Errorf("the hub's list of files: %w", err)
		}
		return false, nil
	})
	if err == nil && !commitPattern.MatchString(out.Commit) {
		err = fmt.Errorf("the hub's list of files names %q as its commit, expected 40 hexadecimal digits", out.Commit)
	}
	return out, err
}

// get sends one request. Its errors do not repeat the address, since a redirect's holds a signature.
func (c *client) get(ctx context.Context, address string, header http.Header) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, permanent{err}
	}
	for key, values := range header {
		request.Header[key] = values
	}
	if c.opt.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.opt.Token)
	}
	response, err := c.http.Do(request)
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = fmt.Errorf("GET %s: %w", address, wrapped.Err)
	}
	return response, err
}

// permanent marks errors that another attempt would meet again.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// statusError says what an answer other than the wanted one means.
func (c *client) statusError(name Name, response *http.Response) error {
	said := response.Status
	if message := response.Header.Get("X-Error-Message"); message != "" {
		said += ": " + message
	}
	switch code := response.StatusCode; {
	case (code == http.StatusUnauthorized || code == http.StatusForbidden) && c.opt.Token == "":
		return permanent{fmt.Errorf("no access (%s): the model is private, gated, or does not exist: accept its terms on the hub and set %s", said, EnvToken)}
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return permanent{fmt.Errorf("no access with the token of %s (%s): accept the model's terms on the hub, or check the token", EnvToken, said)}
	case code == http.StatusNotFound:
		return permanent{fmt.Errorf("%s at revision %s is not on the hub (%s)", name.ID(), name.Revision, said)}
	case code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500:
		return fmt.Errorf("the hub answered %s", said)
	}
	return permanent{fmt.Errorf("the hub answered %s", said)}
}

// retry calls try until it succeeds, fails for good, or fails maxAttempts times in a row without progress.
func (c *client) retry(ctx context.Context, try func() (progress bool, err error)) error {
	pause := c.pause
	for attempt := 1; ; attempt++ {
		progress, err := try()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if progress {
			attempt, pause = 1, c.pause
		}
		if errors.As(err, new(permanent)) {
			return err
		}
		if attempt >= maxAttempts {
			return fmt.Errorf("given up after %d attempts: %w", attempt, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		pause *= 2
	}
}
