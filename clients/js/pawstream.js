// A client of Pawstream for browsers and Node 20: it asks, follows an answer over as many connections as it takes, and
// resumes after the last event it has. No token is lost or repeated.
//
//   const { ask } = client({ url: "http://127.0.0.1:8080", key });
//   for await (const { text } of ask("Which calm cats do you have?")) show(text);

/** The server sends something at least every 15 s: after this many milliseconds of silence a connection is dead. */
const silence = 35_000;
const [firstDelay, longestDelay] = [250, 10_000];
/** How many times in a row the server may report a failure of its own. */
const mostFaults = 4;
/** The longest event, in UTF-16 code units. */
const longestEvent = 16 << 20;
/** After this many milliseconds of reading without a pause, yield to other work. */
const yieldAfter = 8;

/** A refusal by the server, or the failure of an answer. retry is "no", "wait" (the same request later) or "anew" (a new request). */
export class PawstreamError extends Error {
  name = "PawstreamError";
  constructor(message, about) {
    super(message);
    Object.assign(this, { status: 0, code: "", retry: "no", ...about });
  }
}

/** A Loss is the end of one connection: the next one resumes. */
class Loss extends Error {}
/** The reason for leaving an answer that continues. */
const left = new Loss("left");

const words = { answer_too_long: "no", deadline_exceeded: "no", overloaded: "wait", previous_response_in_progress: "wait", request_timeout: "wait" };
const ended = /^completion_(cancelled|expired|interrupted|lost)$/;
/** Returns whether to retry after an error as the server sends it. status is 0 for an error in a stream. */
export function retryOf({ code = "", type } = {}, status = 0) {
  if (words[code]) return words[code];
  if (ended.test(code)) return "anew";
  if (type === "rate_limit_error" || code === "internal_error") return "wait";
  if (type === "server_error") return "anew";
  return !type && [408, 425, 429, 500, 502, 503, 504].includes(status) ? "wait" : "no"; // a proxy has no codes
}

/** Returns the error that a refusing response contains. */
export async function refusalOf(response) {
  const { status, headers } = response;
  const error = (await response.json().catch(() => undefined))?.error ?? {};
  const about = { code: error.code ?? "", type: error.type, param: error.param, requestId: headers.get("X-Request-Id") ?? "" };
  return new PawstreamError(error.message || `The server answered with status ${status}.`, { ...about, status, retry: retryOf(error, status) });
}

/** Yields the events of a text/event-stream as {id, name, data, raw}, by WHATWG HTML 9.2.6. An incomplete event is discarded. */
export async function* events(body, { heard = () => {}, comment = () => {}, retry = () => {} } = {}) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [rest, size, id, pending, name, data, raw] = ["", 0, "", undefined, "", [], []];
  let since = performance.now();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      const text = decoder.decode(value, { stream: true });
      const waiting = rest.endsWith("\r"); // for a line feed, which may belong to the same line ending
      rest += text;
      if (rest.length + size > longestEvent) throw new PawstreamError("The server sent an event that is too long.");
      if (!waiting && !/[\r\n]/.test(text)) continue; // a long line is not scanned again with each piece
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      for (const line of lines) {
        if (line === "") {
          id = pending ?? id;
          if (data.length > 0) yield { id, name: name || "message", data: data.join("\n"), raw: raw.join("\n") };
          [data, raw, size, pending, name] = [[], [], 0, undefined, ""];
          if (performance.now() - since > yieldAfter) {
            await breath();
            since = performance.now();
          }
          continue;
        }
        const [, field, text] = /^([^:]*):? ?(.*)$/s.exec(line);
        if (field === "" && line[0] === ":") {
          comment(line);
          continue;
        }
        raw.push(line);
        if (field === "data") size += data.push(text) && text.length;
        else if (field === "event") name = text;
        else if (field === "id" && !text.includes("\0")) pending = text;
        else if (field === "retry" && /^\d+$/.test(text)) retry(Number(text));
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Lets a browser draw and handle events. Browsers slow down timers in background tabs. */
function breath() {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(null);
  }).finally(() => port1.close());
}

/** Waits, but not longer than until the network is back or begun's argument is called. It rejects with the signal's reason. */
function pause(ms, signal, begun) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", end);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, ms);
    globalThis.addEventListener?.("online", end);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
    else begun?.(end);
  });
}

const nothing = () => {};

/**
 * Returns a client: {ask, resume, follow, cancel}.
 * url is the edge's, key an API key or a function that returns one. pawstream.d.ts lists the other options, which the calls accept too.
 */
export function client({ url = "", key, fetch = globalThis.fetch.bind(globalThis), giveUpAfter = 120_000, ...heeds } = {}) {
  const base = `${url.replace(/\/+$/, "")}/v1/chat/completions`;
  const path = (id) => `${base}/${encodeURIComponent(id)}`;

  async function headers(more) {
    const token = typeof key === "function" ? await key() : key;
    return token ? { ...more, Authorization: `Bearer ${token}` } : more;
  }

  /** Stops generating, for all readers. It tries a few times, and never rejects. */
  async function cancel(id) {
    for (let attempt = 0; attempt < 4; attempt++) {
      try {
        const { status } = await fetch(`${path(id)}/cancel`, { method: "POST", headers: await headers({}), keepalive: true });
        if (status < 500 && status !== 429) return;
      } catch {
        // The network again.
      }
      await pause(firstDelay * 2 ** attempt);
    }
  }

  /** Asks for an answer. what is a question, or the body of a request. */
  const ask = (what, { key: idempotencyKey = crypto.randomUUID(), ...more } = {}) =>
    answer({
      key: idempotencyKey, id: "", cursor: "",
      body: { model: "pet-advisor-1", ...(typeof what === "string" ? { messages: [{ role: "user", content: what }] } : what), stream: true },
    }, more);
  /** Resumes an answer whose state was stored. */
  const resume = (state, more) => answer({ ...state }, more);
  /** Follows an answer by its id, from the start or after the event with the given id; ticket is the owner's share, if any. */
  const follow = (id, { after = "", ticket, ...more } = {}) => answer({ key: "", id, cursor: after, ticket }, more);

  function answer(state, { signal, ...more } = {}) {
    const to = { onState: nothing, onFrame: nothing, onProgress: nothing, onId: nothing, ...heeds, ...more };
    const control = new AbortController();
    const whole = { state, end: undefined };
    const run = stream(whole, to, signal, control);
    return Object.assign(whole, {
      cancel: async () => state.id && cancel(state.id),
      leave: () => control.abort(left),
      text: async () => {
        let all = "";
        for await (const { text } of run) all += text;
        return all;
      },
      [Symbol.asyncIterator]: () => run,
    });
  }

  async function* stream(whole, to, outer, control) {
    const { state } = whole;
    const { signal } = control;
    const leave = () => control.abort(outer.reason);
    let [failures, faults, heard] = [0, 0, Date.now()];
    try {
      outer?.addEventListener("abort", leave);
      if (outer?.aborted) leave();
      for (;;) {
        signal.throwIfAborted();
        const attempt = { delay: 0, why: "", fault: false, again: false };
        to.onState("connecting", "", 0);
        for await (const piece of connection(state, to, signal, attempt)) {
          if (piece.end) return (whole.end = piece.end);
          if (failures >= 0) to.onState("streaming", "", 0);
          [failures, faults, heard] = [-1, 0, Date.now()];
          yield piece;
          signal.throwIfAborted();
        }
        signal.throwIfAborted();
        if (attempt.again) continue;
        faults += attempt.fault ? 1 : 0;
        if (faults > mostFaults || Date.now() - heard > giveUpAfter) throw new PawstreamError(attempt.why, { ...attempt.about, retry: "wait" });
        failures++;
        to.onFrame("note", "", `connection lost: ${attempt.why}`);
        const ms = Math.max(attempt.delay, Math.min(longestDelay, firstDelay * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2));
        await pause(ms, signal, (now) => to.onState("waiting", attempt.why, ms, now));
      }
    } catch (error) {
      if (error !== left) throw error;
      return (whole.end = "left");
    } finally {
      outer?.removeEventListener("abort", leave);
      // After an abort nobody wants the rest. After leaving, the reader may return.
      if (outer?.aborted && state.id) cancel(state.id);
    }
  }

  /** Yields the pieces from one connection, and {end} at the end of the answer. attempt says why the connection was lost. */
  async function* connection(state, to, signal, attempt) {
    const control = new AbortController();
    const leave = () => control.abort(signal.reason);
    const offline = () => control.abort(new Loss("you are offline"));
    signal.addEventListener("abort", leave);
    globalThis.addEventListener?.("offline", offline);
    let timer;
    const heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => control.abort(new Loss("the server fell silent")), silence);
    };
    const hooks = { heard, retry: (ms) => (attempt.delay = ms), comment: (text) => to.onFrame("comment", "", text) };
    try {
      heard();
      const response = await request(state, to, control.signal);
      attempt.reached = true;
      heard();
      named(state, response.headers.get("X-Completion-Id"), to);
      if (response.status === 204) {
        to.onFrame("note", "", "204: nothing left to read");
        yield { end: "done" };
      } else if (response.status !== 200) {
        clearTimeout(timer); // the user may be asked for a key
        await refused(response, state, to, attempt);
      } else if (!response.headers.get("Content-Type")?.startsWith("text/event-stream")) {
        throw new PawstreamError("The server at this address is not Pawstream: it sent no event stream.", { status: 200 });
      } else for await (const event of events(response.body, hooks)) {
        to.onFrame(event.name, event.id, event.raw);
        const piece = take(event, state, to);
        if (piece) yield piece;
        if (piece?.end) return;
      }
      attempt.why ||= "the connection ended";
    } catch (error) {
      if (error instanceof PawstreamError || signal.aborted) throw signal.aborted ? signal.reason : error;
      if (error instanceof Loss) attempt.why = error.message;
      else if (globalThis.navigator?.onLine === false) attempt.why = "you are offline";
      else {
        const cause = error.cause?.code ?? error.cause?.message; // browsers do not reveal it
        attempt.why = attempt.reached ? "the connection was lost" : "the server cannot be reached";
        if (cause) attempt.why += url ? ` (${url}: ${cause})` : ` (${cause})`;
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      globalThis.removeEventListener?.("offline", offline);
      control.abort();
    }
  }

  async function request(state, to, signal) {
    const accept = { Accept: "text/event-stream; profile=full; events=named", ...(state.cursor && { "Last-Event-ID": state.cursor }) };
    if (state.id) {
      to.onFrame("note", "", `GET /v1/chat/completions/${state.id}  Last-Event-ID: ${state.cursor || "none"}`);
      const ticket = state.ticket ? `&ticket=${encodeURIComponent(state.ticket)}` : "";
      return fetch(`${path(state.id)}?stream=true${ticket}`, { headers: await headers(accept), signal, cache: "no-store" });
    }
    to.onFrame("note", "", `POST /v1/chat/completions  Idempotency-Key: ${state.key}`);
    return fetch(base, {
      method: "POST", headers: await headers({ ...accept, "Content-Type": "application/json", "Idempotency-Key": state.key }),
      body: JSON.stringify(state.body), signal, cache: "no-store",
    });
  }

  return { ask, resume, follow, cancel };
}

function named(state, id, to) {
  if (state.id || !id) return;
  state.id = id;
  to.onId(id);
}

/** Throws an error that a retry would not change; otherwise sets in attempt when to retry. */
async function refused(response, state, to, attempt) {
  const error = await refusalOf(response);
  to.onFrame("note", "", `${error.status}: ${error.message}`);
  if (error.status === 401 && to.renewKey) {
    await to.renewKey(error);
    attempt.again = true;
    return;
  }
  // Once the completion has an id, its stream says how it ended.
  if (error.retry !== "wait" && !(state.id && error.status >= 500 && error.code !== "completion_lost")) throw error;
  const { status, code, type, param, requestId } = error;
  attempt.about = { status, code, type, param, requestId };
  attempt.why = error.message;
  attempt.fault = status === 500;
  attempt.delay = Number(response.headers.get("Retry-After-Ms")) || Number(response.headers.get("Retry-After")) * 1000 || 0;
}

/** Handles one event, and returns its piece, if it has one. */
function take({ id, name, data }, state, to) {
  if (id && id === state.cursor && name !== "progress") return undefined; // a proxy may repeat the last event
  if (data === "[DONE]") {
    state.cursor = id;
    return { end: "done" };
  }
  let chunk;
  try {
    chunk = JSON.parse(data);
  } catch {
    throw new PawstreamError("The server sent an event that is not JSON.", { retry: "anew" });
  }
  const { error, choices, usage } = chunk;
  if (error) {
    // An error without an id concerns this connection: the answer may well continue.
    if (!id && state.id && error.code !== "completion_lost") throw new Loss(error.message);
    if (id) state.cursor = id;
    if (error.code === "completion_cancelled") return { end: "cancelled" };
    throw new PawstreamError(error.message, { ...error, retry: retryOf(error) === "no" ? "no" : "anew" });
  }
  if (name === "progress") to.onProgress(chunk);
  if (!choices) return undefined;
  named(state, chunk.id, to);
  state.cursor = id || state.cursor;
  const [{ index = 0, delta = {}, finish_reason: finish = null } = {}] = choices;
  return { text: delta.content || delta.refusal || "", reasoning: delta.reasoning_content ?? "", pets: delta.pets, related: delta.related_questions, index, finish, usage: usage ?? undefined, chunk };
}
