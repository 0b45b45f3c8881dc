package vllmtest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"time"
)

// Fault is a way in which a request goes wrong.
type Fault string

const (
	Slow       Fault = "slow"        // the answer comes after Options.Slow
	Busy       Fault = "busy"        // status 429
	BusyUntil  Fault = "busy-until"  // status 429 with Retry-After
	Broken     Fault = "broken"      // status 500
	Reset      Fault = "reset"       // the connection breaks before an answer
	Half       Fault = "half"        // the connection breaks within the body
	Garbage    Fault = "garbage"     // the body is no JSON
	Truncated  Fault = "truncated"   // the body ends early, its length says otherwise
	WrongModel Fault = "wrong-model" // the answer is another model's
	WrongCount Fault = "wrong-count" // the answer lacks a log-prob
	WrongOrder Fault = "wrong-order" // the answer is to another prompt
	Refused    Fault = "refused"     // status 400
)

// order fixes which fault a throw of the dice means.
var order = []Fault{Slow, Busy, BusyUntil, Broken, Reset, Half, Garbage, Truncated, WrongModel, WrongCount, WrongOrder, Refused}

// throw decides what goes wrong with a request; "" for nothing.
func (s *Server) throw() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.dice.Float64()
	for _, f := range order {
		if x -= s.opt.Faults[f]; x < 0 {
			s.seen[f]++
			return f
		}
	}
	return ""
}

// faulty lets requests go wrong; those that do not, or only in what they say, go to answer.
func (s *Server) faulty(answer func(http.ResponseWriter, *http.Request, Fault)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		defer s.enter()()
		body, _ := io.ReadAll(r.Body) // the server notices that a client has gone only once it has read what it sent
		r.Body = io.NopCloser(bytes.NewReader(body))
		fault := s.throw()
		wait := s.opt.Latency
		if fault == Slow {
			wait = s.opt.Slow
		}
		if wait > 0 {
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
				return
			}
		}
		switch fault {
		case Busy:
			complain(w, http.StatusTooManyRequests, "too many requests")
		case BusyUntil:
			w.Header().Set("Retry-After", "0.02")
			complain(w, http.StatusTooManyRequests, "too many requests")
		case Broken:
			complain(w, http.StatusInternalServerError, "something broke")
		case Refused:
			complain(w, http.StatusBadRequest, "refused on purpose")
		case Garbage:
			_, _ = w.Write([]byte(`<html>{"choices": [`))
		case Reset, Half:
			breakOff(w, fault == Half)
		case Truncated:
			w.Header().Set("Content-Length", "4000")
			_, _ = w.Write([]byte(`{"model":"tiny","choices":[{"index":0,` + strings.Repeat(" ", 100)))
		default:
			answer(w, r, fault)
		}
	}
}

// breakOff drops the connection, perhaps after some of an answer.
func breakOff(w http.ResponseWriter, begin bool) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	if begin {
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{\"model\":\"tiny\"\r\n"))
	}
	_ = conn.Close()
}
