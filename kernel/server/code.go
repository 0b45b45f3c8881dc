package server

import (
	"unicode/utf8"

	"github.com/dcpo-go/godcpo/kernel/wire"
)

// isComplete answers an is_complete_request.
func (s *Server) isComplete(r request) any {
	code, err := wire.DecodeIsComplete(r.Content)
	if err != nil {
		return malformed(err)
	}
	status, indent := s.runner.IsComplete(code)
	return wire.IsCompleteOK{Status: status, Indent: indent}
}

// complete answers a complete_request.
func (s *Server) complete(r request) any {
	c, err := wire.DecodeComplete(r.Content)
	if err != nil {
		return malformed(err)
	}
	found := s.runner.Complete(c.Code, byteOffset(c.Code, c.Cursor))
	matches := found.Matches
	if matches == nil {
		matches = []string{}
	}
	return wire.CompleteOK{
		Status:   wire.OK,
		Matches:  matches,
		Start:    pointOffset(c.Code, found.Start),
		End:      pointOffset(c.Code, found.End),
		Metadata: map[string]any{},
	}
}

// inspect answers an inspect_request. Where the runner knows no documentation, nothing is found.
func (s *Server) inspect(r request) any {
	i, err := wire.DecodeInspect(r.Content)
	if err != nil {
		return malformed(err)
	}
	reply := wire.InspectOK{Status: wire.OK, Data: map[string]any{}, Metadata: map[string]any{}}
	inspector, ok := s.runner.(Inspector)
	if !ok {
		return reply
	}
	if bundle, found := inspector.Inspect(i.Code, byteOffset(i.Code, i.Cursor), i.Detail); found {
		content := displayContent(bundle)
		reply.Found, reply.Data, reply.Metadata = true, content.Data, content.Metadata
	}
	return reply
}

// byteOffset turns an offset in code points, as the protocol counts, into one in bytes.
func byteOffset(code string, points int) int {
	for i := range code {
		if points == 0 {
			return i
		}
		points--
	}
	return len(code)
}

// pointOffset turns an offset in bytes into one in code points.
func pointOffset(code string, bytes int) int {
	return utf8.RuneCountInString(code[:min(max(bytes, 0), len(code))])
}
