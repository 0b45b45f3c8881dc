package display

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
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

// FromValue returns how v is shown, nil for a nil value. In this order: a
// [Bundle] or [Bundler]; error; image.Image; the bytes of a PNG, JPEG, GIF or
// SVG file; JSON ([]byte as json.RawMessage); tables ([][]string with its
// header first, slices of structs or of pointers to structs); fmt.Stringer;
// strings as they are; everything else in fmt's %+v form.
func FromValue(v any) *Bundle {
	if isNil(v) {
		return nil
	}
	switch v := v.(type) {
	case *Bundle:
		return v
	case Bundle:
		return &v
	case Bundler:
		return fromBundler(v)
	case error:
		return text(v.Error())
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
	case fmt.Stringer:
		return text(v.String())
	case string:
		return text(v)
	}
	if rows := structRows(reflect.ValueOf(v)); rows != nil {
		return table(rows)
	}
	return text(fmt.Sprintf("%+v", v))
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

func pictureBundle(kind string, file []byte) Bundle {
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
