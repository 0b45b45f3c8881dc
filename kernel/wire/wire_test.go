package wire

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func signer(t testing.TB, key string) *Signer {
	t.Helper()
	s, err := NewSigner(SchemeHMACSHA256, key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSignature checks against a value computed with Python's hmac module:
// hmac.new(b"key", b'{"a":1}' + b"{}" + b"{}" + b"{}", "sha256").hexdigest()
func TestSignature(t *testing.T) {
	parts := [][]byte{[]byte(`{"a":1}`), []byte("{}"), []byte("{}"), []byte("{}")}
	const want = "f1128388193e4dd1aa760827bd756a1b40b627676b5efe22c0e8297919bfa218"
	if got := string(signer(t, "key").Sign(parts...)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := signer(t, "key").Verify([]byte(want), parts...); err != nil {
		t.Error(err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	part := []byte("{}")
	s := signer(t, "key")
	good := s.Sign(part)
	for name, signature := range map[string][]byte{
		"none":        nil,
		"other key":   signer(t, "other").Sign(part),
		"other text":  s.Sign([]byte("{ }")),
		"cut":         good[:63],
		"longer":      append(slices.Clone(good), 'a', 'b'),
		"not hex":     bytes.Repeat([]byte("x"), 64),
		"upper, long": bytes.ToUpper(append(slices.Clone(good), good...)),
	} {
		if err := s.Verify(signature, part); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Verify(good, part); err != nil {
		t.Errorf("the good one: %v", err)
	}
	if err := s.Verify(good, part); !errors.Is(err, ErrSignature) {
		t.Errorf("the good one again: %v", err)
	}
}

func TestReplayWindow(t *testing.T) {
	s := signer(t, "key")
	part := func(i int) []byte { return fmt.Append(nil, i) }
	for i := range replayWindow + 10 {
		if err := s.Verify(s.Sign(part(i)), part(i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.seen) != replayWindow || len(s.ring) != replayWindow {
		t.Errorf("%d and %d remembered, want %d", len(s.seen), len(s.ring), replayWindow)
	}
	if err := s.Verify(s.Sign(part(20)), part(20)); !errors.Is(err, ErrSignature) {
		t.Errorf("a recent copy: %v", err)
	}
}

func TestNoKey(t *testing.T) {
	s := signer(t, "")
	if got := s.Sign([]byte("x")); len(got) != 0 {
		t.Errorf("signed %q without a key", got)
	}
	if err := s.Verify(nil, []byte("x")); err != nil {
		t.Error(err)
	}
}

func TestUnknownScheme(t *testing.T) {
	if _, err := NewSigner("hmac-md5", "key"); err == nil || !strings.Contains(err.Error(), "hmac-sha256") {
		t.Errorf("got %v", err)
	}
}

func TestRoundTrip(t *testing.T) {
	request, err := New(ExecuteRequest, "session", "ada", nil, map[string]any{"code": "<b>"})
	if err != nil {
		t.Fatal(err)
	}
	request.Identities = [][]byte{[]byte("id"), []byte("second")}
	request.Buffers = [][]byte{{1, 2}, {}}
	frames, err := request.Frames(signer(t, "key"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(frames, signer(t, "key"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(request.Header, got.Header); diff != "" {
		t.Error(diff)
	}
	if string(got.Content) != `{"code":"<b>"}` {
		t.Errorf("content %s", got.Content)
	}
	if diff := cmp.Diff(request.Identities, got.Identities); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(request.Buffers, got.Buffers); diff != "" {
		t.Error(diff)
	}
	reply, err := New(ExecuteReply, "kernel", "kernel", &got, StatusOnly{OK})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(reply.Parent, frames[4]) {
		t.Errorf("parent %s, want the header as it came, %s", reply.Parent, frames[4])
	}
	if parent, err := reply.ParentHeader(); err != nil || parent.ID != request.Header.ID {
		t.Errorf("parent %+v, %v", parent, err)
	}
}

func TestNewRefusesWhatJSONCannotHold(t *testing.T) {
	if _, err := New(Stream, "s", "u", nil, map[string]any{"x": func() {}}); err == nil {
		t.Error("a function was encoded")
	}
}

func TestParseRefuses(t *testing.T) {
	header := `{"msg_id":"1","msg_type":"execute_request"}`
	frames := func(parts ...string) [][]byte {
		out := [][]byte{delimiter, {}}
		for _, p := range parts {
			out = append(out, []byte(p))
		}
		return out
	}
	for name, f := range map[string][][]byte{
		"nothing":               nil,
		"no delimiter":          {[]byte("a"), []byte("b")},
		"too few":               frames(header, "{}", "{}"),
		"header no JSON":        frames("{", "{}", "{}", "{}"),
		"header a list":         frames("[]", "{}", "{}", "{}"),
		"header of bad types":   frames(`{"msg_id":1,"msg_type":"x"}`, "{}", "{}", "{}"),
		"no id":                 frames(`{"msg_type":"x"}`, "{}", "{}", "{}"),
		"no type":               frames(`{"msg_id":"1"}`, "{}", "{}", "{}"),
		"parent null":           frames(header, "null", "{}", "{}"),
		"metadata a string":     frames(header, "{}", `"x"`, "{}"),
		"content twice":         frames(header, "{}", "{}", "{}{}"),
		"content empty":         frames(header, "{}", "{}", ""),
		"content deeply cut":    frames(header, "{}", "{}", strings.Repeat(`{"a":`, 1000)),
		"content deeply nested": frames(header, "{}", "{}", strings.Repeat(`{"a":`, 20000)+"1"+strings.Repeat("}", 20000)),
	} {
		if _, err := Parse(f, signer(t, "")); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReplyTypes(t *testing.T) {
	for request, want := range map[Type]Type{
		KernelInfoRequest: KernelInfoReply, ExecuteRequest: ExecuteReply, InspectRequest: InspectReply, CompleteRequest: CompleteReply,
		HistoryRequest: HistoryReply, IsCompleteRequest: IsCompleteReply, CommInfoRequest: CommInfoReply, InterruptRequest: InterruptReply,
		ShutdownRequest: ShutdownReply, DebugRequest: DebugReply, CommOpen: "", CommClose: "", InputRequest: "", "_request": "", "": "",
	} {
		if got, ok := request.Reply(); got != want || ok != (want != "") {
			t.Errorf("%s: %s, %v", request, got, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	m, err := New(ExecuteRequest, "session", "ada", nil, map[string]any{"code": "1 + 1"})
	if err != nil {
		f.Fatal(err)
	}
	good, err := m.Frames(signer(f, ""))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.Join(good, []byte{'\n'}))
	f.Add([]byte("id\n<IDS|MSG>\n\n{}\n{}\n{}\n{}"))
	f.Add([]byte("<IDS|MSG>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := signer(t, "")
		m, err := Parse(bytes.Split(data, []byte{'\n'}), s)
		if err != nil {
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrSignature) {
				t.Errorf("error of no kind: %v", err)
			}
			return
		}
		frames, err := m.Frames(s)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(frames, s)
		if err != nil || again.Header != m.Header {
			t.Errorf("written and read again: %+v, %v", again.Header, err)
		}
		DecodeExecute(m.Content)
		DecodeHistory(m.Content)
		DecodeComplete(m.Content)
		DecodeInspect(m.Content)
		DecodeComm(CommOpen, m.Content)
	})
}

func ExampleParse() {
	signer, _ := NewSigner(SchemeHMACSHA256, "the key of the connection file")
	request, _ := New(ExecuteRequest, "a session", "ada", nil, map[string]any{"code": "1 + 1"})
	frames, _ := request.Frames(signer)

	received, err := Parse(frames, signer)
	if err != nil {
		fmt.Println(err)
		return
	}
	cell, err := DecodeExecute(received.Content)
	fmt.Println(received.Header.Type, cell.Code, cell.StoreHistory, err)
	// Output: execute_request 1 + 1 true <nil>
}
