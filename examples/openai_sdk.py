import os
import sys

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("PAWSTREAM_URL", "http://127.0.0.1:8080") + "/v1",
    api_key=os.environ.get("PAWSTREAM_API_KEY", "none"),
)
question = sys.argv[1] if len(sys.argv) > 1 else "Which calm cats do you have?"
stream = client.chat.completions.create(
    model="pet-advisor-1",
    stream=True,
    messages=[{"role": "user", "content": question}],
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
print()
