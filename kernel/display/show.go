package display

import (
	"encoding/json"
	"image"
)

// HTML shows markup, as it is.
func HTML(markup string) {
	Show(Bundle{Data: map[string]any{MIMEHTML: markup, MIMEText: plainOf(markup)}})
}

// Markdown shows Markdown, formulas between dollars included.
func Markdown(text string) {
	Show(Bundle{Data: map[string]any{MIMEMarkdown: text, MIMEText: text}})
}

// LaTeX shows a formula; give it with its delimiters, as $e^x$.
func LaTeX(text string) {
	Show(Bundle{Data: map[string]any{MIMELaTeX: text, MIMEText: text}})
}

// Text shows plain text as an output of its own, beside what is printed.
func Text(text string) {
	Show(Bundle{Data: map[string]any{MIMEText: text}})
}

// SVG shows a drawing given as the text of an SVG document.
func SVG(document string) {
	Show(Bundle{Data: map[string]any{MIMESVG: document, MIMEText: "<SVG drawing>"}})
}

// PNG shows the content of a PNG file.
func PNG(file []byte) { Show(pictureBundle(MIMEPNG, file)) }

// Image shows a picture, encoded as PNG.
func Image(img image.Image) { Show(imageBundle(img)) }

// JSON shows a value as a tree that can be unfolded. A value that has no JSON
// form is shown as the reason why.
func JSON(v any) {
	encoded, err := json.Marshal(v)
	if err != nil {
		Text("display.JSON: " + err.Error())
		return
	}
	Show(jsonBundle(encoded))
}

// Value shows any value in the best form known for it, see [FromValue]. A nil
// value shows as <nil>.
func Value(v any) {
	b := FromValue(v)
	if b == nil {
		b = &Bundle{Data: map[string]any{MIMEText: "<nil>"}}
	}
	Show(*b)
}
