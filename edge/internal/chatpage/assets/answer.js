// Gets one answer with the client in clients/js, whatever happens on the way, and tells the page what to show
// of that: progress, waiting, raw frames.
import { client } from "./pawstream.js";

/** Returns headers that identify the caller. @param {string} key */
export const authorized = (key, headers = {}) => (key ? { ...headers, Authorization: `Bearer ${key}` } : headers);

/** Returns the client of the edge that the page is from, with a key. It never gives up: Stop ends it. */
const edge = (key) => client({ url: new URL(".", location.href).href, key, giveUpAfter: Infinity });

/**
 * Follows one answer to its end.
 *
 * turn is what is known of the answer. Each piece updates it, so that following can resume
 * with it after a reload: key (of idempotency), id, cursor, and ticket if the answer is somebody else's. body is the request's.
 *
 * hooks: piece(p) which takes a piece or returns false, progress(p), named() once the completion has an id, state(s, wait) with "asking",
 * "streaming" or "reconnecting", frame(kind, id, text) for the raw view, apiKey() for the current API key, wrongKey() which
 * resolves once there may be a better one and rejects if there will not be. wait is {why, again, until, now}: a sentence,
 * whether there was a connection before, when the next try is, by performance.now(), and what has it at once.
 *
 * It returns the answer, whose leave() ends the reading alone, and a promise, ended, of "done", "cancelled" or "left".
 * That rejects with a PawstreamError, or with signal's reason, which cancels the answer.
 */
export function follow(turn, body, hooks, signal) {
  const { key, id, cursor, ticket } = turn;
  const answer = edge(hooks.apiKey).resume({ key, id, cursor, ticket, body }, {
    signal,
    renewKey: hooks.wrongKey,
    onFrame: hooks.frame,
    onProgress: hooks.progress,
    onId: (name) => {
      turn.id = name;
      hooks.named();
    },
    onState: (state, why, ms, now) => {
      if (state === "connecting") hooks.state("asking");
      else if (state === "streaming") hooks.state("streaming");
      else {
        const again = turn.cursor !== "";
        hooks.state("reconnecting", { why: sentence(why, again), again, until: performance.now() + ms, now });
      }
    },
  });
  return { leave: answer.leave, ended: read(answer, turn, hooks) };
}

async function read(answer, turn, hooks) {
  for await (const piece of answer) {
    if (hooks.piece(piece)) turn.cursor = answer.state.cursor; // together with the piece, because the page may be left at any time
  }
  if (answer.end !== "left") turn.cursor = answer.state.cursor;
  return answer.end;
}

function sentence(why, again) {
  const words = why.replace(/[.\s]+$/, "");
  return again ? `Reconnecting: ${words}.` : `${words[0].toUpperCase()}${words.slice(1)}.`;
}
