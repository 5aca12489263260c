/** A refusal by the server, or the failure of an answer. */
export declare class PawstreamError extends Error {
  constructor(message: string, about?: { status?: number; code?: string; retry?: "no" | "wait" | "anew" });
  /** HTTP status; 0 for a failure in the stream. */
  readonly status: number;
  /** Its code, for programs to decide by; "" if it has none. */
  readonly code: string;
  readonly type?: string;
  /** The field of the request that is at fault. */
  readonly param?: string | null;
  /** Whether to retry: not at all, the same request later, or with a new one. */
  readonly retry: "no" | "wait" | "anew";
  readonly requestId?: string;
}

/** A pet that an answer shows. */
export interface Pet {
  id: string;
  name: string;
  species: string;
  breed: string;
  sex: string;
  age_months: number;
  fee_usd: number;
  coat: string[];
  /** Reasons for it, those that were asked for first. */
  reasons: string[];
  portrait: string;
}

/** A piece of an answer. */
export interface Piece {
  /** What to append; may be "". */
  text: string;
  /** The model's reasoning; may be "". */
  reasoning: string;
  /** With `stream_options: {include_events: true}`: all pets that the choice shows, once. */
  pets?: Pet[];
  /** With the same option: follow-up questions, once. */
  related?: string[];
  /** The index of the choice, if there are several. */
  index: number;
  finish: string | null;
  usage?: Record<string, unknown>;
  /** The chunk as the server sent it. */
  chunk: Record<string, unknown>;
}

/** What is needed to resume an answer. It can be stored as JSON. */
export interface State {
  /** The idempotency key of the request. */
  key: string;
  /** The completion's id; "" until it is known. */
  id: string;
  /** The id of the last event received; "" for none. */
  cursor: string;
  body?: Record<string, unknown>;
  /** The ticket by which somebody has shared the answer. */
  ticket?: string;
}

/** How an answer ended: whole, stopped by somebody, or left by leave(). */
export type End = "done" | "cancelled" | "left";

/** An answer: its pieces, once, in order. Leaving the loop leaves the answer to the server. */
export interface Answer extends AsyncIterable<Piece> {
  readonly state: State;
  /** Undefined until reading has ended. */
  readonly end: End | undefined;
  /** The text of all pieces that are still to come. */
  text(): Promise<string>;
  /** Stops generating. */
  cancel(): Promise<unknown>;
  /** Stops reading at once, even while nothing arrives. The answer continues. */
  leave(): void;
  [Symbol.asyncIterator](): AsyncGenerator<Piece, End>;
}

/** Callbacks during an answer. All are optional. */
export interface Heeds {
  /** The state of the connection. ms is the time until the next attempt, and now() starts it at once. */
  onState?(state: "connecting" | "streaming" | "waiting", why: string, ms: number, now?: () => void): void;
  /** What the server is doing before it answers, as docs/protocol says. */
  onProgress?(progress: { stage: string; queue_position?: number; fraction?: number }): void;
  /** The completion's id, once it is known. */
  onId?(id: string): void;
  /** Everything on the wire: an event with its type, a "comment", or a "note" about what the client does. */
  onFrame?(kind: string, id: string, text: string): void;
  /** The key is wrong. Resolve once key() returns a better one, and reject if there will be none. */
  renewKey?(error: PawstreamError): Promise<void>;
}

export interface Options extends Heeds {
  /** Where the edge is, without /v1; "" for the page's own origin. */
  url?: string;
  /** The API key, or a function that returns it for each request. */
  key?: string | (() => string | undefined | Promise<string | undefined>);
  fetch?: typeof globalThis.fetch;
  /** After how many milliseconds without any data to give up an answer; 120,000 by default. */
  giveUpAfter?: number;
}

/** Aborting the signal stops reading, and cancels the answer. */
export interface Following extends Heeds {
  signal?: AbortSignal;
}

export interface Client {
  /** Asks: a question, or the body of a request for a chat completion. */
  ask(what: string | Record<string, unknown>, options?: Following & { key?: string }): Answer;
  /** Resumes an answer whose state was stored. */
  resume(state: State, options?: Following): Answer;
  /** Follows an answer by its id, from the start, or after the event with the given id; ticket is the owner's share, if any. */
  follow(id: string, options?: Following & { after?: string; ticket?: string }): Answer;
  /** Stops generating, for all readers. It never rejects. */
  cancel(id: string): Promise<void>;
}

export declare function client(options?: Options): Client;

/** Whether to retry, by an error as the server sends it. status is 0 for an error in a stream. */
export declare function retryOf(error?: { code?: string; type?: string }, status?: number): "no" | "wait" | "anew";

/** The error that a refusing response contains. */
export declare function refusalOf(response: Response): Promise<PawstreamError>;

/** The events of a text/event-stream. */
export declare function events(
  body: ReadableStream<Uint8Array>,
  hooks?: { heard?(): void; comment?(line: string): void; retry?(ms: number): void },
): AsyncGenerator<{ id: string; name: string; data: string; raw: string }, void>;
