package wire

import "fmt"

// History is the content of a history_request.
type History struct {
	// Access is "tail", "range" or "search".
	Access string
	// Output asks for each cell's result beside its code.
	Output bool
	// Session of a range: positive as given in earlier replies, 0 this one, negative so many before it.
	Session int
	// Start and Stop bound a range of lines, half open; Stop 0 means to the end.
	Start, Stop int
	// N is how many of the last cells are wanted; 0 means all.
	N int
	// Pattern of a search: * stands for any text and ? for one character; it covers the whole cell.
	Pattern string
	// Unique keeps only the last of equal cells.
	Unique bool
}

// DecodeHistory reads the content of a history_request.
func DecodeHistory(content []byte) (History, error) {
	var raw struct {
		Access  string `json:"hist_access_type"`
		Output  bool   `json:"output"`
		Session int    `json:"session"`
		Start   int    `json:"start"`
		Stop    *int   `json:"stop"`
		N       *int   `json:"n"`
		Pattern string `json:"pattern"`
		Unique  bool   `json:"unique"`
	}
	if err := decode(HistoryRequest, content, &raw); err != nil {
		return History{}, err
	}
	h := History{Access: raw.Access, Output: raw.Output, Session: raw.Session, Start: raw.Start, Pattern: raw.Pattern, Unique: raw.Unique}
	if raw.Stop != nil {
		h.Stop = *raw.Stop
	}
	if raw.N != nil {
		h.N = max(*raw.N, 0)
	}
	switch h.Access {
	case "tail", "range", "search":
		return h, nil
	case "":
		return History{}, missing(HistoryRequest, "hist_access_type")
	}
	return History{}, fmt.Errorf("%w: %s: hist_access_type is %q, want tail, range or search", ErrMalformed, HistoryRequest, h.Access)
}
