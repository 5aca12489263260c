// What the server refuses, and whether asking again helps.

/** A Refusal is an answer of the server's that trying again at once does not change. */
export class Refusal extends Error {
  /** @param {string} message @param {{status?: number, code?: string, retry?: "no" | "wait" | "anew"}} about */
  constructor(message, { status = 0, code = "", retry = "no" } = {}) {
    super(message);
    this.name = "Refusal";
    this.status = status;
    this.code = code;
    this.retry = retry;
  }
}

/** Where the code says more than status and type do. docs/errors.md has all codes. */
const byCode = {
  answer_too_long: "no",
  completion_cancelled: "anew",
  completion_expired: "anew",
  completion_interrupted: "anew",
  completion_lost: "anew",
  deadline_exceeded: "no",
  overloaded: "wait",
  request_timeout: "wait",
};

/**
 * Returns whether to ask again: "no", "wait" (the same request, later) or "anew" (a new one).
 * status is 0 for an error in a stream.
 * @param {{code?: string, type?: string}} error
 */
export function retryOf({ code, type }, status = 0) {
  if (byCode[code]) return byCode[code];
  if (type === "rate_limit_error" || code === "internal_error") return "wait";
  if (type === "server_error") return "anew";
  // A proxy between us has no codes.
  return !type && [408, 425, 429, 500, 502, 503, 504].includes(status) ? "wait" : "no";
}

/** Returns what an answer that is not a stream refuses, as an error. @param {Response} response */
export async function refusalOf(response) {
  let about = {};
  try {
    about = (await response.json()).error ?? {};
  } catch {
    // Not ours: a proxy's page, say. The status has to do.
  }
  const message = about.message || `The server answered with status ${response.status}.`;
  return new Refusal(message, { status: response.status, code: about.code, retry: retryOf(about, response.status) });
}
