package vllm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	maxAnswer    = 64 << 20         // bytes of a whole answer
	maxComplaint = 1 << 20          // bytes read of an error's body
	longestWait  = 30 * time.Second // between two attempts, unless the server asks for more
	longestAsked = 10 * time.Minute // that a server's Retry-After is followed for
)

// exchange makes one HTTP request within a time limit and gives the body of a 2xx answer.
func (c *Client) exchange(ctx context.Context, e *endpoint, method, path string, body []byte, limit time.Duration) ([]byte, *Error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	plain, _, _ := strings.Cut(path, "?")
	failed := func(err error) *Error {
		if ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("no whole answer within %v: %w", limit, os.ErrDeadlineExceeded)
		}
		var wrapped *url.Error
		if errors.As(err, &wrapped) { // it says what Error says
			err = wrapped.Err
		}
		return &Error{Endpoint: e.name, Path: plain, Attempts: 1, Err: err}
	}
	request, err := http.NewRequestWithContext(ctx, method, e.name+path, bytes.NewReader(body))
	if err != nil {
		return nil, failed(err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("User-Agent", "godcpo")
	if key := c.key.reveal(); key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, failed(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, maxComplaint)) // what there is of it
		return nil, &Error{Status: answer.StatusCode, Endpoint: e.name, Path: plain, Attempts: 1, Message: c.key.hide(messageOf(text)),
			wait: retryAfter(answer.Header.Get("Retry-After"), time.Now())}
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err == nil && len(text) > maxAnswer {
		err = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)
	}
	if err != nil {
		return nil, failed(err)
	}
	return text, nil
}

// retryAfter reads the header of that name: seconds, or a date; 0 for neither.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds > 0 {
		return time.Duration(min(seconds, longestAsked.Seconds()) * float64(time.Second))
	}
	if date, err := http.ParseTime(text); err == nil {
		return min(max(0, date.Sub(now)), longestAsked)
	}
	return 0
}

// backoff is the wait after so many failed attempts, from 1.
func (c *Client) backoff(attempts int) time.Duration {
	wait := min(longestWait, c.opt.Backoff<<min(attempts-1, 16))
	return wait - time.Duration(rand.Int64N(int64(wait)/2+1))
}

// sleep waits, unless ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// callOptions say how a request that goes to one endpoint only is made.
type callOptions struct {
	limit time.Duration // of one attempt; 0: the client's
	once  bool          // do not try again
}

// call makes a request to one endpoint, again where that can help, and gives the body of a 2xx answer.
func (c *Client) call(ctx context.Context, e *endpoint, method, path string, body []byte, opt callOptions) ([]byte, error) {
	if opt.limit == 0 {
		opt.limit = c.opt.Timeout
	}
	for attempts := 1; ; attempts++ {
		got, fault := c.exchange(ctx, e, method, path, body, opt.limit)
		if fault == nil {
			return got, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		fault.Attempts = attempts
		if opt.once || !fault.Retryable() || attempts > c.opt.Retries {
			return nil, fault
		}
		if err := sleep(ctx, max(c.backoff(attempts), fault.wait)); err != nil {
			return nil, err
		}
	}
}
