package display

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"image"
	"image/png"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"
)

// maxText bounds the plain text made from one value, in bytes; a longer one is
// cut with a note.
const maxText = 64 << 10

// FromValue returns how v is shown, nil for a nil value; there is always plain
// text beside a richer form. In this order: a [Bundle] or [Bundler]; error;
// image.Image; the bytes of a PNG, JPEG, GIF or SVG file; JSON ([]byte as
// json.RawMessage); tables ([][]string with its header first, slices of structs,
// of pointers to structs or of maps with string keys); plots of gonum; tensors of
// GoMLX with their shape and some values; matrices; fmt.Stringer; strings as they
// are; maps and long structs as tables that unfold; everything else in the form
// of fmt's %+v, with pointers followed. What is too long is cut with a note. A
// panic of a method is shown, not passed on.
func FromValue(v any) (b *Bundle) {
	if isNil(v) {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			b = text(fmt.Sprintf("a %T, which cannot be shown: %v", v, p))
		}
	}()
	switch v := v.(type) {
	case *Bundle:
		return v
	case Bundle:
		return &v
	case Bundler:
		return fromBundler(v)
	case error:
		return fromError(v)
	case image.Image:
		b := imageBundle(v)
		return &b
	case json.RawMessage:
		b := jsonBundle(v)
		return &b
	case []byte:
		return fromBytes(v)
	case [][]string:
		return table(v)
	case tensor:
		return fromTensor(v)
	case matrix:
		return fromMatrix(v)
	}
	if b := fromPlot(v); b != nil {
		return b
	}
	switch v := v.(type) {
	case fmt.Stringer:
		return text(v.String())
	case string:
		return text(v)
	}
	rv := reflect.ValueOf(v)
	for _, rows := range []func(reflect.Value) [][]string{structRows, mapRows} {
		if rows := rows(rv); rows != nil {
			return table(rows)
		}
	}
	b = text(format(rv))
	if markup := richer(rv, b.Text()); markup != "" {
		b.Data[MIMEHTML] = markup
	}
	return b
}

// richer is the markup of a value beside its plain text, "" for none.
func richer(v reflect.Value, line string) string {
	if r, c, at := grid(v); r > 1 {
		markup, _ := numbers(r, c, at).Data[MIMEHTML].(string)
		return markup
	}
	return tree(v, line)
}

// fromError shows an error so that it is seen.
func fromError(err error) *Bundle {
	b := text(err.Error())
	b.Data[MIMEHTML] = `<pre style="border-left:4px solid #d9534f;padding-left:.6em">` + html.EscapeString(b.Text()) + "</pre>"
	return b
}

// isNil reports nil itself and nil pointers, which methods may not survive.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	rv := reflect.ValueOf(v)
	return rv.Kind() == reflect.Pointer && rv.IsNil()
}

func text(s string) *Bundle {
	if len(s) > maxText {
		cut := maxText
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = fmt.Sprintf("%s\n… (%d bytes more)", s[:cut], len(s)-cut)
	}
	return &Bundle{Data: map[string]any{MIMEText: s}}
}

// fromBundler takes a copy of the bundle with binary content in base64 and a
// plain text form added where there is none.
func fromBundler(v Bundler) *Bundle {
	content := v.MIMEBundle()
	b := &Bundle{Data: make(map[string]any, len(content)+1)}
	for kind, value := range content {
		if raw, ok := value.([]byte); ok {
			b.Data[kind] = binaryOrText(kind, raw)
			continue
		}
		b.Data[kind] = value
	}
	if _, ok := b.Data[MIMEText]; !ok {
		b.Data[MIMEText] = fmt.Sprintf("<%T>", v)
	}
	return b
}

func binaryOrText(kind string, raw []byte) string {
	if strings.HasPrefix(kind, "text/") || kind == MIMESVG {
		return string(raw)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func fromBytes(raw []byte) *Bundle {
	head := bytes.TrimSpace(raw[:min(len(raw), 512)])
	if bytes.HasPrefix(head, []byte("<svg")) || bytes.HasPrefix(head, []byte("<?xml")) && bytes.Contains(head, []byte("<svg")) {
		return &Bundle{Data: map[string]any{MIMESVG: string(raw), MIMEText: "<SVG drawing>"}}
	}
	switch kind := http.DetectContentType(raw); kind {
	case MIMEPNG, MIMEJPEG, MIMEGIF:
		b := pictureBundle(kind, raw)
		return &b
	}
	if utf8.Valid(raw) {
		return text(string(raw))
	}
	return text(fmt.Sprintf("%d bytes: % x", len(raw), raw[:min(len(raw), 64)]))
}

// maxPicture bounds the bytes of a picture: pages and notebooks with larger ones
// cannot be worked with.
const maxPicture = 32 << 20

func pictureBundle(kind string, file []byte) Bundle {
	if len(file) > maxPicture {
		return *text(fmt.Sprintf("a picture (%s) of %d MB is not shown: make it smaller or write it to a file", kind, len(file)>>20))
	}
	return Bundle{Data: map[string]any{
		kind:     base64.StdEncoding.EncodeToString(file),
		MIMEText: fmt.Sprintf("<%s, %d bytes>", kind, len(file)),
	}}
}

func imageBundle(img image.Image) Bundle {
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		return *text("display.Image: " + err.Error())
	}
	return pictureBundle(MIMEPNG, file.Bytes())
}

func jsonBundle(encoded []byte) Bundle {
	var value any
	if err := json.Unmarshal(encoded, &value); err != nil {
		return *text("display.JSON: " + err.Error())
	}
	return Bundle{Data: map[string]any{MIMEJSON: value, MIMEText: string(encoded)}}
}
