package vllm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// Error is a request that got no usable answer.
type Error struct {
	// Status is the HTTP status of the last attempt; 0 where no whole, well-formed answer came, which Err then explains.
	Status int
	// Endpoint and Path say where the last attempt went.
	Endpoint, Path string
	// Attempts is how often the request was put.
	Attempts int
	// Message is what the server said, shortened.
	Message string
	// Err is the cause where there was no HTTP error: a reset connection, an expired time limit, a broken or contradictory body.
	Err error

	wait time.Duration // that the server asked for, by Retry-After
}

// Error implements error.
func (e *Error) Error() string {
	what := fmt.Sprintf("status %d", e.Status)
	if e.Err != nil {
		what = e.Err.Error()
	}
	if e.Message != "" {
		what += ": " + e.Message
	}
	times := ""
	if e.Attempts > 1 {
		times = fmt.Sprintf(" (%d attempts)", e.Attempts)
	}
	return fmt.Sprintf("%s%s: %s%s%s", e.Endpoint, e.Path, what, e.advice(), times)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Retryable tells whether the same request may succeed later or elsewhere.
func (e *Error) Retryable() bool {
	switch e.Status {
	case 0, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.Status >= 500
}

// ill tells whether the failure speaks against the endpoint rather than the request.
func (e *Error) ill() bool {
	return e.Status == 0 || e.Status >= 500
}

// advice is what to do about statuses that have one likely cause.
func (e *Error) advice() string {
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden && e.Message == "":
		return " (is the API key in the environment?)"
	case e.Status >= 300 && e.Status < 400:
		return " (redirects are not followed: give the URL they lead to)"
	case strings.Contains(e.Message, "EngineCore"):
		return " (the server's engine has died: restart it)"
	}
	return ""
}

// longestMessage bounds what is kept of a server's words, in characters.
const longestMessage = 500

// messageOf finds the human-readable part of an error's body: OpenAI's and vLLM's shapes, FastAPI's, or the text itself.
func messageOf(body []byte) string {
	var shape struct {
		Error   json.RawMessage `json:"error"`
		Detail  json.RawMessage `json:"detail"`
		Message json.RawMessage `json:"message"`
	}
	text := string(body)
	if json.Unmarshal(body, &shape) == nil {
		for _, raw := range []json.RawMessage{shape.Error, shape.Detail, shape.Message} {
			var inner struct {
				Message string `json:"message"`
			}
			if json.Unmarshal(raw, &inner) == nil && inner.Message != "" {
				return shorten(inner.Message)
			}
			if len(raw) > 0 && string(raw) != "null" {
				if json.Unmarshal(raw, &text) != nil {
					text = string(raw)
				}
				return shorten(text)
			}
		}
	}
	return shorten(text)
}

// shorten makes one line of a text, of at most longestMessage characters.
func shorten(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(text); len(runes) > longestMessage {
		return string(runes[:longestMessage]) + "…"
	}
	return text
}
