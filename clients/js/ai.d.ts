import type { ChatTransport, UIMessage } from "ai";
import type { Options } from "./pawstream.js";

/** Stores the states of answers, like sessionStorage. */
export interface Storage {
  getItem(name: string): string | null;
  setItem(name: string, text: string): void;
  removeItem(name: string): void;
}

export interface TransportOptions extends Options {
  /** The model to ask. */
  model?: string;
  /** Additional members of each request. `sendMessage(…, { body })` adds to them. */
  body?: Record<string, unknown>;
  /** sessionStorage by default; elsewhere nothing outlives the transport. */
  storage?: Storage;
}

/**
 * Returns a transport for useChat. Pets that an answer shows are parts of type "data-pets"; progress before the answer
 * arrives in onData as "data-progress". Stopping an answer cancels it, even after a resume.
 */
export declare function chatTransport(options?: TransportOptions): ChatTransport<UIMessage>;
