import json
import os
import sys
import urllib.error
import urllib.request

URL = os.environ.get("PAWSTREAM_URL", "http://127.0.0.1:8080") + "/v1/chat/completions"
HEADERS = {"Content-Type": "application/json"}
if key := os.environ.get("PAWSTREAM_API_KEY"):
    HEADERS["Authorization"] = "Bearer " + key


def events(lines):
    """Yields the data of each event. What has no blank line at its end is dropped."""
    data = []
    for line in lines:
        field, _, value = line.decode().rstrip("\r\n").partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif field == value == "" and data:
            yield "\n".join(data)
            data = []


def ask(question):
    """Yields the pieces of the answer as they come."""
    messages = [{"role": "user", "content": question}]
    body = json.dumps({"model": "pet-advisor-1", "stream": True, "messages": messages})
    with urllib.request.urlopen(urllib.request.Request(URL, body.encode(), HEADERS), timeout=60) as response:
        for data in events(response):
            if data == "[DONE]":
                return
            chunk = json.loads(data)
            if "error" in chunk:
                raise RuntimeError(chunk["error"]["message"])
            for choice in chunk["choices"]:
                yield choice["delta"].get("content", "")
    raise ConnectionError("the connection is lost")  # without [DONE] it is not the whole answer


try:
    for text in ask(sys.argv[1] if len(sys.argv) > 1 else "Which calm cats do you have?"):
        print(text, end="", flush=True)
    print()
except urllib.error.HTTPError as refused:
    sys.exit(json.load(refused)["error"]["message"])
