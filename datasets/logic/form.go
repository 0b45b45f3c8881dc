package logic

import (
	"errors"
	"fmt"
	"strings"
)

// Form checks that the response has <think>…</think> and then
// <answer>…</answer>, each tag once; other text, such as a CONFIDENCE line, may
// stand around them. The error says everything that is amiss.
func Form(response string) error {
	var faults []error
	last, ordered := -1, true
	for _, tag := range []string{"<think>", "</think>", "<answer>", "</answer>"} {
		if n := strings.Count(response, tag); n != 1 {
			faults = append(faults, fmt.Errorf("expected %s once, found it %d times", tag, n))
			continue
		}
		at := strings.Index(response, tag)
		ordered = ordered && at > last
		last = at
	}
	if !ordered {
		faults = append(faults, errors.New("expected the tags in the order <think>, </think>, <answer>, </answer>"))
	}
	return errors.Join(faults...)
}
