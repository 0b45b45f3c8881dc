package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Execute is the content of an execute_request.
type Execute struct {
	Code string
	// Silent asks for no output on iopub and forces StoreHistory to be false.
	Silent bool
	// StoreHistory counts the cell and keeps it in the history; true where the request does not say.
	StoreHistory bool
	// UserExpressions maps a name to an expression that is evaluated after the code.
	UserExpressions map[string]string
	// AllowStdin says that the client answers input_request; true where the request does not say.
	AllowStdin bool
	// StopOnError aborts the cells that are already queued when this one fails; true where the request does not say.
	StopOnError bool
}

// DecodeExecute reads the content of an execute_request. Only the code is required.
func DecodeExecute(content []byte) (Execute, error) {
	var raw struct {
		Code            *string            `json:"code"`
		Silent          bool               `json:"silent"`
		StoreHistory    *bool              `json:"store_history"`
		UserExpressions map[string]*string `json:"user_expressions"`
		AllowStdin      *bool              `json:"allow_stdin"`
		StopOnError     *bool              `json:"stop_on_error"`
	}
	if err := decode(ExecuteRequest, content, &raw); err != nil {
		return Execute{}, err
	}
	if raw.Code == nil {
		return Execute{}, missing(ExecuteRequest, "code")
	}
	e := Execute{
		Code:         *raw.Code,
		Silent:       raw.Silent,
		StoreHistory: or(raw.StoreHistory, true) && !raw.Silent,
		AllowStdin:   or(raw.AllowStdin, true),
		StopOnError:  or(raw.StopOnError, true),
	}
	if len(raw.UserExpressions) > 0 {
		e.UserExpressions = make(map[string]string, len(raw.UserExpressions))
		for name, expression := range raw.UserExpressions {
			if expression == nil {
				return Execute{}, missing(ExecuteRequest, "user_expressions."+name)
			}
			e.UserExpressions[name] = *expression
		}
	}
	return e, nil
}

// Inspect is the content of an inspect_request.
type Inspect struct {
	Code   string
	Cursor int // offset in code points, within the code
	Detail int // 0, or 1 for more
}

// DecodeInspect reads the content of an inspect_request. A cursor that is absent stands at the end of the code.
func DecodeInspect(content []byte) (Inspect, error) {
	var raw struct {
		Code   *string `json:"code"`
		Cursor *int    `json:"cursor_pos"`
		Detail int     `json:"detail_level"`
	}
	if err := decode(InspectRequest, content, &raw); err != nil {
		return Inspect{}, err
	}
	cursor, err := cursorIn(InspectRequest, raw.Code, raw.Cursor)
	if err != nil {
		return Inspect{}, err
	}
	return Inspect{Code: *raw.Code, Cursor: cursor, Detail: raw.Detail}, nil
}

// Complete is the content of a complete_request.
type Complete struct {
	Code   string
	Cursor int // offset in code points, within the code
}

// DecodeComplete reads the content of a complete_request. A cursor that is absent stands at the end of the code.
func DecodeComplete(content []byte) (Complete, error) {
	var raw struct {
		Code   *string `json:"code"`
		Cursor *int    `json:"cursor_pos"`
	}
	if err := decode(CompleteRequest, content, &raw); err != nil {
		return Complete{}, err
	}
	cursor, err := cursorIn(CompleteRequest, raw.Code, raw.Cursor)
	if err != nil {
		return Complete{}, err
	}
	return Complete{Code: *raw.Code, Cursor: cursor}, nil
}

// DecodeIsComplete reads the code of an is_complete_request.
func DecodeIsComplete(content []byte) (code string, err error) {
	var raw struct {
		Code *string `json:"code"`
	}
	if err := decode(IsCompleteRequest, content, &raw); err != nil {
		return "", err
	}
	if raw.Code == nil {
		return "", missing(IsCompleteRequest, "code")
	}
	return *raw.Code, nil
}

// DecodeShutdown reads whether a shutdown_request asks for a restart.
func DecodeShutdown(content []byte) (restart bool, err error) {
	var raw struct {
		Restart bool `json:"restart"`
	}
	err = decode(ShutdownRequest, content, &raw)
	return raw.Restart, err
}

// DecodeInputReply reads the line that answers an input_request.
func DecodeInputReply(content []byte) (value string, err error) {
	var raw struct {
		Value *string `json:"value"`
	}
	if err := decode(InputReply, content, &raw); err != nil {
		return "", err
	}
	if raw.Value == nil {
		return "", missing(InputReply, "value")
	}
	return *raw.Value, nil
}

// decode fills into from the content of a message of type t; a value of the wrong JSON type is an error, fields that are not known are let pass.
func decode(t Type, content []byte, into any) error {
	if !isObject(content) {
		return fmt.Errorf("%w: the content of %s is no JSON object", ErrMalformed, t)
	}
	err := json.Unmarshal(content, into)
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return fmt.Errorf("%w: %s: field %q is a JSON %s", ErrMalformed, t, strings.TrimPrefix(mismatch.Field, "."), mismatch.Value)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrMalformed, t, err)
	}
	return nil
}

func missing(t Type, field string) error {
	return fmt.Errorf("%w: %s lacks the field %q", ErrMalformed, t, field)
}

// cursorIn returns the cursor in code points, clipped to the code.
func cursorIn(t Type, code *string, cursor *int) (int, error) {
	if code == nil {
		return 0, missing(t, "code")
	}
	end := len([]rune(*code))
	if cursor == nil {
		return end, nil
	}
	return min(max(*cursor, 0), end), nil
}

func or(p *bool, otherwise bool) bool {
	if p == nil {
		return otherwise
	}
	return *p
}
