package verbal

import "fmt"

// Policy says which stated confidence counts and what numbers are accepted. Its
// values are those of the setting confidence.policy. The zero value is Last.
type Policy string

const (
	// Last reads the last stated confidence, strictly: the whole number must be
	// readable and lie in [0, 1]; otherwise the response has no confidence. A
	// model that mentions the line while it reasons is judged by its last word.
	Last Policy = "last"

	// Reference reads what the released DCPO code reads: the first match of its
	// pattern, whatever follows the digits and however large the number is
	// ("95%" is 95, "0,85" is 0). Use it to reproduce that code only.
	Reference Policy = "reference"
)

// Validate reports whether p names a policy; the empty string does (Last).
func (p Policy) Validate() error {
	switch p {
	case "", Last, Reference:
		return nil
	}
	return fmt.Errorf("confidence policy %q is unknown: use %q or %q", string(p), string(Last), string(Reference))
}

// SpanMode says where the confidence span starts. Its values are those of the
// setting confidence.span. The zero value is SpanLine.
type SpanMode string

const (
	// SpanLine starts the span at the first byte of "CONFIDENCE:".
	SpanLine SpanMode = "line"
	// SpanNumber starts the span at the first byte of the number.
	SpanNumber SpanMode = "number"
)

// Validate reports whether m names a span mode; the empty string does (SpanLine).
func (m SpanMode) Validate() error {
	switch m {
	case "", SpanLine, SpanNumber:
		return nil
	}
	return fmt.Errorf("confidence span %q is unknown: use %q or %q", string(m), string(SpanLine), string(SpanNumber))
}
