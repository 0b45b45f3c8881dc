package journal

import (
	"time"

	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Key tells answers apart.
type Key struct {
	Benchmark string `json:"benchmark"`
	Problem   string `json:"problem"`
	// Sample counts the answers to one problem from 0.
	Sample int `json:"sample"`
	// Prompt is what was appended to the question.
	Prompt verbal.Prompt `json:"prompt"`
	// Check marks the question whether the answer of the same key, without it, is true.
	Check bool `json:"check,omitempty"`
}

// Answer is what came of a request.
type Answer struct {
	Key
	// Settings is the hash of the settings it was asked with.
	Settings string `json:"settings"`
	// Seed is the one that was sent.
	Seed uint64 `json:"seed"`

	Text      string `json:"text"`
	Reasoning string `json:"reasoning,omitempty"` // what the server's reasoning parser took out of Text
	Refusal   string `json:"refusal,omitempty"`   // of servers that decline to answer
	// Tokens are the sampled ids; nil where the server tells none, and Names their texts then.
	Tokens []int32  `json:"token_ids"`
	Names  []string `json:"token_names,omitempty"`
	// LogProbs are the tokens', in nats. [number of tokens]
	LogProbs []float32 `json:"logprobs"`
	// First are the likeliest first tokens of the answer to a Check, best first.
	First []Alternative `json:"first,omitempty"`
	// Finish is why the response ended: "stop", "length", or another server's word.
	Finish  string `json:"finish_reason"`
	Stopped string `json:"stop_reason,omitempty"`

	PromptTokens   int       `json:"prompt_tokens"`
	ResponseTokens int       `json:"completion_tokens"`
	Endpoint       string    `json:"endpoint"`
	Attempts       int       `json:"attempts"`
	Seconds        float64   `json:"latency_s"` // of the last attempt
	At             time.Time `json:"at"`

	// Error says why there is no answer; "" where there is one. Status is the HTTP status of the last attempt, 0 where none came.
	Error  string `json:"error,omitempty"`
	Status int    `json:"status,omitempty"`
	// Final marks a request that the server refused for what it asks, so that asking again cannot help.
	Final bool `json:"final,omitempty"`
}

// Alternative is a token that a response could have begun with.
type Alternative struct {
	Text    string  `json:"text"`
	LogProb float32 `json:"logprob"` // in nats, under the model's own distribution
}

// Settled tells whether the request need not be put again: it was answered, or refused for good.
func (a *Answer) Settled() bool { return a.Error == "" || a.Final }

// Benchmark says where problems come from.
type Benchmark struct {
	Name    string `json:"name"`
	Source  string `json:"source,omitempty"`
	Licence string `json:"licence,omitempty"`
	Note    string `json:"note,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
	Size    int    `json:"size"` // problems in the whole benchmark
}

// Problem is a problem as it was asked.
type Problem struct {
	Benchmark string   `json:"benchmark"`
	ID        string   `json:"id"`
	Question  string   `json:"question"`
	Answer    string   `json:"answer"`
	Aliases   []string `json:"aliases,omitempty"`
	Choices   []string `json:"choices,omitempty"`
	Fact      bool     `json:"fact,omitempty"`
	Level     string   `json:"level,omitempty"`
}

// Asked is the problem in the form that can be graded.
func (p *Problem) Asked() datasets.Problem {
	return datasets.Problem{ID: p.ID, Question: p.Question, Answer: p.Answer, Aliases: p.Aliases, Choices: p.Choices, Fact: p.Fact, Level: p.Level}
}

// Run is one start of the evaluation and what it was to ask.
type Run struct {
	Began     time.Time       `json:"began"`
	Program   string          `json:"program"` // version
	Endpoints []string        `json:"endpoints"`
	Samples   int             `json:"samples"`
	Prompts   []verbal.Prompt `json:"prompts"`
	// Check tells that each answer was to be asked about as well.
	Check bool     `json:"check,omitempty"`
	Sets  []RunSet `json:"sets"`
}

// RunSet is a benchmark's part in a run: so many of its problems, from the first.
type RunSet struct {
	Benchmark string `json:"benchmark"`
	Problems  int    `json:"problems"`
}

// head is the first line.
type head struct {
	Version  int      `json:"version"`
	Settings Settings `json:"settings"`
}

// version of the format.
const version = 1

// line is a line of the file; one of its members is set.
type line struct {
	Head      *head      `json:"head,omitempty"`
	Run       *Run       `json:"run,omitempty"`
	Benchmark *Benchmark `json:"benchmark,omitempty"`
	Problem   *Problem   `json:"problem,omitempty"`
	Answer    *Answer    `json:"answer,omitempty"`
}
