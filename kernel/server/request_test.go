package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dcpo-go/godcpo/kernel/kerneltest"
	"github.com/dcpo-go/godcpo/kernel/server"
	"github.com/dcpo-go/godcpo/kernel/wire"
)

func TestKernelInfo(t *testing.T) {
	k := start(t)
	got := reply[wire.KernelInfo](t, k.request(t, wire.KernelInfoRequest, map[string]any{}))
	if got.Status != "ok" || got.ProtocolVersion != "5.4" || got.ImplementationVersion != "1.2.3" || got.Banner == "" {
		t.Errorf("got %+v", got)
	}
	l := got.LanguageInfo
	if l.Name != "go" || l.MIMEType != "text/x-go" || l.FileExtension != ".go" || l.PygmentsLexer != "go" || l.CodeMirrorMode != "go" {
		t.Errorf("language %+v", l)
	}
}

// TestCodeQuestions checks the three requests about code, with offsets that count code points.
func TestCodeQuestions(t *testing.T) {
	k := start(t)
	done := reply[wire.IsCompleteOK](t, k.request(t, wire.IsCompleteRequest, map[string]any{"code": "for {"}))
	if diff := cmp.Diff(wire.IsCompleteOK{Status: "incomplete", Indent: "\t"}, done); diff != "" {
		t.Error(diff)
	}
	completed := reply[wire.CompleteOK](t, k.request(t, wire.CompleteRequest, map[string]any{"code": "π€ab", "cursor_pos": 3}))
	want := wire.CompleteOK{Status: "ok", Matches: []string{"π€a!"}, Start: 0, End: 3, Metadata: map[string]any{}}
	if diff := cmp.Diff(want, completed); diff != "" {
		t.Error(diff)
	}
	inspected := reply[wire.InspectOK](t, k.request(t, wire.InspectRequest, map[string]any{"code": "π€ab", "cursor_pos": 2}))
	if !inspected.Found || inspected.Data["text/plain"] != "π€" {
		t.Errorf("inspect: %+v", inspected)
	}
	if nothing := reply[wire.InspectOK](t, k.request(t, wire.InspectRequest, map[string]any{"code": "x", "cursor_pos": 0})); nothing.Found || nothing.Data == nil {
		t.Errorf("inspect nothing: %+v", nothing)
	}
}

func TestHistory(t *testing.T) {
	k := start(t)
	for _, code := range []string{"value 1", "print a", "value 1", "print bc"} {
		k.execute(t, code)
	}
	for name, c := range map[string]struct {
		ask  map[string]any
		want string
	}{
		"tail":          {map[string]any{"hist_access_type": "tail", "n": 2}, `[[1,3,"value 1"],[1,4,"print bc"]]`},
		"all":           {map[string]any{"hist_access_type": "tail", "n": 0}, `[[1,1,"value 1"],[1,2,"print a"],[1,3,"value 1"],[1,4,"print bc"]]`},
		"with output":   {map[string]any{"hist_access_type": "range", "output": true, "start": 1, "stop": 2}, `[[1,1,["value 1","1"]]]`},
		"range":         {map[string]any{"hist_access_type": "range", "session": 0, "start": 2, "stop": nil}, `[[1,2,"print a"],[1,3,"value 1"],[1,4,"print bc"]]`},
		"other session": {map[string]any{"hist_access_type": "range", "session": -1, "start": 0}, `[]`},
		"search":        {map[string]any{"hist_access_type": "search", "pattern": "print ?"}, `[[1,2,"print a"]]`},
		"search all":    {map[string]any{"hist_access_type": "search", "pattern": "*print*"}, `[[1,2,"print a"],[1,4,"print bc"]]`},
		"unique":        {map[string]any{"hist_access_type": "search", "pattern": "value*", "unique": true}, `[[1,3,"value 1"]]`},
		"last found":    {map[string]any{"hist_access_type": "search", "pattern": "*", "n": 1}, `[[1,4,"print bc"]]`},
		"not a regexp":  {map[string]any{"hist_access_type": "search", "pattern": "(["}, `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			got := reply[wire.HistoryOK](t, k.request(t, wire.HistoryRequest, c.ask))
			raw, err := json.Marshal(got.History)
			if err != nil {
				t.Fatal(err)
			}
			if string(raw) != c.want {
				t.Errorf("got %s, want %s", raw, c.want)
			}
		})
	}
}

// TestMalformedRequests checks that each kind of bad content gets an error reply, and that the kernel goes on.
func TestMalformedRequests(t *testing.T) {
	k := start(t)
	for _, c := range []struct {
		typ     wire.Type
		content any
	}{
		{wire.ExecuteRequest, map[string]any{}},
		{wire.ExecuteRequest, map[string]any{"code": 7}},
		{wire.ExecuteRequest, map[string]any{"code": nil}},
		{wire.ExecuteRequest, map[string]any{"code": "print a", "user_expressions": []int{1}}},
		{wire.CompleteRequest, map[string]any{"cursor_pos": 1}},
		{wire.CompleteRequest, map[string]any{"code": "x", "cursor_pos": "1"}},
		{wire.InspectRequest, map[string]any{}},
		{wire.IsCompleteRequest, map[string]any{"code": []string{}}},
		{wire.HistoryRequest, map[string]any{"hist_access_type": "all"}},
		{wire.CommInfoRequest, map[string]any{"target_name": 1}},
		{wire.DebugRequest, map[string]any{}},
		{wire.Type("dance_request"), map[string]any{}},
	} {
		e := k.request(t, c.typ, c.content)
		if got := reply[wire.ErrorReply](t, e); got.Status != "error" || got.Value == "" || got.Traceback == nil {
			t.Errorf("%s %v: %+v", c.typ, c.content, got)
		}
	}
	if got := reply[wire.ExecuteOK](t, k.execute(t, "print a")); got.Status != "ok" || got.Count != 1 {
		t.Errorf("afterwards: %+v", got)
	}
}

// TestHostileMessages sends what the kernel must ignore, then a good cell. Nothing but the good cell may have an effect.
func TestHostileMessages(t *testing.T) {
	k := start(t)
	stranger, err := wire.NewSigner("", "guess")
	if err != nil {
		t.Fatal(err)
	}
	forged, err := wire.New(wire.ExecuteRequest, "s", "u", nil, map[string]any{"code": "print evil"})
	if err != nil {
		t.Fatal(err)
	}
	frames, err := forged.Frames(stranger)
	if err != nil {
		t.Fatal(err)
	}
	owner, err := wire.NewSigner("", connection().Key)
	if err != nil {
		t.Fatal(err)
	}
	badJSON := [][]byte{[]byte("<IDS|MSG>"), owner.Sign([]byte("{"), []byte("{}"), []byte("{}"), []byte("{}")), []byte("{"), []byte("{}"), []byte("{}"), []byte("{}")}
	for name, f := range map[string][][]byte{
		"forged":       frames,
		"bad JSON":     badJSON,
		"no delimiter": {[]byte("hello")},
		"cut short":    frames[:3],
		"empty":        {{}},
		"large":        {[]byte(strings.Repeat("x", 1<<20))},
	} {
		if err := k.SendRaw(f...); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	e := k.execute(t, "print a")
	if got := reply[wire.ExecuteOK](t, e); got.Status != "ok" || got.Count != 1 {
		t.Errorf("got %+v", got)
	}
}

// TestReplay sends the same signed message twice: the second is ignored.
func TestReplay(t *testing.T) {
	k := start(t)
	owner, err := wire.NewSigner("", connection().Key)
	if err != nil {
		t.Fatal(err)
	}
	m, err := wire.New(wire.ExecuteRequest, "s", "u", nil, map[string]any{"code": "print once"})
	if err != nil {
		t.Fatal(err)
	}
	frames, err := m.Frames(owner)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := k.SendRaw(frames...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := k.Collect(k.ctx, m.Header.ID, k.Shell); err != nil {
		t.Fatal(err)
	}
	if got := reply[wire.ExecuteOK](t, k.execute(t, "print a")); got.Count != 2 {
		t.Errorf("count %d after one cell and its copy, want 2", got.Count)
	}
}

func TestComms(t *testing.T) {
	k := start(t)
	var closed bool
	k.server.Comms().Register("echo", func(c *server.Comm, m server.CommMessage) (server.CommHandler, error) {
		return server.CommHandler{
			Message: func(c *server.Comm, m server.CommMessage) {
				if err := c.Send(map[string]any{"back": m.Data}, m.Buffers...); err != nil {
					t.Error(err)
				}
			},
			Closed: func(*server.Comm, server.CommMessage) { closed = true },
		}, nil
	})
	send := func(typ wire.Type, content map[string]any) []wire.Message {
		t.Helper()
		id, err := k.SendShell(typ, content)
		if err != nil {
			t.Fatal(err)
		}
		e, err := k.Collect(k.ctx, id, nil)
		if err != nil {
			t.Fatal(err)
		}
		return e.Outputs
	}
	send(wire.CommOpen, map[string]any{"comm_id": "c1", "target_name": "echo", "data": map[string]any{}})
	got := send(wire.CommMessage, map[string]any{"comm_id": "c1", "data": map[string]any{"x": 1}})
	if len(got) != 1 || got[0].Header.Type != wire.CommMessage || !strings.Contains(string(got[0].Content), `{"back":{"x":1}}`) {
		t.Errorf("echo: %v", got)
	}
	info := reply[wire.CommInfoOK](t, k.request(t, wire.CommInfoRequest, map[string]any{"target_name": "echo"}))
	if diff := cmp.Diff(map[string]wire.CommTarget{"c1": {Name: "echo"}}, info.Comms); diff != "" {
		t.Error(diff)
	}
	if got := send(wire.CommOpen, map[string]any{"comm_id": "c2", "target_name": "unknown", "data": nil}); len(got) != 1 || got[0].Header.Type != wire.CommClose {
		t.Errorf("unknown target: %v", got)
	}
	send(wire.CommMessage, map[string]any{"comm_id": "nobody", "data": map[string]any{}})
	send(wire.CommMessage, map[string]any{"data": "no id"})
	send(wire.CommClose, map[string]any{"comm_id": "c1", "data": map[string]any{}})
	info = reply[wire.CommInfoOK](t, k.request(t, wire.CommInfoRequest, map[string]any{}))
	if !closed || len(info.Comms) != 0 {
		t.Errorf("after close: %v, %v", closed, info.Comms)
	}
}

func TestKernelOpensComm(t *testing.T) {
	k := start(t)
	comm, err := k.server.Comms().Open("widget", map[string]any{"a": 1}, server.CommHandler{})
	if err != nil {
		t.Fatal(err)
	}
	m := <-k.IOPub
	got, err := kerneltest.Decode[wire.CommContent](m)
	if err != nil || m.Header.Type != wire.CommOpen || got.ID != comm.ID || got.Target != "widget" || string(got.Data) != `{"a":1}` {
		t.Errorf("%s %+v, %v", m.Header.Type, got, err)
	}
	if err := comm.Close(); err != nil {
		t.Error(err)
	}
	if m := <-k.IOPub; m.Header.Type != wire.CommClose {
		t.Errorf("got %s", m.Header.Type)
	}
	if err := comm.Send(1); err == nil {
		t.Error("a closed comm took a message")
	}
}
