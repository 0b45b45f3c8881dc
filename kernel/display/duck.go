package display

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Values of other modules are known by their methods, so that this package does
// not import them.

// plot is a figure of gonum/plot. Lengths are points.
const (
	plotMethod = "WriterTo"
	plotWidth  = 420.0
	plotHeight = 280.0
)

// fromPlot draws a value with the method of gonum's *plot.Plot as SVG and PNG,
// nil if it has none.
func fromPlot(v any) *Bundle {
	method := reflect.ValueOf(v).MethodByName(plotMethod)
	if !method.IsValid() {
		return nil
	}
	t := method.Type()
	if t.NumIn() != 3 || t.NumOut() != 2 || t.In(0).Kind() != reflect.Float64 || t.In(0) != t.In(1) || t.In(2).Kind() != reflect.String ||
		!t.Out(0).Implements(reflect.TypeFor[io.WriterTo]()) || !t.Out(1).Implements(reflect.TypeFor[error]()) {
		return nil
	}
	draw := func(kind string) ([]byte, error) {
		size := func(x float64) reflect.Value { return reflect.ValueOf(x).Convert(t.In(0)) }
		out := method.Call([]reflect.Value{size(plotWidth), size(plotHeight), reflect.ValueOf(kind)})
		if err, _ := out[1].Interface().(error); err != nil {
			return nil, err
		}
		var file bytes.Buffer
		_, err := out[0].Interface().(io.WriterTo).WriteTo(&file)
		return file.Bytes(), err
	}
	svg, err := draw("svg")
	if err != nil {
		return text(fmt.Sprintf("the plot cannot be drawn: %v", err))
	}
	png, err := draw("png")
	if err != nil {
		return text(fmt.Sprintf("the plot cannot be drawn: %v", err))
	}
	document := string(svg)
	if at := strings.Index(document, "<svg"); at > 0 {
		document = document[at:]
	}
	return &Bundle{Data: map[string]any{MIMESVG: document, MIMEPNG: base64.StdEncoding.EncodeToString(png), MIMEText: "<plot>"}}
}

// tensor is GoMLX's *tensors.Tensor.
type tensor interface {
	Ok() bool
	Size() int
	Summary(precision int) string
}

// maxTensor bounds the elements of a tensor that is brought to the host to be
// shown.
const maxTensor = 1 << 26

// fromTensor shows the shape and some of the values.
func fromTensor(t tensor) *Bundle {
	shape := fmt.Sprint(shapeOf(t))
	switch {
	case !t.Ok():
		return text("tensor whose values have been given up (finalized or donated)")
	case t.Size() > maxTensor:
		return text(fmt.Sprintf("tensor %s, too large to be shown", shape))
	}
	const precision = 4
	return text(fmt.Sprintf("tensor %s\n%s", shape, t.Summary(precision)))
}

func shapeOf(t tensor) any {
	method := reflect.ValueOf(t).MethodByName("Shape")
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 1 {
		return ""
	}
	return method.Call(nil)[0].Interface()
}

// matrix is what gonum's matrices are.
type matrix interface {
	Dims() (rows, columns int)
	At(i, j int) float64
}

// fromMatrix shows a matrix as a table of its upper left part.
func fromMatrix(m matrix) *Bundle {
	r, c := m.Dims()
	b := numbers(r, c, func(i, j int) string { return fmt.Sprintf("%.4g", m.At(i, j)) })
	return &b
}

// maxSide bounds the rows and columns of a matrix that are shown.
const maxSide = 30

// numbers is a table with the numbers of rows and columns.
func numbers(r, c int, at func(i, j int) string) Bundle {
	rows := [][]string{{fmt.Sprintf("%d × %d", r, c)}}
	columns := min(c, maxSide)
	for j := range columns {
		rows[0] = append(rows[0], fmt.Sprint(j))
	}
	if c > columns {
		rows[0] = append(rows[0], "…")
	}
	for i := range min(r, maxSide) {
		row := []string{fmt.Sprint(i)}
		for j := range columns {
			row = append(row, at(i, j))
		}
		rows = append(rows, row)
	}
	if r > maxSide {
		rows = append(rows, []string{"…"})
	}
	return Bundle{Data: map[string]any{MIMEText: tableText(rows), MIMEHTML: tableHTML(rows)}}
}
