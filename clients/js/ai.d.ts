import type { ChatTransport, UIMessage } from "ai";
import type { Options } from "./pawstream.js";

/** Where the states of answers are kept, as sessionStorage does. */
export interface Storage {
  getItem(name: string): string | null;
  setItem(name: string, text: string): void;
  removeItem(name: string): void;
}

export interface TransportOptions extends Options {
  /** The model to ask. */
  model?: string;
  /** More members of each request. `sendMessage(…, { body })` adds to them. */
  body?: Record<string, unknown>;
  /** sessionStorage by default; elsewhere nothing outlives the transport. */
  storage?: Storage;
}

/**
 * Returns a transport for useChat. Pets that an answer shows are parts of type "data-pets", what the server does before it answers
 * comes to onData as "data-progress". A stopped answer is cancelled, also after a resume.
 */
export declare function chatTransport(options?: TransportOptions): ChatTransport<UIMessage>;
