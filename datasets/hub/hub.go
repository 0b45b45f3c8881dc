// Package hub fetches data files by their name on the Hugging Face Hub, through
// go-huggingface, into the cache that it shares with that hub's other libraries
// on this machine.
//
// A file that is in the cache is used without asking the network. Every file is
// checked against the hash that the hub lists for it, each time: a damaged one
// is fetched again, and one that stays different is an error.
package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Environment variables that Options' zero value reads; those for models are
// the same.
const (
	EnvEndpoint = "HF_ENDPOINT"
	EnvToken    = "HF_TOKEN"
	EnvCache    = "HF_HUB_CACHE" // else hub below HF_HOME, else below the user's cache folder
	EnvHome     = "HF_HOME"
	EnvOffline  = "GODCPO_OFFLINE" // any value but "" and "0": never touch the network
)

// ErrOffline is wrapped by errors that say that a download would have been
// needed.
var ErrOffline = errors.New("downloads are switched off by " + EnvOffline)

// Options say where files come from and go to; the zero value asks the
// environment.
type Options struct {
	// Endpoint is the address of the hub or a mirror; "" for HF_ENDPOINT, else the
	// public hub.
	Endpoint string
	// Token for gated data sets; "" for HF_TOKEN. It goes to the hub and, where that
	// redirects to one, to its subdomains.
	Token string
	// Cache is the folder of the shared cache; "" as the variables say.
	Cache string
	// Offline forbids the network, as GODCPO_OFFLINE does.
	Offline bool
}

func (o Options) withDefaults() (Options, error) {
	if o.Endpoint == "" {
		o.Endpoint = os.Getenv(EnvEndpoint)
	}
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

// File returns the path of a source's file on this machine, from the cache or
// downloaded into it. Its errors tell a data set that does not exist or needs a
// token, a file it does not have (with those it has), and a file that is not
// what the hub promised.
func File(ctx context.Context, source Source, opts Options) (string, error) {
	path, err := Cached(source, opts)
	if err == nil || !errors.Is(err, errAbsent) {
		return path, err
	}
	if opts, err = opts.withDefaults(); err != nil {
		return "", err
	}
	if opts.Offline {
		return "", fmt.Errorf("%s is not in %s and must be downloaded: %w", source, opts.Cache, ErrOffline)
	}
	if path, err = download(ctx, source, opts); err != nil {
		return "", fmt.Errorf("download %s: %w", source, err)
	}
	return path, nil
}

// dataEndings are the formats that are looked for where no path is given.
var dataEndings = []string{".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv"}

// choose picks the file of a data set: the one asked for, its only data file,
// or the only one of its test split.
func choose(source Source, names []string) (string, error) {
	var all, tests []string
	for _, name := range names {
		if name == source.Path {
			return name, nil
		}
		base := strings.ToLower(filepath.Base(name))
		if strings.HasPrefix(base, ".") || base == "dataset_infos.json" || base == "dataset_info.json" || !hasEnding(base) {
			continue
		}
		all = append(all, name)
		if strings.Contains(strings.ToLower(name), "test") {
			tests = append(tests, name)
		}
	}
	listed := strings.Join(all[:min(len(all), 12)], ", ")
	if len(all) > 12 {
		listed += fmt.Sprintf(" and %d more", len(all)-12)
	}
	switch {
	case len(all) == 0:
		return "", fmt.Errorf("it has no data file in a format that is read (%s)", strings.Join(dataEndings, ", "))
	case source.Path != "":
		return "", fmt.Errorf("it has no file %q; its data files are %s", source.Path, listed)
	case len(all) == 1:
		return all[0], nil
	case len(tests) == 1:
		return tests[0], nil
	}
	return "", fmt.Errorf("it has several data files: write one of them behind a colon, as in %s:%s: %s", source.ID, all[0], listed)
}

func hasEnding(base string) bool {
	for _, ending := range dataEndings {
		if strings.HasSuffix(base, ending) {
			return true
		}
	}
	return false
}
