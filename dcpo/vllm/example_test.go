package vllm_test

import (
	"context"
	"fmt"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/dcpo/vllm"
	"github.com/dcpo-go/godcpo/dcpo/vllm/vllmtest"
)

func ExampleClient_Do() {
	server := vllmtest.New(vllmtest.Options{Faults: map[vllmtest.Fault]float64{vllmtest.Reset: 0.2}})
	defer server.Close()
	client, err := vllm.New(vllm.Options{Endpoints: []string{server.URL}, Model: "tiny", Backoff: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	requests := make([]vllm.Request, 100)
	for i := range requests {
		requests[i] = vllm.Request{
			Messages: []tokenizer.Message{{Role: "user", Content: fmt.Sprint("What is 7 + ", i, "?")}},
			Sampling: engine.Sampling{Temperature: 0.7, TopP: 0.8, TopK: 20, PresencePenalty: 1.5, MaxNewTokens: 3000, Seed: uint64(i)},
		}
	}
	answered := 0
	err = client.Do(context.Background(), requests, func(i int, a vllm.Answer, err error) error {
		if err != nil {
			fmt.Println("request", i, err) // it got no answer for good; the others go on
			return nil
		}
		answered++ // keep what is needed of a
		return nil
	})
	fmt.Println(answered, err)
	// Output: 100 <nil>
}
