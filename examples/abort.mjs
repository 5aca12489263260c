import { events } from "./sse.mjs";

const url = `${process.env.PAWSTREAM_URL ?? "http://127.0.0.1:8080"}/v1/chat/completions`;
const key = process.env.PAWSTREAM_API_KEY;
const headers = { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) };

const controller = new AbortController();
process.once("SIGINT", () => controller.abort()); // Ctrl-C; on a page, its Stop button

let id;
try {
  const response = await fetch(url, {
    method: "POST", headers, signal: controller.signal,
    body: JSON.stringify({
      model: "pet-advisor-1", stream: true,
      messages: [{ role: "user", content: process.argv[2] ?? "What should I know before adopting a cat?" }],
    }),
  });
  if (!response.ok) throw new Error((await response.json()).error.message);
  id = response.headers.get("X-Completion-Id");
  for await (const { data } of events(response.body)) {
    if (data === "[DONE]") break;
    const { choices, error } = JSON.parse(data);
    if (error) throw new Error(error.message);
    process.stdout.write(choices[0]?.delta.content ?? "");
  }
  console.log();
} catch (err) {
  if (!controller.signal.aborted) throw err;
  // A reader that leaves may come back: the answer goes on for a while unless it is cancelled.
  if (id) await fetch(`${url}/${id}/cancel`, { method: "POST", headers });
  console.log("\n(stopped)");
}
