package server

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/wire"
)

// kernelInfo answers a kernel_info_request.
func (s *Server) kernelInfo(request) any {
	version := s.version
	if version == "" {
		version = "devel"
	}
	language := strings.TrimPrefix(runtime.Version(), "go")
	return wire.KernelInfo{
		Status:                wire.OK,
		ProtocolVersion:       wire.ProtocolVersion,
		Implementation:        "godcpo",
		ImplementationVersion: version,
		LanguageInfo: wire.LanguageInfo{
			Name:           "go",
			Version:        language,
			MIMEType:       "text/x-go",
			FileExtension:  ".go",
			PygmentsLexer:  "go",
			CodeMirrorMode: "go",
		},
		Banner: fmt.Sprintf("godcpo %s: Go %s in notebook cells, with DCPO training, evaluation and calibration plots", version, language),
		HelpLinks: []wire.HelpLink{
			{Text: "The Go language", URL: "https://go.dev/ref/spec"},
			{Text: "Go packages", URL: "https://pkg.go.dev/std"},
			{Text: "Decoupled Calibration Policy Optimization", URL: "https://arxiv.org/abs/2603.09117"},
		},
		SupportedFeatures: []string{},
	}
}
