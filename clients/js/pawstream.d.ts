/** What the server refuses, or how an answer has failed. */
export declare class PawstreamError extends Error {
  constructor(message: string, about?: { status?: number; code?: string; retry?: "no" | "wait" | "anew" });
  /** HTTP status; 0 for a failure in the stream. */
  readonly status: number;
  /** Its code, by which a program may go; "" where it has none. */
  readonly code: string;
  readonly type?: string;
  /** The field of the request that is at fault. */
  readonly param?: string | null;
  /** Whether to ask again: not at all, the same request later, or a new one. */
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
  /** What speaks for it, first what was asked for. */
  reasons: string[];
  portrait: string;
}

/** A piece of an answer. */
export interface Piece {
  /** What to append; may be "". */
  text: string;
  /** What the model thought; may be "". */
  reasoning: string;
  /** With `stream_options: {include_events: true}`: all pets that the choice shows, once. */
  pets?: Pet[];
  /** With the same option: questions to go on with, once. */
  related?: string[];
  /** The choice, where there are several. */
  index: number;
  finish: string | null;
  usage?: Record<string, unknown>;
  /** The chunk as the server sent it. */
  chunk: Record<string, unknown>;
}

/** What takes an answer up again. It can be stored as JSON. */
export interface State {
  /** The idempotency key of the request. */
  key: string;
  /** The completion's id; "" until it is known. */
  id: string;
  /** The id of the last event that came; "" for none. */
  cursor: string;
  body?: Record<string, unknown>;
  /** What somebody has shared the answer by. */
  ticket?: string;
}

/** How an answer ended: whole, stopped by somebody, or left by leave(). */
export type End = "done" | "cancelled" | "left";

/** An answer: its pieces, once, in order. Leaving the loop leaves the answer to the server. */
export interface Answer extends AsyncIterable<Piece> {
  readonly state: State;
  /** Undefined until the reading has ended. */
  readonly end: End | undefined;
  /** The text of all pieces that are still to come. */
  text(): Promise<string>;
  /** Stops generating. */
  cancel(): Promise<unknown>;
  /** Ends the reading at once, also while nothing comes. The answer goes on. */
  leave(): void;
  [Symbol.asyncIterator](): AsyncGenerator<Piece, End>;
}

/** What to heed while an answer comes. Nothing of it is needed. */
export interface Heeds {
  /** How the connection fares. ms is how long until the next try, and now() has it at once. */
  onState?(state: "connecting" | "streaming" | "waiting", why: string, ms: number, now?: () => void): void;
  /** What the server is doing before it answers, as docs/protocol says. */
  onProgress?(progress: { stage: string; queue_position?: number; fraction?: number }): void;
  /** The completion's id, once it is known. */
  onId?(id: string): void;
  /** Everything as it is on the wire: an event by its type, a "comment", or as a "note" what the client does. */
  onFrame?(kind: string, id: string, text: string): void;
  /** The key is wrong: it resolves once key() has a better one, and rejects if there will be none. */
  renewKey?(error: PawstreamError): Promise<void>;
}

export interface Options extends Heeds {
  /** Where the edge is, without /v1; "" for the page's own origin. */
  url?: string;
  /** The API key, or what returns it for each request. */
  key?: string | (() => string | undefined | Promise<string | undefined>);
  fetch?: typeof globalThis.fetch;
  /** For how many milliseconds nothing may come before an answer is given up; 120,000 by default. */
  giveUpAfter?: number;
}

/** An abort ends the reading, and cancels the answer. */
export interface Following extends Heeds {
  signal?: AbortSignal;
}

export interface Client {
  /** Asks: a question, or the body of a request for a chat completion. */
  ask(what: string | Record<string, unknown>, options?: Following & { key?: string }): Answer;
  /** Goes on with an answer whose state was stored. */
  resume(state: State, options?: Following): Answer;
  /** Follows an answer by its id, from the start, or after the event of that id; ticket is what its owner has shared it by. */
  follow(id: string, options?: Following & { after?: string; ticket?: string }): Answer;
  /** Stops generating, whoever reads. It never rejects. */
  cancel(id: string): Promise<void>;
}

export declare function client(options?: Options): Client;

/** Whether to ask again, by an error as the server sends it. status is 0 for one in a stream. */
export declare function retryOf(error?: { code?: string; type?: string }, status?: number): "no" | "wait" | "anew";

/** What a response says that refuses. */
export declare function refusalOf(response: Response): Promise<PawstreamError>;

/** The events of a text/event-stream. */
export declare function events(
  body: ReadableStream<Uint8Array>,
  hooks?: { heard?(): void; comment?(line: string): void; retry?(ms: number): void },
): AsyncGenerator<{ id: string; name: string; data: string; raw: string }, void>;
