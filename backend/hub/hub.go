// Package hub finds models by their name on the Hugging Face Hub: in that hub's cache on this machine, which is shared with
// transformers, vLLM and others, or by downloading them into it.
//
// Only what a model needs is fetched: configuration, safetensors weights, tokenizer and chat template. Broken transfers resume,
// every file is checked against the hash that the hub lists for it before it appears under its name, and a revision that is in
// the cache completely is used without asking the network. The layout of the cache and the HTTP interface are as documented
// by the hub's own Python library.
package hub

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// Environment variables that Options' zero value reads.
const (
	EnvEndpoint = "HF_ENDPOINT"    // address of the hub or a mirror
	EnvToken    = "HF_TOKEN"       // access token for private and gated models
	EnvCache    = "HF_HUB_CACHE"   // the cache; else hub below HF_HOME, else below the user's cache folder
	EnvHome     = "HF_HOME"        // the folder that holds the cache
	EnvOffline  = "GODCPO_OFFLINE" // any value but "" and "0": never touch the network
)

// ErrOffline is wrapped by errors that say that a download would have been needed.
var ErrOffline = errors.New("downloads are switched off by " + EnvOffline)

const defaultEndpoint = "https://huggingface.co"

// Options say where models come from and go to; the zero value asks the environment.
type Options struct {
	// Endpoint is the address of the hub; empty takes HF_ENDPOINT, else the public hub.
	Endpoint string
	// Token for private and gated models; empty takes HF_TOKEN. It goes to Endpoint and to no other host.
	Token string
	// Cache is the folder of the shared cache; empty takes HF_HUB_CACHE, else HF_HOME/hub, else ~/.cache/huggingface/hub.
	Cache string
	// Offline forbids the network, as GODCPO_OFFLINE does.
	Offline bool
}

func (o Options) withDefaults() (Options, error) {
	if o.Endpoint == "" {
		o.Endpoint = os.Getenv(EnvEndpoint)
	}
	if o.Endpoint == "" {
		o.Endpoint = defaultEndpoint
	}
	o.Endpoint = strings.TrimRight(o.Endpoint, "/")
	if o.Token == "" {
		o.Token = os.Getenv(EnvToken)
	}
	if v := os.Getenv(EnvOffline); v != "" && v != "0" {
		o.Offline = true
	}
	if o.Cache == "" {
		o.Cache = os.Getenv(EnvCache)
	}
	if home := os.Getenv(EnvHome); o.Cache == "" && home != "" {
		o.Cache = filepath.Join(home, "hub")
	}
	if o.Cache == "" {
		home := os.Getenv("XDG_CACHE_HOME")
		if home == "" {
			user, err := os.UserHomeDir()
			if err != nil {
				return o, fmt.Errorf("find the hub's cache: %w: set %s", err, EnvHome)
			}
			home = filepath.Join(user, ".cache")
		}
		o.Cache = filepath.Join(home, "huggingface", "hub")
	}
	return o, nil
}

// Dir returns the directory of a model: the one in the cache when it is complete there, else it is downloaded. A model that does
// not exist, one that needs a token, one without safetensors weights, and a file that is not what the hub promised are errors
// that say so.
func Dir(ctx context.Context, name Name, opt Options) (string, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return "", err
	}
	repo := repository{root: filepath.Join(opt.Cache, "models--"+name.Owner+"--"+name.Model), name: name}
	if dir, ok := repo.find(); ok {
		return dir, nil
	}
	if opt.Offline {
		return "", fmt.Errorf("%s is not (completely) in %s and must be downloaded: %w", name, opt.Cache, ErrOffline)
	}
	d := downloader{repo: repo, client: newClient(opt, http.DefaultTransport), locks: filepath.Join(opt.Cache, ".locks", filepath.Base(repo.root))}
	dir, err := d.run(ctx)
	if err != nil {
		return "", fmt.Errorf("download %s: %w", name, err)
	}
	return dir, nil
}
