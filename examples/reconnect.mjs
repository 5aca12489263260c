import { events } from "./sse.mjs";

const url = `${process.env.PAWSTREAM_URL ?? "http://127.0.0.1:8080"}/v1/chat/completions`;
const key = process.env.PAWSTREAM_API_KEY;

// answer yields the pieces of an answer, over as many connections as it takes. Each sends the same
// request: the Idempotency-Key makes it the same completion, Last-Event-ID tells how much of it is there.
async function* answer(question) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
  if (key) headers.Authorization = `Bearer ${key}`;
  const body = JSON.stringify({ model: "pet-advisor-1", stream: true, messages: [{ role: "user", content: question }] });
  for (let failures = 0; failures < 10; failures++) {
    const response = await fetch(url, { method: "POST", headers, body }).catch(() => null);
    if (response?.ok) {
      try {
        for await (const { id, data } of events(response.body)) {
          if (data === "[DONE]") return;
          const { choices, error } = JSON.parse(data);
          if (error) throw new Error(error.message); // the answer has failed: that is its end
          if (id) headers["Last-Event-ID"] = id;
          failures = 0;
          yield choices[0]?.delta.content ?? "";
        }
      } catch (err) {
        if (!(err instanceof TypeError)) throw err; // fetch's word for a lost connection
      }
    } else if (response && response.status !== 429 && response.status < 500) {
      throw new Error((await response.json()).error.message); // it would be refused again
    }
    const asked = Number(response?.headers.get("Retry-After") ?? 0) * 1000;
    const delay = Math.random() * Math.min(30_000, 250 * 2 ** failures); // so that not all come at once
    await new Promise((resolve) => setTimeout(resolve, Math.max(asked, delay)));
  }
  throw new Error("the server cannot be reached");
}

for await (const text of answer(process.argv[2] ?? "Which calm cats do you have?")) process.stdout.write(text);
console.log();
