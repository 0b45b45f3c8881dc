package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dcpo-go/godcpo/kernel/kerneltest"
	"github.com/dcpo-go/godcpo/kernel/wire"
)

func TestExecuteOutputs(t *testing.T) {
	for name, c := range map[string]struct {
		code, status string
		want         []string
	}{
		"nothing":                  {"", "ok", []string{"execute_input 0 "}},
		"streams in order":         {"print a\nprint b\nwarn c\nprint d", "ok", []string{"stream stdout a\nb\n", "stream stderr c\n", "stream stdout d\n"}},
		"a character in two parts": {"bytes", "ok", []string{"stream stdout €"}},
		"displays after text": {"print a\nshow x\nupdate y\nclear\nprint b", "ok", []string{
			"stream stdout a\n", "display_data map[text/html:x] map[display_id:d1]", "update_display_data map[text/html:y] map[display_id:d1]",
			"clear_output true", "stream stdout b\n"}},
		"result last": {"value 7\nprint a", "ok", []string{"stream stdout a\n", "execute_result 1 map[text/plain:7]"}},
		"no JSON": {"nan", "ok", []string{
			"stream stderr This output cannot be shown: encode the content of execute_result: json: unsupported value: NaN\n"}},
		"error last":  {"print a\nfail it", "error", []string{"stream stdout a\n", "error Failure it [1: it]"}},
		"plain error": {"break it", "error", []string{"error Error broken: it [Error: broken: it]"}},
	} {
		t.Run(name, func(t *testing.T) {
			k := start(t)
			e := k.execute(t, c.code)
			want := c.want
			if c.code != "" {
				want = append([]string{"execute_input 1 " + c.code}, want...)
			}
			if diff := cmp.Diff(want, brief(t, e)); diff != "" {
				t.Error(diff)
			}
			if got := reply[wire.ExecuteOK](t, e); got.Status != c.status {
				t.Errorf("status %q, want %q", got.Status, c.status)
			}
		})
	}
}

func TestPanicIsAnError(t *testing.T) {
	k := start(t)
	e := k.execute(t, "panic oh")
	if got := reply[wire.ExecuteFailed](t, e); got.Status != "error" || got.Name != "panic" || got.Value != "oh" {
		t.Errorf("got %+v", got)
	}
	if got := reply[wire.ExecuteOK](t, k.execute(t, "print still here")); got.Status != "ok" || got.Count != 2 {
		t.Errorf("after the panic: %+v", got)
	}
}

// TestCounting checks that the first cell is number 1 and which cells count.
func TestCounting(t *testing.T) {
	k := start(t)
	for i, c := range []struct {
		content map[string]any
		count   int
		outputs int
	}{
		{map[string]any{"code": "print a"}, 1, 2},
		{map[string]any{"code": "print a", "store_history": false}, 1, 2},
		{map[string]any{"code": "print a\nvalue 1\nfail x", "silent": true}, 1, 0},
		{map[string]any{"code": "  \n"}, 1, 1},
		{map[string]any{"code": "fail x"}, 2, 2},
		{map[string]any{"code": "print a"}, 3, 2},
	} {
		e := k.request(t, wire.ExecuteRequest, c.content)
		if got := reply[wire.ExecuteOK](t, e); got.Count != c.count || len(e.Outputs) != c.outputs {
			t.Errorf("cell %d: count %d and outputs %q, want %d and %d", i, got.Count, brief(t, e), c.count, c.outputs)
		}
	}
}

// TestFlushBarrier prints a lot just before the end: nothing may be missing at idle, and nothing may come twice.
func TestFlushBarrier(t *testing.T) {
	k := start(t)
	const n = 20_000
	var code strings.Builder
	for i := range n {
		fmt.Fprintln(&code, "print", i)
	}
	e := k.execute(t, code.String())
	var text strings.Builder
	for _, m := range e.Outputs[1:] {
		s, err := kerneltest.Decode[wire.StreamContent](m)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(s.Text)
	}
	if want := strings.ReplaceAll(code.String(), "print ", ""); text.String() != want {
		t.Errorf("%d bytes came, want %d", text.Len(), len(want))
	}
	if len(e.Outputs) > 200 {
		t.Errorf("%d messages for %d prints", len(e.Outputs), n)
	}
}

// TestLateOutput checks that what a goroutine writes after its cell still belongs to it.
func TestLateOutput(t *testing.T) {
	k := start(t)
	e := k.execute(t, "later")
	parent, err := e.Reply.ParentHeader()
	if err != nil {
		t.Fatal(err)
	}
	select {
	case m := <-k.IOPub:
		if got, _ := m.ParentHeader(); m.Header.Type != wire.Stream || got.ID != parent.ID {
			t.Errorf("%s of %q came, want stream of %q", m.Header.Type, got.ID, parent.ID)
		}
	case <-time.After(5 * time.Second):
		t.Error("nothing came")
	}
}

func TestUserExpressions(t *testing.T) {
	k := start(t)
	e := k.request(t, wire.ExecuteRequest, map[string]any{
		"code":             "print a",
		"user_expressions": map[string]string{"good": "value 7\nprint unseen", "bad": "fail it", "none": "print b"},
	})
	got := reply[struct {
		UserExpressions map[string]map[string]any `json:"user_expressions"`
	}](t, e).UserExpressions
	if got["good"]["status"] != "ok" || fmt.Sprint(got["good"]["data"]) != "map[text/plain:7]" {
		t.Errorf("good: %v", got["good"])
	}
	if got["bad"]["status"] != "error" || got["bad"]["evalue"] != "it" {
		t.Errorf("bad: %v", got["bad"])
	}
	if got["none"]["status"] != "error" {
		t.Errorf("none: %v", got["none"])
	}
	if len(e.Outputs) != 2 {
		t.Errorf("outputs %q: expressions must be silent", brief(t, e))
	}
}

func TestPages(t *testing.T) {
	k := start(t)
	got := reply[wire.ExecuteOK](t, k.execute(t, "page help"))
	want := []wire.Page{{Source: "page", Data: map[string]any{"text/plain": "help"}}}
	if diff := cmp.Diff(want, got.Payload); diff != "" {
		t.Error(diff)
	}
}

// TestAbort queues cells behind one that fails.
func TestAbort(t *testing.T) {
	for name, c := range map[string]struct {
		stop bool
		want []string
	}{
		"stop on error": {true, []string{"error", "aborted", "aborted", "ok"}},
		"go on":         {false, []string{"error", "ok", "ok", "ok"}},
	} {
		t.Run(name, func(t *testing.T) {
			k := start(t)
			var ids []string
			send := func(typ wire.Type, content map[string]any) {
				id, err := k.SendShell(typ, content)
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, id)
			}
			send(wire.ExecuteRequest, map[string]any{"code": "sleep 300ms\nfail it", "stop_on_error": c.stop})
			send(wire.ExecuteRequest, map[string]any{"code": "print a"})
			send(wire.ExecuteRequest, map[string]any{"code": "print b"})
			send(wire.KernelInfoRequest, map[string]any{}) // is answered whatever happens to cells
			var got []string
			for i, id := range ids {
				e, err := k.Collect(k.ctx, id, k.Shell)
				if err != nil {
					t.Fatal(err)
				}
				status := reply[wire.StatusOnly](t, e).Status
				got = append(got, status)
				if status == "aborted" && len(e.Outputs) != 0 {
					t.Errorf("aborted cell %d has outputs %q", i, brief(t, e))
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if got := reply[wire.ExecuteOK](t, k.execute(t, "print later")).Status; got != "ok" {
				t.Errorf("a cell sent after the failure: %s", got)
			}
		})
	}
}

// TestAbortInFlight has a cell fail at once, and sends others that are dated before and after the failure.
func TestAbortInFlight(t *testing.T) {
	k := start(t)
	before, err := wire.New(wire.ExecuteRequest, "s", "u", nil, map[string]any{"code": "print a"})
	if err != nil {
		t.Fatal(err)
	}
	k.execute(t, "fail it")
	owner, err := wire.NewSigner("", connection().Key)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := before.Frames(owner)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.SendRaw(frames...); err != nil {
		t.Fatal(err)
	}
	e, err := k.Collect(k.ctx, before.Header.ID, k.Shell)
	if err != nil {
		t.Fatal(err)
	}
	if got := reply[wire.StatusOnly](t, e).Status; got != "aborted" {
		t.Errorf("a cell that was on its way: %s", got)
	}
	if got := reply[wire.StatusOnly](t, k.execute(t, "print b")).Status; got != "ok" {
		t.Errorf("a cell sent after the failure: %s", got)
	}
}

func TestStdin(t *testing.T) {
	k := start(t)
	id, err := k.SendShell(wire.ExecuteRequest, map[string]any{"code": "print before\nask name?", "allow_stdin": true})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case m := <-k.Stdin:
		got, err := kerneltest.Decode[wire.InputContent](m)
		if err != nil || m.Header.Type != wire.InputRequest || got.Prompt != "name?" || !got.Password {
			t.Fatalf("%s %+v, %v", m.Header.Type, got, err)
		}
	case <-k.ctx.Done():
		t.Fatal("no input_request")
	}
	if _, err := k.SendStdin(wire.InputReply, map[string]any{"value": "Ada"}); err != nil {
		t.Fatal(err)
	}
	e, err := k.Collect(k.ctx, id, k.Shell)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"execute_input 1 print before\nask name?", "stream stdout before\n", "stream stdout got Ada"}
	if diff := cmp.Diff(want, brief(t, e)); diff != "" {
		t.Error(diff)
	}
	e = k.request(t, wire.ExecuteRequest, map[string]any{"code": "ask name?", "allow_stdin": false})
	if got := reply[wire.ExecuteFailed](t, e); !strings.Contains(got.Value, "allow_stdin") {
		t.Errorf("without stdin: %+v", got)
	}
}
