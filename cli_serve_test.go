package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// A server says where it listens, answers only with its key, and ends by itself when it is interrupted.
func TestServe(t *testing.T) {
	cmd := withDevices(t, "serve", "--model", shared(t, "fixtures", "models", "qwen3_tiny"), "--port", "0", "--max-num-seqs", "2", "--served-model-name", "tiny")
	cmd.Env = append(cmd.Env, apiKeyVariable+"=secret")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill() // harmless once it has ended
	address, said := make(chan string, 1), make(chan string, 1)
	go func() {
		var text strings.Builder
		serving := regexp.MustCompile(`serving tiny on (http://127\.0\.0\.1:\d+)`)
		for scan := bufio.NewScanner(stderr); scan.Scan(); {
			text.WriteString(scan.Text() + "\n")
			if found := serving.FindStringSubmatch(scan.Text()); found != nil {
				address <- found[1]
			}
		}
		said <- text.String()
	}()
	var url string
	select {
	case url = <-address:
	case text := <-said:
		t.Fatalf("the server ended: %s", text)
	case <-time.After(2 * time.Minute):
		t.Fatal("the server did not start")
	}
	ask := func(key string) (int, map[string]any) {
		request, err := http.NewRequest(http.MethodPost, url+"/v1/completions", strings.NewReader(`{"model":"tiny","prompt":[5,6,7],"max_tokens":3,"temperature":0}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+key)
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		raw, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		var answer map[string]any
		if err := json.Unmarshal(raw, &answer); err != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		return response.StatusCode, answer
	}
	if status, answer := ask("wrong"); status != http.StatusUnauthorized {
		t.Errorf("a wrong key: status %d, %v", status, answer)
	}
	status, answer := ask("secret")
	usage, _ := answer["usage"].(map[string]any)
	if status != http.StatusOK || usage["completion_tokens"] != 3.0 {
		t.Errorf("status %d, %v", status, answer)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Skipf("this system cannot interrupt a process: %v", err)
	}
	text := <-said
	if err := cmd.Wait(); err != nil {
		t.Errorf("after an interrupt: %v\n%s", err, text)
	}
}
