package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
)

// apiError is an error as clients see it.
type apiError struct {
	status  int
	kind    string // the field type, which names the status
	message string
	param   string // the request's field at fault, "" for none
}

// Error implements error.
func (e *apiError) Error() string { return e.message }

// MarshalJSON writes the body of the answer.
func (e *apiError) MarshalJSON() ([]byte, error) {
	var param *string
	if e.param != "" {
		param = &e.param
	}
	type body struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    int     `json:"code"`
	}
	return json.Marshal(struct {
		Error body `json:"error"`
	}{body{e.message, e.kind, param, e.status}})
}

// badRequest is an error of the request as a whole.
func badRequest(format string, args ...any) *apiError {
	return &apiError{status: http.StatusBadRequest, kind: "BadRequestError", message: fmt.Sprintf(format, args...)}
}

// badField is an error of one field, which the message names with its value; value nil leaves the value out.
func badField(field string, value any, format string, args ...any) *apiError {
	e := badRequest(format, args...)
	e.param = field
	if value == nil {
		e.message += fmt.Sprintf(" (parameter=%s)", field)
	} else {
		e.message += fmt.Sprintf(" (parameter=%s, value=%v)", field, value)
	}
	return e
}

// notFound is an error about a name nothing goes by.
func notFound(param, format string, args ...any) *apiError {
	return &apiError{status: http.StatusNotFound, kind: "NotFoundError", message: fmt.Sprintf(format, args...), param: param}
}

// asAPIError turns any error into one for clients. What is not theirs to know stays in the log.
func asAPIError(err error, log *slog.Logger) *apiError {
	var known *apiError
	if errors.As(err, &known) {
		return known
	}
	log.Error("request failed", "error", err)
	return &apiError{status: http.StatusInternalServerError, kind: "InternalServerError", message: "The model failed to answer; the server's log says why."}
}

// gone tells whether an error only says that nobody waits for the answer any more.
func gone(ctx context.Context, err error) bool { return ctx.Err() != nil && errors.Is(err, ctx.Err()) }

// broken tells whether an error is the engine's, and not that a request was given up.
func broken(err error) bool {
	return err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}
