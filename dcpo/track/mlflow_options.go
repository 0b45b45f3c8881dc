package track

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"
)

// Where MLflow's own clients look, too. The token is taken from nowhere else, so that it ends in no file of the run.
const (
	mlflowURIVariable   = "MLFLOW_TRACKING_URI"
	mlflowTokenVariable = "MLFLOW_TRACKING_TOKEN"
)

// MLflowOptions says where and how a run is logged to MLflow. The zero value takes the server from MLFLOW_TRACKING_URI.
type MLflowOptions struct {
	// URI is the server, such as http://127.0.0.1:5000; "" stands for the environment's MLFLOW_TRACKING_URI. Credentials have no
	// place in it: the token is read from MLFLOW_TRACKING_TOKEN.
	URI string
	// Experiment is made where there is none of that name; "" stands for "godcpo".
	Experiment string
	// Run is the run's name; "" leaves it to the server.
	Run string
	// Queue is the number of steps that wait while the server does not answer; what comes then is dropped. 0 stands for 1,000.
	Queue int
	// Timeout bounds one request; 0 stands for 10 s. Patience bounds how long Close goes on trying; 0 stands for 15 s.
	Timeout, Patience time.Duration
	// Logger takes warnings; nil stands for slog's default.
	Logger *slog.Logger
}

// Validate reports all faults at once. It looks at the environment where URI is empty.
func (o MLflowOptions) Validate() error {
	_, err := o.server()
	faults := []error{err}
	if o.Queue < 0 {
		faults = append(faults, fmt.Errorf("MLflow queue of %d steps: use at least 1, or 0 for 1,000", o.Queue))
	}
	if o.Timeout < 0 || o.Patience < 0 {
		faults = append(faults, fmt.Errorf("MLflow time-out %v and patience %v: use times of at least 0", o.Timeout, o.Patience))
	}
	return errors.Join(faults...)
}

// server is the base of the server's addresses.
func (o MLflowOptions) server() (*url.URL, error) {
	uri, from := o.URI, "MLflow URI"
	if uri == "" {
		uri, from = os.Getenv(mlflowURIVariable), mlflowURIVariable
	}
	if uri == "" {
		return nil, fmt.Errorf("MLflow: no server is named: set %s, such as http://127.0.0.1:5000", mlflowURIVariable)
	}
	u, err := url.Parse(strings.TrimRight(uri, "/"))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s is not a URL", from) // the cause would quote it, with what secrets may be in it
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%s has the scheme %q: only servers at http:// or https:// can be logged to; \"mlflow server\" starts one", from, u.Scheme)
	case u.User != nil:
		return nil, fmt.Errorf("%s holds credentials, which would end in files and logs: put a token in %s", from, mlflowTokenVariable)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s has a query or a fragment: use the server's address alone", from)
	}
	return u, nil
}

func (o MLflowOptions) withDefaults() MLflowOptions {
	if o.Experiment == "" {
		o.Experiment = "godcpo"
	}
	if o.Queue == 0 {
		o.Queue = 1000
	}
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 15 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
