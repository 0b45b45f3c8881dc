package evaluation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/vllm"
)

// Progress is how far a run is.
type Progress struct {
	// All is the number of requests of the evaluation; Before of them were settled when the run began.
	All, Before int
	// Answered, Refused and Failed are what became of this run's requests: Refused are those that the server will not answer as they are,
	// Failed those that got no answer and will be asked again by the next run.
	Answered, Refused, Failed int
	// Truncated of the answers were cut off by the length limit.
	Truncated int
	// Tokens of the answers.
	Tokens int
	// LastError is that of the latest request that got no answer.
	LastError string
}

// Told is the number of requests that something became of.
func (p Progress) Told() int { return p.Answered + p.Refused + p.Failed }

// Run asks what the journal does not hold yet, and returns once every request is answered or has failed for good. Requests that failed are no
// error: Progress counts them, and the next run asks them again. When ctx ends, what was answered is in the journal.
//
// It fails before it asks anything where an endpoint cannot be reached, does not serve the model, or takes too few tokens; and later where no
// endpoint answers any more, where one does not know the model or the API key, and where the first requests are all refused.
func Run(ctx context.Context, o Options) (Progress, error) {
	if err := o.Validate(); err != nil {
		return Progress{}, fmt.Errorf("evaluate: %w", err)
	}
	o = o.withDefaults()
	p, err := ask(ctx, o)
	if err != nil {
		return p, fmt.Errorf("evaluate %s: %w", o.Client.Model, err)
	}
	return p, nil
}

func ask(ctx context.Context, o Options) (_ Progress, err error) {
	client, err := vllm.New(o.Client)
	if err != nil {
		return Progress{}, err
	}
	defer client.Close()
	j, err := journal.Open(o.Dir, o.Settings)
	if err != nil {
		return Progress{}, err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	todo, err := newPlan(o, j)
	if err != nil {
		return Progress{}, err
	}
	r := &run{journal: j, client: client, told: o.Progress, trusted: j.Answered() > 0}
	if err := r.put(ctx, todo, o.Settings.MaxTokens); err != nil || !o.PTrue {
		return r.Progress, err
	}
	if todo, err = checks(o, j); err != nil {
		return r.Progress, err
	}
	return r.Progress, r.put(ctx, todo, 1)
}

// put puts what a plan leaves open; responses have so many new tokens at most.
func (r *run) put(ctx context.Context, todo *plan, newTokens int) error {
	r.plan = todo
	r.All, r.Before = r.All+todo.all, r.Before+todo.all-len(todo.keys)
	if len(todo.keys) == 0 {
		return nil
	}
	if err := check(ctx, r.client, newTokens); err != nil {
		return err
	}
	if err := r.journal.Begin(todo.run); err != nil {
		return err
	}
	r.report()
	err := r.client.Do(ctx, todo.requests, r.take)
	if err == nil && len(r.held) > 0 {
		err = r.refusal()
	}
	return err
}

// check asks the endpoints whether they serve the model, with room for the response.
func check(ctx context.Context, client *vllm.Client, newTokens int) error {
	most, err := client.Check(ctx)
	if err != nil {
		return err
	}
	if most > 0 && newTokens >= most {
		return fmt.Errorf("the server takes %d tokens of prompt and response together, so %d new ones leave no room for a prompt: allow fewer new tokens, or start the server with more",
			most, newTokens)
	}
	return nil
}

// run takes answers in.
type run struct {
	Progress
	client  *vllm.Client
	journal *journal.Journal
	plan    *plan
	told    func(Progress)
	// trusted is set once the server has answered anything. Until then refusals are held back: what it refuses may be the settings, not a problem.
	trusted bool
	held    []journal.Answer
}

// mostHeld is how many refusals before any answer end a run.
const mostHeld = 16

// take notes what became of a request.
func (r *run) take(i int, got vllm.Answer, err error) error {
	a := entry(r.plan.keys[i], r.plan.requests[i].Seed, got, err)
	switch {
	case err != nil && misdirected(a.Status):
		return fmt.Errorf("a server does not answer at all: %w", err)
	case err != nil:
		r.LastError = a.Error
		if a.Final {
			r.Refused++
		} else {
			r.Failed++
		}
	default:
		r.Answered++
		r.Tokens += max(len(got.LogProbs), got.ResponseTokens)
		if got.Finish == "length" && !a.Check {
			r.Truncated++
		}
	}
	r.trusted = r.trusted || err == nil
	ready := []journal.Answer{a}
	switch {
	case a.Final && !r.trusted:
		ready, r.held = nil, append(r.held, a)
		if len(r.held) == mostHeld {
			return r.refusal()
		}
	case r.trusted:
		ready, r.held = append(r.held, a), nil
	}
	for _, a := range ready {
		if err := r.journal.Append(a); err != nil {
			return err
		}
	}
	r.report()
	return nil
}

func (r *run) report() {
	if r.told != nil {
		r.told(r.Progress)
	}
}

// refusal is the error of a run of which every request was refused.
func (r *run) refusal() error {
	return fmt.Errorf("the server refused each of the first %d requests, and answered none: %s", len(r.held), r.held[0].Error)
}

// misdirected tells of statuses that every request would get.
func misdirected(status int) bool {
	return slices.Contains([]int{http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed}, status) ||
		status >= 300 && status < 400
}

// entry is a request's line in the journal.
func entry(k journal.Key, seed uint64, got vllm.Answer, err error) journal.Answer {
	if err == nil && k.Check {
		return journal.Answer{Key: k, Seed: seed, Text: got.Text, First: first(&got), Finish: got.Finish, PromptTokens: got.PromptTokens,
			ResponseTokens: got.ResponseTokens, Endpoint: got.Endpoint, Attempts: got.Attempts, Seconds: got.Latency.Seconds()}
	}
	if err == nil {
		return journal.Answer{Key: k, Seed: seed, Text: got.Text, Reasoning: got.Reasoning, Refusal: got.Refusal, Tokens: got.Tokens, Names: got.Names,
			LogProbs: got.LogProbs, Finish: got.Finish, Stopped: got.Stopped, PromptTokens: got.PromptTokens, ResponseTokens: got.ResponseTokens,
			Endpoint: got.Endpoint, Attempts: got.Attempts, Seconds: got.Latency.Seconds()}
	}
	a := journal.Answer{Key: k, Seed: seed, Error: err.Error()}
	var fault *vllm.Error
	if errors.As(err, &fault) {
		a.Status, a.Endpoint, a.Attempts, a.Final = fault.Status, fault.Endpoint, fault.Attempts, !fault.Retryable()
	}
	return a
}
