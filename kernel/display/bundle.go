package display

import (
	"fmt"
	"sort"
)

// MIME types a bundle commonly holds.
const (
	MIMEText     = "text/plain"
	MIMEHTML     = "text/html"
	MIMEMarkdown = "text/markdown"
	MIMELaTeX    = "text/latex"
	MIMESVG      = "image/svg+xml"
	MIMEPNG      = "image/png"
	MIMEJPEG     = "image/jpeg"
	MIMEGIF      = "image/gif"
	MIMEJSON     = "application/json"
)

// A Bundler knows how it is shown. MIMEBundle maps MIME types to content as the
// Jupyter protocol has it: strings for text and SVG, []byte or base64 strings
// for other pictures, JSON values for application/json. Any package may
// implement it without importing this one.
type Bundler interface {
	MIMEBundle() map[string]any
}

// Bundle is one display: the same content in several MIME types, of which the
// front end picks the richest it can show.
type Bundle struct {
	Data     map[string]any // MIME type → content; binary content is base64
	Metadata map[string]any // MIME type → hints such as width; may be nil
	ID       string         // display_id; "" when it is never updated
	Update   bool           // replaces the content of the display with this ID
}

// Text returns the plain text of the bundle, or a note of what it holds when it
// has none.
func (b Bundle) Text() string {
	if s, ok := b.Data[MIMEText].(string); ok {
		return s
	}
	if s, ok := b.Data[MIMEMarkdown].(string); ok {
		return s
	}
	kinds := make([]string, 0, len(b.Data))
	for kind := range b.Data {
		kinds = append(kinds, kind)
	}
	sort.Strings(kinds)
	return fmt.Sprintf("<%v>", kinds)
}

// WithText returns the bundle with a plain text form added where it has none:
// that of its markup, or a note of what it holds.
func WithText(b Bundle) Bundle {
	if _, ok := b.Data[MIMEText]; ok || len(b.Data) == 0 {
		return b
	}
	out := b
	out.Data = map[string]any{MIMEText: b.plain()}
	for kind, content := range b.Data {
		out.Data[kind] = content
	}
	return out
}

// plain is a text for a bundle that has none.
func (b Bundle) plain() string {
	if markup, ok := b.Data[MIMEHTML].(string); ok {
		return plainOf(markup)
	}
	for _, kind := range []string{MIMEMarkdown, MIMELaTeX} {
		if text, ok := b.Data[kind].(string); ok {
			return text
		}
	}
	return b.Text()
}
