"""Reads an answer by urllib, in lines as str.splitlines has them."""
import sys
import urllib.request

request = urllib.request.Request(sys.argv[1], sys.stdin.buffer.read(), {"Content-Type": "application/json"})
with urllib.request.urlopen(request) as response:
    print("id", response.headers["X-Completion-Id"])
    stream = response.headers.get_content_type() == "text/event-stream"
    for read in response:
        for line in read.decode().splitlines():
            if not stream:
                print("data", line)
            elif line.startswith("data: "):
                print("data", line[len("data: "):], flush=True)
