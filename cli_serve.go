package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/spf13/cobra"
)

// apiKeyVariable is the environment variable with the key that clients must send.
const apiKeyVariable = "GODCPO_API_KEY"

func newServe() *cobra.Command {
	var model modelFlags
	var opt backend.ServeOptions
	var host string
	var port int
	var names []string
	cmd := &cobra.Command{
		Use:   "serve --model DIR [--host 127.0.0.1] [--port 8000]",
		Short: "Serve a model over HTTP, as OpenAI's clients expect it",
		Long: `serve answers /v1/chat/completions, /v1/completions, /v1/models, /tokenize, /detokenize, /health, /version and /metrics, as vLLM does, until it is
interrupted; requests under way may then end.

Only this machine can reach it unless --host says otherwise. With --api-key (or ` + apiKeyVariable + `, which other users of the machine cannot see), clients must
send the key as a bearer token.`,
		Example: `  godcpo serve --model models/SmolLM2-135M-Instruct --port 8000
  curl -s localhost:8000/v1/completions -H 'Content-Type: application/json' -d '{"prompt": "The capital of France is", "max_tokens": 5, "temperature": 0}'`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if port < 0 || port > 65535 || opt.Slots < 0 || opt.MaxQueue < 0 {
				return usageError(errors.New("serve: --port must be 0 to 65535, --max-num-seqs and --max-queue must not be negative"))
			}
			p := newProgress(cmd.ErrOrStderr(), model.quiet)
			m, err := model.open(cmd.Context(), cmd, p)
			if err != nil {
				return err
			}
			defer m.Release()
			if len(names) == 0 {
				names = []string{filepath.Base(model.name)}
			}
			if opt.APIKey == "" {
				opt.APIKey = os.Getenv(apiKeyVariable)
			}
			opt.Name, opt.Aliases, opt.Addr, opt.Version = names[0], names[1:], net.JoinHostPort(host, strconv.Itoa(port)), buildVersion()
			s, err := m.Serve(opt)
			if err != nil {
				return err
			}
			p.say("serving %s on %s", s.Name, s.URL)
			return s.Wait(cmd.Context())
		},
	}
	model.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&host, "host", "127.0.0.1", "address to listen on; 0.0.0.0 lets other machines in")
	flags.IntVar(&port, "port", 8000, "port to listen on; 0 takes a free one and says which")
	flags.StringVar(&opt.APIKey, "api-key", "", "key that clients must send (or "+apiKeyVariable+")")
	flags.StringSliceVar(&names, "served-model-name", nil, "what clients call the model; the first name is the one in answers (default: the last part of --model)")
	flags.IntVar(&opt.MaxModelLen, "max-model-len", 0, "tokens of prompt and response together at most (default: the model's positions)")
	flags.IntVar(&opt.Slots, "max-num-seqs", 0, "responses decoded at once, each step as dear as all of them (default: 64 a device, on CPU 8)")
	flags.IntVar(&opt.MaxQueue, "max-queue", 0, "responses that may wait for their turn; more are refused (default 1024)")
	return cmd
}
