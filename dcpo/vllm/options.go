package vllm

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"
)

// Options say which servers are asked, and how persistently. Endpoints and Model are required; the zero value of each other field takes
// its documented default.
type Options struct {
	// Endpoints are the servers' base URLs, with or without a final /v1. They all serve the same model. Nothing else is ever opened:
	// redirects are not followed and proxies not used.
	Endpoints []string
	// Model is what the servers call it: the first of vLLM's --served-model-name.
	Model string
	// Concurrency is how many requests are under way at each endpoint. Default 32.
	Concurrency int
	// Timeout bounds one attempt, until its whole answer is there. Default 300 s.
	Timeout time.Duration
	// Retries is how often a failed request is tried again, where that can help. Default 6; negative: never.
	Retries int
	// Backoff is the wait before the first retry; it doubles with each further one, up to 30 s, and up to half of it is left out at
	// random. Default 500 ms.
	Backoff time.Duration
	// Rest is how long an endpoint is left alone that failed many times in a row (half of Concurrency, at least 8); it doubles, up to a
	// minute, while a single request put to it afterwards fails too. Default 5 s.
	Rest time.Duration
	// GiveUp ends a call of Do when no endpoint answered anything for so long. Default 10 min, or twice Timeout where that is longer.
	GiveUp time.Duration
	// KeyVar names the environment variable that holds the API key; an empty variable sends none. Default OPENAI_API_KEY.
	KeyVar string
	// Portable leaves out the fields that OpenAI's interface does not have, for servers that refuse them: top-k, min-p, the repetition
	// penalty, stop ids and the like are then not sent, and answers hold no token ids.
	Portable bool
	// Log takes what happens to endpoints. Default slog.Default().
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Concurrency == 0 {
		o.Concurrency = 32
	}
	if o.Retries == 0 {
		o.Retries = 6
	}
	if o.Timeout == 0 {
		o.Timeout = 300 * time.Second
	}
	if o.Backoff == 0 {
		o.Backoff = 500 * time.Millisecond
	}
	if o.Rest == 0 {
		o.Rest = 5 * time.Second
	}
	if o.GiveUp == 0 {
		o.GiveUp = max(10*time.Minute, 2*o.Timeout)
	}
	if o.KeyVar == "" {
		o.KeyVar = "OPENAI_API_KEY"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

// Validate reports every fault of the options at once.
func (o Options) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("vllm: "+format, args...))
		}
	}
	want(len(o.Endpoints) > 0, "no endpoint is given: want base URLs such as http://127.0.0.1:8000")
	seen := map[string]bool{}
	for i, text := range o.Endpoints {
		u, err := parseEndpoint(text)
		if err != nil {
			want(false, "endpoint %d: %w", i+1, err)
			continue
		}
		want(!seen[u.String()], "endpoint %s is given twice", u)
		seen[u.String()] = true
	}
	want(o.Model != "", "the model has no name: give the one that the servers serve it by")
	want(o.Concurrency >= 0, "concurrency is %d, want 1 or more", o.Concurrency)
	want(o.Timeout >= 0 && o.Backoff >= 0 && o.Rest >= 0 && o.GiveUp >= 0, "a duration is negative: timeout %v, backoff %v, rest %v, give-up %v",
		o.Timeout, o.Backoff, o.Rest, o.GiveUp)
	return errors.Join(faults...)
}

// parseEndpoint reads a base URL; its path loses a final /v1. What the URL holds is not told in errors where it may be a secret.
func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("this is no URL: want one such as http://127.0.0.1:8000")
	case u.User != nil:
		return nil, fmt.Errorf("%s holds a name or password: API keys are taken from the environment only", u.Redacted())
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the URL has a query or fragment: want a base URL such as http://127.0.0.1:8000")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%q is no http or https URL: want one such as http://127.0.0.1:8000", text)
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1")
	return u, nil
}

// secret is an API key. It prints as nothing, whatever prints it.
type secret struct{ reveal func() string }

func keyFrom(variable string) secret {
	key := strings.TrimSpace(os.Getenv(variable))
	return secret{func() string { return key }}
}

// hide removes the key from a text.
func (s secret) hide(text string) string {
	if key := s.reveal(); key != "" {
		return strings.ReplaceAll(text, key, "[key]")
	}
	return text
}
