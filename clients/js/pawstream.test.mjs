// The client against a server that does everything to a stream that a network, a proxy and a deploy do.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { client, events, PawstreamError } from "./pawstream.js";

const id = "chatcmpl-A";
const said = ["Ein ", "Käfer 🐞", "\r\n", "läuft", " fort."];
const whole = said.join("");
const frame = (n, data, more = "") => `data: ${data}\n${more}id: ${id}.${n}\n\n`;
const chunk = (content, extra = {}) => JSON.stringify({ id, object: "chat.completion.chunk", choices: [{ index: 0, delta: { content, ...extra }, finish_reason: null }] });
const frames = [frame(0, chunk("", { role: "assistant" }), "retry: 1\n"), ...said.map((text, i) => frame(i + 1, chunk(text))), frame(said.length + 1, "[DONE]")];
const sse = { "Content-Type": "text/event-stream", "X-Completion-Id": id };
const refusal = (code, type, message = code) => JSON.stringify({ error: { code, type, message } });

/** Serves by respond(request, response, n), n counting the requests, and keeps what was asked. */
async function serve(t, respond) {
  const asked = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    asked.push({ method: request.method, path: request.url, headers: request.headers, body });
    respond(request, response, asked.length - 1);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.closeAllConnections() || server.close());
  return { url: `http://127.0.0.1:${server.address().port}`, asked };
}

/** The frames that a reader still lacks. */
const left = ({ headers }) => frames.slice(headers["last-event-id"] ? Number(headers["last-event-id"].split(".")[1]) + 1 : 0);
const all = (request, response) => response.writeHead(200, sse).end(left(request).join(""));
const fails = (status, body, headers = {}) => (request, response) => response.writeHead(status, headers).end(body);
const steps = (...each) => (request, response, n) => (each[n] ?? each.at(-1))(request, response);

test("an answer, its pieces and its state", async (t) => {
  const { url, asked } = await serve(t, all);
  const answer = client({ url: url + "/", key: () => "secret" }).ask("?");
  const pieces = [];
  for await (const { text } of answer) pieces.push(text);
  assert.deepEqual(pieces, ["", ...said]);
  assert.equal(answer.state.cursor, `${id}.${said.length + 1}`);
  assert.equal(asked[0].headers.authorization, "Bearer secret");
  assert.equal(asked[0].headers["idempotency-key"], answer.state.key);
  assert.deepEqual(JSON.parse(asked[0].body), { model: "pet-advisor-1", messages: [{ role: "user", content: "?" }], stream: true });
});

test("a connection that is cut after each byte", async (t) => {
  const bytes = Buffer.from(frames.join(""));
  const { url } = await serve(t, (request, response) => {
    if (request.method === "GET" || request.headers["last-event-id"]) return all(request, response);
    response.writeHead(200, { "Content-Type": "text/event-stream" }); // whoever has no id yet asks again by the key
    const after = Number(request.headers["idempotency-key"]);
    if (again.has(after)) return response.end(bytes);
    again.add(after);
    response.write(bytes.subarray(0, after), () => setImmediate(() => response.destroy()));
  });
  const again = new Set();
  const { ask } = client({ url });
  const wave = 200; // many at a time: each waits for its next try
  for (let from = 0; from < bytes.length; from += wave) {
    await Promise.all(Array.from({ length: Math.min(wave, bytes.length - from) }, async (_, i) => {
      assert.equal(await ask("?", { key: String(from + i) }).text(), whole, `cut after ${from + i} bytes`);
    }));
  }
});

test("pieces of one byte", async (t) => {
  const { url } = await serve(t, async (request, response) => {
    response.writeHead(200, sse);
    for (const byte of Buffer.from(frames.join(""))) {
      response.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    response.end();
  });
  assert.equal(await client({ url }).ask("?").text(), whole);
});

test("a server that is not there at first, is draining, limits, and a proxy without it", async (t) => {
  const { url, asked } = await serve(t, steps(
    (request) => request.socket.destroy(),
    fails(502, "<html>Bad Gateway</html>", { "Content-Type": "text/html" }),
    fails(503, refusal("overloaded", "server_error"), { "Retry-After-Ms": "20" }),
    fails(429, refusal("rate_limit_exceeded", "rate_limit_error"), { "Retry-After": "1" }),
    all,
  ));
  const waits = [];
  const began = performance.now();
  assert.equal(await client({ url, onState: (state, why, ms) => state === "waiting" && waits.push([why, ms]) }).ask("?", { key: "mine" }).text(), whole);
  assert.equal(waits.length, 4);
  assert.ok(waits[3][1] >= 1000 && performance.now() - began >= 1000, "Retry-After is not waited for");
  assert.deepEqual(new Set(asked.map(({ method, headers }) => method + headers["idempotency-key"])), new Set(["POSTmine"]));
});

for (const [what, respond, want] of [
  ["a wrong key", fails(401, refusal("invalid_api_key", "invalid_request_error")), { status: 401, code: "invalid_api_key", retry: "no" }],
  ["an answer that is kept no longer", fails(410, refusal("completion_expired", "invalid_request_error")), { status: 410, retry: "anew" }],
  ["a page of a proxy", fails(200, "<html>Log in</html>", { "Content-Type": "text/html" }), { status: 200, retry: "no" }],
  ["a failure in the stream", (_, r) => r.writeHead(200, sse).end(frames.slice(0, 3).join("") + frame(3, refusal("upstream_error", "server_error"), "event: error\n") + "data: [ERROR]"), { status: 0, code: "upstream_error", retry: "anew" }],
  ["what is no JSON", (_, r) => r.writeHead(200, sse).end(frame(0, "{")), { retry: "anew" }],
  ["a fault that stays", fails(500, refusal("internal_error", "server_error"), { "Retry-After-Ms": "1" }), { status: 500, retry: "wait" }],
]) {
  test(`refused: ${what}`, async (t) => {
    const { url } = await serve(t, respond);
    await assert.rejects(client({ url }).ask("?").text(), (error) => {
      assert.ok(error instanceof PawstreamError, String(error));
      for (const [name, value] of Object.entries(want)) assert.equal(error[name], value, name);
      return true;
    });
  });
}

test("somebody else cancels", async (t) => {
  const { url } = await serve(t, (_, response) => response.writeHead(200, sse).end(frames.slice(0, 2).join("") + frame(2, refusal("completion_cancelled", "server_error"))));
  const run = client({ url }).ask("?")[Symbol.asyncIterator]();
  let step;
  do step = await run.next(); while (!step.done);
  assert.equal(step.value, "cancelled");
});

test("a failure without an id is of the connection alone", async (t) => {
  const { url } = await serve(t, steps(
    (_, response) => response.writeHead(200, sse).end(frames.slice(0, 3).join("") + `data: ${refusal("internal_error", "server_error")}\n\n`),
    all,
  ));
  assert.equal(await client({ url }).ask("?").text(), whole);
});

test("a state that is stored and taken up, also after the end", async (t) => {
  const { url, asked } = await serve(t, (request, response) => (left(request).length === 0 ? response.writeHead(204).end() : all(request, response)));
  const { ask, resume, follow } = client({ url });
  const answer = ask("?");
  let text = "";
  for await (const piece of answer) {
    text += piece.text;
    if (text.length > 8) break;
  }
  const state = JSON.parse(JSON.stringify(answer.state));
  const rest = resume(state);
  text += await rest.text();
  assert.equal(text, whole);
  assert.equal(asked[1].headers["last-event-id"], state.cursor);
  assert.equal(await resume(rest.state).text(), ""); // 204
  assert.equal(await follow(id, { after: `${id}.1` }).text(), said.slice(1).join(""));
  assert.ok(!asked.some(({ path }) => path.endsWith("/cancel")), "leaving the loop has cancelled the answer");
});

test("an abort ends the reading and cancels the answer, also before the next try", { timeout: 20_000 }, async (t) => {
  for (const broken of [false, true]) {
    let cancelled;
    const done = new Promise((resolve) => (cancelled = resolve));
    const { url } = await serve(t, (request, response) => {
      if (request.url.endsWith("/cancel")) {
        response.end("{}");
        return cancelled(request.url);
      }
      if (request.method === "GET") return response.writeHead(503, { "Retry-After": "600" }).end();
      response.writeHead(200, sse).write(frames.slice(0, 3).join(""), () => broken && setTimeout(() => response.destroy(), 20));
    });
    const stop = new AbortController();
    const reading = (async () => {
      for await (const { text } of client({ url, onState: (state, why, ms) => state === "waiting" && ms > 60_000 && stop.abort() }).ask("?", { signal: stop.signal })) if (text && !broken) stop.abort();
    })();
    await assert.rejects(reading, { name: "AbortError" });
    assert.equal(await done, `/v1/chat/completions/${id}/cancel`);
  }
});

test("a server that is gone is given up", async () => {
  const gone = createServer().listen(0, "127.0.0.1");
  await once(gone, "listening");
  const url = `http://127.0.0.1:${gone.address().port}`;
  await new Promise((closed) => gone.close(closed));
  const started = performance.now();
  await assert.rejects(client({ url, giveUpAfter: 500 }).ask("?").text(), { message: `the server cannot be reached (${url}: ECONNREFUSED)`, retry: "wait" });
  assert.ok(performance.now() - started >= 500);
});

test("events by the standard", async () => {
  const read = async (text) => {
    const [got, apart] = [[], []];
    for await (const event of events(new Blob([text]).stream())) got.push([event.id, event.data]);
    const bytes = [...new TextEncoder().encode(text)].map((byte) => Uint8Array.of(byte));
    for await (const event of events(ReadableStream.from(bytes))) apart.push([event.id, event.data]);
    assert.deepEqual(apart, got, "byte by byte");
    return got;
  };
  assert.deepEqual(await read("\uFEFFdata:a\r\ndata: b\rid\n\r\n: comment\n\nid: 7\ndata\n\ndata: half"), [["", "a\nb"], ["7", ""]]);
  assert.deepEqual(await read("data: x\r\rdata: half"), [["", "x"]]);
  assert.deepEqual(await read("id: a\0b\ndata: x\n\nid: 1\n\ndata: y\n\n"), [["", "x"], ["1", "y"]]);
});

test("what there is to heed", async (t) => {
  const progress = JSON.stringify({ stage: "generating" });
  const { url } = await serve(t, steps(
    fails(401, refusal("invalid_api_key", "invalid_request_error")),
    (_, response) => response.writeHead(200, sse).write(`: hello\n\nevent: progress\ndata: ${progress}\n\n${frames[0]}event: progress\ndata: ${progress}\n\n`, () => setTimeout(() => response.destroy(), 20)),
    all,
  ));
  const [seen, states, stages, ids] = [[], [], [], []];
  const answer = client({
    url, key: () => seen.at(-1), renewKey: async ({ code }) => seen.push(code),
    onState: (state, why, ms, now) => states.push(state) && now?.(), onProgress: ({ stage }) => stages.push(stage),
  }).ask("?", { onId: (id) => ids.push(id), onFrame: (kind, id, text) => seen.push(kind === "note" ? text.split(" ")[0] : `${kind} ${id} ${text}`) });
  assert.equal(await answer.text(), whole);
  assert.equal(answer.end, "done");
  assert.deepEqual([ids, stages], [[id], ["generating", "generating"]]);
  assert.deepEqual(states, ["connecting", "connecting", "streaming", "waiting", "connecting", "streaming"]);
  assert.deepEqual(seen.slice(0, 6), ["POST", "401:", "invalid_api_key", "POST", "comment  : hello", `progress  event: progress\ndata: ${progress}`]);
});

test("leaving ends the reading at once, and not the answer", async (t) => {
  const { url, asked } = await serve(t, (_, response) => response.writeHead(200, sse).write(frames.slice(0, 3).join("")));
  const answer = client({ url }).ask("?");
  for await (const { text } of answer) if (text) setTimeout(answer.leave, 20);
  assert.equal(answer.end, "left");
  assert.deepEqual(asked.map(({ path }) => path), ["/v1/chat/completions"]);
});
