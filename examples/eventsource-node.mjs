import { EventSource } from "eventsource";

const url = `${process.env.PAWSTREAM_URL ?? "http://127.0.0.1:8080"}/v1/chat/completions`;
const key = process.env.PAWSTREAM_API_KEY;
const authorization = key ? { Authorization: `Bearer ${key}` } : {};

// Somebody asks; whoever has the same key and knows the id can follow.
const response = await fetch(url, {
  method: "POST",
  headers: { "Content-Type": "application/json", ...authorization },
  body: JSON.stringify({
    model: "pet-advisor-1", stream: true,
    messages: [{ role: "user", content: process.argv[2] ?? "Which calm cats do you have?" }],
  }),
});
if (!response.ok) throw new Error((await response.json()).error.message);
const id = response.headers.get("X-Completion-Id");
await response.body.cancel();

const source = new EventSource(`${url}/${id}`, {
  fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...authorization } }),
});
source.onmessage = ({ data }) => {
  if (data === "[DONE]") {
    source.close();
    console.log();
    return;
  }
  const { choices, error } = JSON.parse(data);
  if (error) {
    source.close();
    console.error(error.message);
    process.exitCode = 1;
    return;
  }
  process.stdout.write(choices[0]?.delta.content ?? "");
};
source.onerror = ({ code, message }) => {
  if (source.readyState !== EventSource.CLOSED) return; // it reconnects, with Last-Event-ID
  console.error(`refused: ${code} ${message}`);
  process.exitCode = 1;
};
