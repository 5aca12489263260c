import { events } from "./sse.mjs";

// ask calls show with each piece of the answer as it comes, and returns the whole.
export async function ask(question, show, { url = "", key, signal } = {}) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ model: "pet-advisor-1", stream: true, messages: [{ role: "user", content: question }] }),
    signal,
  });
  if (!response.ok) throw new Error((await response.json()).error.message);
  let answer = "";
  for await (const { data } of events(response.body)) {
    signal?.throwIfAborted(); // nothing is shown any more, even if it has come already
    if (data === "[DONE]") return answer;
    const { choices, error } = JSON.parse(data);
    if (error) throw new Error(error.message);
    const text = choices[0]?.delta.content ?? "";
    answer += text;
    show(text);
  }
  throw new Error("the connection is lost"); // without [DONE] it is not the whole answer
}
