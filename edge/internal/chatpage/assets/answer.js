// Getting one answer, whatever happens on the way: the request is made with an idempotency
// key, and once the completion has a name, every lost connection is taken up again after the
// last event that came. No token is missed, and none is shown twice.
import { Refusal, refusalOf, retryOf } from "./refusal.js";
import { EventParser } from "./sse.js";

const path = "v1/chat/completions";
/** The server is heard at least every 15 s; after so long without a byte a connection is dead. */
const silence = 35_000;
const firstDelay = 300;
const longestDelay = 8_000;
/** So many times in a row the server may fail before that is told. */
const mostFaults = 4;

/** Returns headers that say who asks. @param {string} key */
export const authorized = (key, headers = {}) => (key ? { ...headers, Authorization: `Bearer ${key}` } : headers);

/**
 * Follows one answer to its end.
 *
 * turn is what is known of the answer, and is kept up to date, so that following can go on
 * with it after a reload: key (of idempotency), id, cursor. body is the request's.
 *
 * hooks: text(s) for each piece, progress(p), usage(u), named() once the completion has an id,
 * state(s, detail) with "asking", "streaming" or "reconnecting", frame(kind, id, text) for
 * the raw view, apiKey() for the current API key, wrongKey() which resolves once there may be
 * a better one and rejects if there will not be.
 *
 * It resolves at the end of the answer, with "done" or "cancelled". It rejects with a Refusal,
 * or with signal's reason.
 */
export async function follow(turn, body, hooks, signal) {
  let failures = 0;
  for (;;) {
    signal.throwIfAborted();
    const attempt = { came: false, again: false, retryAfter: 0, why: "", failures };
    try {
      const end = await connect(turn, body, hooks, signal, attempt);
      if (end) return end;
      if (attempt.again) continue;
      attempt.why ||= "the connection ended";
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Refusal) throw error;
      attempt.why = error.message || String(error);
    }
    failures = attempt.came ? 0 : failures + 1;
    hooks.state("reconnecting", attempt.why);
    hooks.frame("note", "", `connection lost: ${attempt.why}`);
    const backoff = Math.min(longestDelay, firstDelay * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
    await pause(Math.max(attempt.retryAfter, backoff), signal);
  }
}

/** One connection. It resolves with how the answer ended, or undefined where it did not. */
async function connect(turn, body, hooks, signal, attempt) {
  const connection = new AbortController();
  const leave = () => connection.abort(signal.reason);
  signal.addEventListener("abort", leave);
  const offline = () => connection.abort(new Error("the network is gone"));
  window.addEventListener("offline", offline);
  const watchdog = new Watchdog(silence, () => connection.abort(new Error("the server fell silent")));
  try {
    const response = await request(turn, body, hooks, connection.signal);
    watchdog.feed();
    // A refusal may name it too.
    const id = response.headers.get("X-Completion-Id");
    if (id && !turn.id) {
      turn.id = id;
      hooks.named();
    }
    switch (response.status) {
      case 200:
        break;
      case 204:
        hooks.frame("note", "", "204: nothing is left");
        return "done";
      case 401:
        hooks.frame("note", "", "401: an API key is needed");
        await response.body?.cancel();
        watchdog.stop();
        await hooks.wrongKey();
        attempt.again = true;
        return undefined;
      default:
        return await refused(response, turn, hooks, attempt);
    }
    if (!(response.headers.get("Content-Type") ?? "").startsWith("text/event-stream")) {
      throw new Refusal("What answers at this address is not Pawstream: it sent no event stream.");
    }
    return await read(response.body, turn, hooks, attempt, watchdog);
  } finally {
    watchdog.stop();
    window.removeEventListener("offline", offline);
    signal.removeEventListener("abort", leave);
    connection.abort(); // whatever is left of it
  }
}

function request(turn, body, hooks, signal) {
  const accept = { Accept: "text/event-stream; events=named" };
  if (!turn.id) {
    hooks.state("asking");
    hooks.frame("note", "", `POST /${path}  Idempotency-Key: ${turn.key}`);
    const headers = authorized(hooks.apiKey(), { ...accept, "Content-Type": "application/json", "Idempotency-Key": turn.key });
    return fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal, cache: "no-store" });
  }
  if (turn.cursor) accept["Last-Event-ID"] = turn.cursor;
  hooks.frame("note", "", `GET /${path}/${turn.id}  Last-Event-ID: ${turn.cursor || "none"}`);
  return fetch(`${path}/${encodeURIComponent(turn.id)}?stream=true`, { headers: authorized(hooks.apiKey(), accept), signal, cache: "no-store" });
}

/** Deals with a status that is an error: it throws where trying again is of no use. */
async function refused(response, turn, hooks, attempt) {
  const error = await refusalOf(response);
  hooks.frame("note", "", `${error.status}: ${error.message}`);
  // Once the completion has a name, its stream tells how it ended.
  const passing = error.retry === "wait" || (turn.id && error.status >= 500 && error.code !== "completion_lost");
  if (!passing || (error.status === 500 && attempt.failures >= mostFaults)) throw error;
  const ms = Number(response.headers.get("Retry-After-Ms"));
  const seconds = Number(response.headers.get("Retry-After"));
  attempt.retryAfter = ms || seconds * 1000 || 0;
  attempt.why = error.message;
  return undefined;
}

async function read(body, turn, hooks, attempt, watchdog) {
  let end;
  const parser = new EventParser({
    comment: (text) => hooks.frame("comment", "", text),
    retry: (ms) => (attempt.retryAfter = ms),
    event: (event) => {
      hooks.frame(event.name, event.id, event.raw);
      end = take(event, turn, hooks, attempt) ?? end;
    },
  });
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let since = performance.now();
  while (!end) {
    const { done, value } = await reader.read();
    if (done) break;
    watchdog.feed();
    // What has come already is read without a pause, in which nothing would be drawn.
    for (let at = 0; at < value.length && !end; at += portion) {
      parser.push(value.slice(at, at + portion));
      if (performance.now() - since < turnLength) continue;
      await breath();
      since = performance.now();
    }
  }
  return end;
}

/** So much text is taken at once, and so many milliseconds pass before others have a turn. */
const portion = 4 << 10;
const turnLength = 8;

/** Lets the browser draw and hear. A timer would be slowed down where nobody looks. */
function breath() {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** Takes one event, and returns how the answer ended if that was the last one. */
function take(event, turn, hooks, attempt) {
  // A replay after the cursor has no event twice; a proxy between us might.
  if (event.id && event.id === turn.cursor) return undefined;
  if (event.data === "[DONE]") {
    turn.cursor = event.id;
    return "done";
  }
  let data;
  try {
    data = JSON.parse(event.data);
  } catch {
    throw new Refusal("The server sent an event that is not JSON.", { retry: "anew" });
  }
  if (data.error) {
    const { code, message } = data.error;
    if (event.id) turn.cursor = event.id;
    if (code === "completion_cancelled") return "cancelled";
    // One without an id is about this connection; the completion may well go on.
    if (!event.id && turn.id && code !== "completion_lost") throw new Error(message);
    throw new Refusal(message, { retry: retryOf(data.error) === "no" ? "no" : "anew" });
  }
  if (event.name === "progress") {
    hooks.progress(data);
    return undefined;
  }
  if (!attempt.came) {
    attempt.came = true;
    hooks.state("streaming");
  }
  if (!turn.id && data.id) {
    turn.id = data.id;
    hooks.named();
  }
  const text = data.choices?.[0]?.delta?.content || data.choices?.[0]?.delta?.refusal;
  turn.cursor = event.id || turn.cursor;
  if (text) hooks.text(text);
  if (data.usage) hooks.usage(data.usage);
  return undefined;
}

/** Stops generating. It tries a few times: nobody wants to pay for what nobody reads. */
export async function cancel(id, apiKey) {
  for (let attempt = 0; attempt < 4; attempt++) {
    try {
      const response = await fetch(`${path}/${encodeURIComponent(id)}/cancel`, { method: "POST", headers: authorized(apiKey), keepalive: true });
      if (response.status < 500 && response.status !== 429) return;
    } catch {
      // The network again.
    }
    await pause(firstDelay * 2 ** attempt);
  }
}

/** Waits so many milliseconds, less if the network comes back, and not at all once aborted. */
function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, ms);
    window.addEventListener("online", end);
    signal?.addEventListener("abort", end);
  });
}

class Watchdog {
  #timer;
  constructor(ms, bark) {
    this.ms = ms;
    this.bark = bark;
    this.fed = performance.now();
    this.#watch(ms);
  }
  // Fed by every read, and so cheap: the timer is not set anew.
  feed() {
    this.fed = performance.now();
  }
  #watch(ms) {
    this.#timer = setTimeout(() => {
      const left = this.fed + this.ms - performance.now();
      if (left > 0) this.#watch(left);
      else this.bark();
    }, ms);
  }
  stop() {
    clearTimeout(this.#timer);
  }
}
