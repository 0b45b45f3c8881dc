package serve

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
)

// TestOpenAIClient runs testdata/openai_client.py against a server.
func TestOpenAIClient(t *testing.T) {
	python := fixture.Python(t, "openai")
	e := &fakeEngine{}
	opt := letterOptions(t, e)
	opt.APIKey = "secret"
	e.script = saying(opt.Tokenizer, "one two")
	s, stop := run(t, opt)
	out, err := exec.CommandContext(t.Context(), python, "testdata/openai_client.py", "http://"+s.Addr()+"/v1", "secret").CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "ok" {
		t.Errorf("%v: %s", err, out)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
