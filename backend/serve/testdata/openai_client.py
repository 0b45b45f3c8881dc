"""Talks to a server with the official OpenAI client: python openai_client.py BASE_URL KEY. The model says "one two" whatever it is asked."""
import sys

import openai

url, key = sys.argv[1:]
client = openai.OpenAI(base_url=url, api_key=key, max_retries=0)
hello = [{"role": "user", "content": "hello"}]

models = client.models.list().data
assert [m.id for m in models] == ["tiny"], models
assert client.models.retrieve("tiny").id == "tiny"

chat = client.chat.completions.create(model="tiny", messages=hello, n=2, seed=1, max_tokens=20, logprobs=True, top_logprobs=2)
assert [c.message.content for c in chat.choices] == ["one two"] * 2, chat
assert chat.choices[0].finish_reason == "length" and chat.choices[0].message.role == "assistant", chat
entry = chat.choices[0].logprobs.content[0]
assert (entry.token, entry.logprob, entry.bytes, len(entry.top_logprobs)) == ("o", -0.5, [111], 2), entry
assert chat.usage.completion_tokens == 14 and chat.usage.total_tokens == chat.usage.prompt_tokens + 14, chat.usage

text, usage, roles, finishes = "", None, [], []
stream = client.chat.completions.create(model="tiny", messages=hello, stream=True, stop=[" two"], stream_options={"include_usage": True})
for chunk in stream:
    for choice in chunk.choices:
        text += choice.delta.content or ""
        roles += [choice.delta.role] if choice.delta.role else []
        finishes += [choice.finish_reason] if choice.finish_reason else []
    usage = chunk.usage or usage
assert (text, roles, finishes) == ("one", ["assistant"], ["stop"]), (text, roles, finishes)
assert usage.completion_tokens == 7, usage

extra = {"top_k": 5, "min_p": 0.1, "return_token_ids": True, "chat_template_kwargs": {"enable_thinking": False}}
assert client.chat.completions.create(model="tiny", messages=hello, extra_body=extra).choices[0].token_ids

done = client.completions.create(model="tiny", prompt=["a", "b"], max_tokens=3, logprobs=1, echo=False)
assert [c.text for c in done.choices] == ["one", "one"], done
assert done.choices[1].logprobs.tokens == ["o", "n", "e"] and done.choices[1].logprobs.text_offset == [0, 1, 2], done
assert "".join(c.choices[0].text for c in client.completions.create(model="tiny", prompt="a", stream=True)) == "one two"


def refused(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


error = refused(openai.NotFoundError, lambda: client.chat.completions.create(model="other", messages=hello))
assert error.param == "model" and "other" in error.message, error
refused(openai.BadRequestError, lambda: client.chat.completions.create(model="tiny", messages=hello, temperature=-1))
refused(openai.BadRequestError, lambda: client.chat.completions.create(model="tiny", messages=hello, tools=[{"type": "function", "function": {"name": "f"}}]))
stranger = openai.OpenAI(base_url=url, api_key="wrong", max_retries=0)
refused(openai.AuthenticationError, lambda: stranger.models.list())
print("ok")
