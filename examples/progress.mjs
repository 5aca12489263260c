import { events } from "./sse.mjs";

const key = process.env.PAWSTREAM_API_KEY;
const response = await fetch(`${process.env.PAWSTREAM_URL ?? "http://127.0.0.1:8080"}/v1/chat/completions`, {
  method: "POST",
  headers: { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) },
  body: JSON.stringify({
    model: "pet-advisor-1", stream: true, stream_options: { include_events: true },
    messages: [{ role: "user", content: process.argv[2] ?? "Which calm cats do you have?" }],
  }),
});
if (!response.ok) throw new Error((await response.json()).error.message);
for await (const { event, data } of events(response.body)) {
  if (event === "done") {
    console.log();
    break;
  }
  const content = JSON.parse(data);
  if (event === "progress") console.error(`(${content.stage})`);
  else if (event === "error") throw new Error(content.error.message);
  else process.stdout.write(content.choices[0]?.delta.content ?? "");
}
