package calibration

import (
	"bytes"
	"encoding/json"
	"math"
)

const distinctKey = "distinct_confidences"

// appendFields adds fields to the end of a JSON object, in their order.
func appendFields(object []byte, fields ...jsonField) ([]byte, error) {
	out := bytes.NewBuffer(bytes.TrimSuffix(object, []byte("}")))
	for _, f := range fields {
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, err
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.WriteString(`"` + f.key + `":`)
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// jsonField is a field of an object; the key needs no escape.
type jsonField struct {
	key   string
	value any
}

// jsonFields are the measures, flat beside those of the Summary; none of nil.
func (f *Further) jsonFields() (fields []jsonField) {
	if f == nil {
		return nil
	}
	for k, value := range f.fields() {
		fields = append(fields, jsonField{furtherNames[k].key, number(*value)})
	}
	return append(fields, jsonField{distinctKey, f.Distinct})
}

// jsonFields are the intervals, flat beside those of the Summary's measures; none of nil.
func (f *FurtherIntervals) jsonFields() (fields []jsonField) {
	if f == nil {
		return nil
	}
	for k, interval := range f.fields() {
		fields = append(fields, jsonField{furtherNames[k].key, *interval})
	}
	return fields
}

// readFurther reads the measures of an object; nil where it has none of them.
func readFurther(object map[string]json.RawMessage) (*Further, error) {
	f, found := &Further{}, false
	for k, field := range f.fields() {
		value := number(math.NaN())
		if raw, ok := object[furtherNames[k].key]; ok {
			found = true
			if err := json.Unmarshal(raw, &value); err != nil {
				return nil, err
			}
		}
		*field = float64(value)
	}
	if raw, ok := object[distinctKey]; ok {
		found = true
		if err := json.Unmarshal(raw, &f.Distinct); err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, nil
	}
	return f, nil
}

// readFurtherIntervals reads the intervals of an object; nil where it has none of them.
func readFurtherIntervals(object map[string]json.RawMessage) (*FurtherIntervals, error) {
	f, found := &FurtherIntervals{}, false
	for k, field := range f.fields() {
		*field = undefined
		if raw, ok := object[furtherNames[k].key]; ok {
			found = true
			if err := json.Unmarshal(raw, field); err != nil {
				return nil, err
			}
		}
	}
	if !found {
		return nil, nil
	}
	return f, nil
}
