// A ChatTransport for the AI SDK's useChat (`ai` 5 and newer). An answer survives a reload: resume continues it, and stop()
// still stops it then.
//
//   const { messages, sendMessage, stop } = useChat({ transport: chatTransport({ url, key }), resume: true });
import { client, PawstreamError } from "./pawstream.js";

const prefix = "pawstream.chat.";

/** Stores the states of answers if there is no browser storage. */
function memory() {
  const kept = new Map();
  return { getItem: (name) => kept.get(name) ?? null, setItem: (name, text) => kept.set(name, text), removeItem: (name) => kept.delete(name) };
}

/** Returns a transport. ai.d.ts lists the options. */
export function chatTransport({ model = "pet-advisor-1", body: usual = {}, storage = globalThis.sessionStorage ?? memory(), ...options } = {}) {
  const pawstream = client(options);
  const current = new Map(); // the answers being read, by chat

  const forget = (chatId) => storage.removeItem(prefix + chatId);
  const keep = (chatId, { key, id, body }) => storage.setItem(prefix + chatId, JSON.stringify(id ? { key, id } : { key, id, body }));

  function stored(chatId) {
    try {
      return { cursor: "", ...JSON.parse(storage.getItem(prefix + chatId)) };
    } catch {
      return { cursor: "" };
    }
  }

  /** Opens an answer, and returns the stream of its chunks once it has begun. */
  async function open(chatId, begin, signal) {
    const reading = { stopped: false, progress: () => {} };
    const answer = (reading.answer = begin({
      onId: () => {
        keep(chatId, answer.state);
        if (reading.stopped) end();
      },
      onProgress: (data) => reading.progress(data),
    }));
    current.set(chatId, reading);
    keep(chatId, answer.state);
    const end = () => {
      answer.cancel();
      answer.leave();
      forget(chatId);
    };
    let stop;
    const stopping = new Promise((resolve) => (stop = () => resolve({ value: { type: "abort" } })));
    const aborted = () => {
      reading.stopped = true;
      stop();
      // The SDK also aborts when it resumes a chat a second time: then somebody else reads the answer by now.
      setTimeout(() => {
        if (current.get(chatId) !== reading) answer.leave();
        else if (answer.state.id) end(); // otherwise onId ends it
      });
    };
    signal?.addEventListener("abort", aborted);
    const done = () => {
      signal?.removeEventListener("abort", aborted);
      if (current.get(chatId) === reading) current.delete(chatId);
    };
    if (signal?.aborted) aborted();
    const all = chunks(answer, reading, () => current.get(chatId) === reading && forget(chatId));
    const next = () => Promise.race([all.next(), stopping]);
    let first = await next();
    return new ReadableStream({
      async pull(controller) {
        const step = first ?? (await next());
        first = undefined;
        if (step.value) controller.enqueue(step.value);
        if (step.value && step.value.type !== "abort") return;
        if (step.done) done();
        else setTimeout(done, 1000);
        controller.close();
      },
      cancel: () => answer.leave(),
    });
  }

  return {
    sendMessages: ({ chatId, messages, abortSignal, body }) =>
      open(chatId, (heeds) => pawstream.ask({
        model, on_disconnect: "continue", stream_options: { include_events: true }, ...usual, ...body, messages: messages.map(message).filter(({ content }) => content.length > 0),
      }, heeds), abortSignal),

    async reconnectToStream({ chatId, abortSignal }) {
      const state = stored(chatId);
      if (!state.key) return null;
      try {
        return await open(chatId, (heeds) => pawstream.resume(state, heeds), abortSignal);
      } catch (error) {
        if (!(error instanceof PawstreamError) || ![404, 410].includes(error.status)) throw error;
        forget(chatId);
        return null;
      }
    },
  };
}

/** Yields an answer as chunks of the AI SDK. It throws only if the answer has not begun. */
async function* chunks(answer, reading, over) {
  const waiting = [];
  reading.progress = (data) => waiting.push({ type: "data-progress", data, transient: true });
  let [begun, open, reason] = [false, "", "stop"];
  const close = () => (open ? [{ type: `${open}-end`, id: open }] : []);
  try {
    for await (const { text, reasoning, pets, index, finish } of answer) {
      if (index !== 0) continue;
      // With this id, an existing message is replaced, not repeated.
      if (!begun) yield* [{ type: "start", messageId: answer.state.id }, { type: "start-step" }];
      begun = true;
      yield* waiting.splice(0);
      for (const [kind, delta] of [["reasoning", reasoning], ["text", text]]) {
        if (!delta) continue;
        if (open !== kind) {
          yield* close();
          yield { type: `${kind}-start`, id: (open = kind) };
        }
        yield { type: `${kind}-delta`, id: kind, delta };
      }
      if (pets) yield { type: "data-pets", id: "pets", data: pets };
      if (finish) reason = finish.replaceAll("_", "-");
    }
  } catch (error) {
    over();
    if (!begun) throw error;
    yield { type: "error", errorText: error.message };
    return;
  }
  if (answer.end === "left") return;
  over();
  yield* close();
  if (answer.end === "cancelled") yield { type: "abort" };
  else yield* [{ type: "finish-step" }, { type: "finish", finishReason: reason }];
}

/** Converts a message of the SDK to one of a request. */
function message({ role, parts }) {
  const content = parts.flatMap(({ type, text, mediaType, url }) => {
    if (type === "text" && text) return [{ type, text }];
    if (type === "file" && mediaType?.startsWith("image/")) return [{ type: "image_url", image_url: { url } }];
    return [];
  });
  return { role, content: content.every(({ type }) => type === "text") ? content.map(({ text }) => text).join("") : content };
}
