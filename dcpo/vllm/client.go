package vllm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Client puts requests to endpoints. It may be used by several goroutines, which share its limits. Make one with New.
type Client struct {
	opt  Options
	key  secret
	http *http.Client
	pool *pool
}

// New checks the options and reads the API key from the environment; it asks nothing yet.
func New(opt Options) (*Client, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	c := &Client{opt: opt, key: keyFrom(opt.KeyVar), pool: &pool{slots: opt.Concurrency, rest: opt.Rest, log: opt.Log, changed: make(chan struct{})}}
	for _, text := range opt.Endpoints {
		base, err := parseEndpoint(text)
		if err != nil {
			return nil, fmt.Errorf("vllm: %w", err)
		}
		c.pool.endpoints = append(c.pool.endpoints, &endpoint{base: base, name: base.String()})
	}
	c.http = &http.Client{
		Transport: &http.Transport{ // no Proxy: nothing but the endpoints is opened
			MaxIdleConnsPerHost: opt.Concurrency, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: 10 * time.Second, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// Close drops the connections that are kept open. The client may still be used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Check asks each endpoint for its models, and gives the smallest of the lengths, in tokens, that bound prompt and response together; 0
// where no endpoint tells. An endpoint that cannot be reached, or does not serve the model, is an error.
func (c *Client) Check(ctx context.Context) (maxLen int, err error) {
	var faults []error
	for _, e := range c.pool.endpoints {
		n, err := c.checkOne(ctx, e)
		if err != nil {
			faults = append(faults, err)
		}
		if n > 0 && (maxLen == 0 || n < maxLen) {
			maxLen = n
		}
	}
	return maxLen, errors.Join(faults...)
}

func (c *Client) checkOne(ctx context.Context, e *endpoint) (maxLen int, err error) {
	list, err := c.models(ctx, e)
	if err != nil {
		return 0, err
	}
	var names []string
	for _, m := range list {
		if m.ID == c.opt.Model {
			return m.MaxModelLen, nil
		}
		names = append(names, m.ID)
	}
	return 0, fmt.Errorf("%s serves no model %q, only: %s", e.name, c.opt.Model, strings.Join(names, ", "))
}

// served is a model of an endpoint's list.
type served struct {
	ID          string `json:"id"`
	Root        string `json:"root"` // vLLM: the directory or hub name it was loaded from
	MaxModelLen int    `json:"max_model_len"`
}

func (c *Client) models(ctx context.Context, e *endpoint) ([]served, error) {
	body, err := c.call(ctx, e, http.MethodGet, "/v1/models", nil, callOptions{})
	if err != nil {
		return nil, err
	}
	var list struct {
		Data []served `json:"data"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("%s/v1/models: %w", e.name, err)
	}
	return slices.Clip(list.Data), nil
}
