package wire

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDecodeExecute(t *testing.T) {
	for content, want := range map[string]Execute{
		`{"code":"x"}`: {Code: "x", StoreHistory: true, AllowStdin: true, StopOnError: true},
		`{"code":"","silent":true,"store_history":true,"allow_stdin":false,"stop_on_error":false}`: {Silent: true},
		`{"code":"x","store_history":null,"user_expressions":{"a":"1"},"new_field":[]}`: {
			Code: "x", StoreHistory: true, AllowStdin: true, StopOnError: true, UserExpressions: map[string]string{"a": "1"}},
	} {
		got, err := DecodeExecute([]byte(content))
		if err != nil {
			t.Errorf("%s: %v", content, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", content, diff)
		}
	}
}

// TestDecodeRefuses checks that errors name the request and the field.
func TestDecodeRefuses(t *testing.T) {
	for _, c := range []struct {
		decode        func([]byte) error
		content, says string
	}{
		{execute, `{}`, `execute_request lacks the field "code"`},
		{execute, `{"code":1}`, `field "code" is a JSON number`},
		{execute, `{"code":"x","silent":"yes"}`, `field "silent" is a JSON string`},
		{execute, `{"code":"x","user_expressions":{"a":null}}`, `"user_expressions.a"`},
		{execute, `[]`, "no JSON object"},
		{complete, `{"cursor_pos":0}`, `complete_request lacks the field "code"`},
		{complete, `{"code":"x","cursor_pos":1.5}`, `field "cursor_pos"`},
		{history, `{}`, `"hist_access_type"`},
		{history, `{"hist_access_type":"some"}`, "want tail, range or search"},
		{comm, `{"comm_id":"1"}`, `"target_name"`},
		{comm, `{"target_name":"1"}`, `"comm_id"`},
		{inputReply, `{}`, `input_reply lacks the field "value"`},
	} {
		err := c.decode([]byte(c.content))
		if !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want it to say %q", c.content, err, c.says)
		}
	}
}

func execute(b []byte) error    { _, err := DecodeExecute(b); return err }
func complete(b []byte) error   { _, err := DecodeComplete(b); return err }
func history(b []byte) error    { _, err := DecodeHistory(b); return err }
func comm(b []byte) error       { _, err := DecodeComm(CommOpen, b); return err }
func inputReply(b []byte) error { _, err := DecodeInputReply(b); return err }

func TestCursors(t *testing.T) {
	for content, want := range map[string]int{
		`{"code":"aé€","cursor_pos":2}`:   2,
		`{"code":"aé€"}`:                  3,
		`{"code":"aé€","cursor_pos":99}`:  3,
		`{"code":"aé€","cursor_pos":-99}`: 0,
	} {
		got, err := DecodeInspect([]byte(content))
		if err != nil || got.Cursor != want {
			t.Errorf("%s: %d, %v, want %d", content, got.Cursor, err, want)
		}
	}
}
