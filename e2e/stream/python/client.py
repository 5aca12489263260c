"""A client of Pawstream from Python's standard library alone.

It is told where the API is by one argument of JSON, and prints one line of JSON for
each check.
"""

import http.client
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

INPUT = json.loads(sys.argv[1])
BASE, BROKEN, MODEL = INPUT["base"], INPUT["broken"], INPUT["model"]
PATH = "/v1/chat/completions"


class StreamError(Exception):
    """The error that a stream ended with."""


def body(**members):
    """Returns the body of a request for a stream."""
    asked = {
        "model": MODEL,
        "messages": [{"role": "user", "content": INPUT["question"]}],
        "stream": True,
        "stream_options": {"include_usage": True},
        **members,
    }
    return json.dumps(asked).encode()


def connect(url):
    return http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=30)


def events(response):
    """Yields (id, data) of each event. What is not ended by a blank line is dropped."""
    last_id, data = "", []
    for line in response:
        field, _, value = line.decode().rstrip("\r\n").partition(":")
        value = value.removeprefix(" ")
        if field == "id":
            last_id = value
        elif field == "data":
            data.append(value)
        elif field == "" and value == "" and data:
            yield last_id, "\n".join(data)
            data = []


def read(url, last_id=None, **members):
    """Asks, or goes on after an event, and yields events until the connection ends."""
    connection = connect(url)
    headers = {"Content-Type": "application/json"}
    if last_id:
        headers["Last-Event-ID"] = last_id
    try:
        connection.request("POST", PATH, body(**members), headers)
        response = connection.getresponse()
        if response.status != 200:
            raise StreamError(f"{response.status} {response.read().decode()}")
        yield from events(response)
    finally:
        connection.close()


def stream(url, **members):
    """Yields the chunks of an answer, over as many connections as it takes."""
    last_id, attempts = None, 0
    while True:
        try:
            for last_id, data in read(url, last_id, **members):
                if data == "[DONE]":
                    return
                chunk = json.loads(data)
                if "error" in chunk:
                    raise StreamError(chunk["error"]["message"])
                attempts = 0
                yield chunk
        except (OSError, http.client.HTTPException):
            pass
        attempts += 1  # a clean end without [DONE] is no end either
        if attempts > 5:
            raise StreamError("the connection is lost")


def answer(url):
    """Adds a stream up."""
    text, reason, usage = "", None, None
    for chunk in stream(url, max_tokens=INPUT["max_tokens"]):
        usage = chunk["usage"] or usage
        for choice in chunk["choices"]:
            text += choice["delta"].get("content", "")
            reason = choice["finish_reason"] or reason
    counts = {name: usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")}
    return {"text": text, "finish_reason": reason, "usage": counts}


def get(completion):
    with urllib.request.urlopen(f"{BASE}{PATH}/{completion}", timeout=30) as response:
        return json.load(response)


def unknown_model():
    """An error before the stream, by urllib."""
    request = urllib.request.Request(BASE + PATH, body(model="gpt-4o"), {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as err:
        told = json.load(err)["error"]
        return {"status": err.code, **told}
    return {}


def cancelled():
    """An error in the stream: it is cancelled from another connection."""
    try:
        for number, chunk in enumerate(stream(BASE)):
            if number == 0:
                urllib.request.urlopen(f"{BASE}{PATH}/{chunk['id']}/cancel", b"", timeout=30).close()
    except StreamError as err:
        return {"message": str(err)}
    return {}


def left():
    """The client leaves half-way, and wants the answer to end there."""
    chunks = read(BASE, on_disconnect="cancel")
    first_id, _ = next(chunks)
    chunks.close()
    completion, late = first_id.rpartition(".")[0], time.monotonic() + 1
    while (status := get(completion)["status"]) != "cancelled" and time.monotonic() < late:
        pass
    return {"status": status}


for name, check in {
    "stream": lambda: answer(BASE),
    "cut": lambda: answer(BROKEN),
    "unknown model": unknown_model,
    "cancelled": cancelled,
    "left": left,
}.items():
    print(json.dumps({"check": name, **check()}), flush=True)
