package serve

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestOpenAIClient runs testdata/openai_client.py against a server.
func TestOpenAIClient(t *testing.T) {
	python := os.Getenv("GODCPO_TEST_PYTHON")
	if python == "" {
		t.Skip("GODCPO_TEST_PYTHON names no Python: the official OpenAI client is not at hand")
	}
	if out, err := exec.Command(python, "-c", "import openai").CombinedOutput(); err != nil {
		t.Skipf("%s has no package openai: %s", python, out)
	}
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
