// The page for a guest who reads one shared answer: live, and again after a reload, but nothing else.
import { $, make } from "./dom.js";
import { PawstreamError } from "./pawstream.js";

/** Returns what a link shares, {id, ticket}, or undefined if the address is not such a link. */
export function linkOf(hash) {
  if (!hash.startsWith("#shared=")) return undefined;
  const { shared: id, ticket } = Object.fromEntries(new URLSearchParams(hash.slice(1)));
  return { id: id ?? "", ticket: ticket ?? "" };
}

/** The error for a guest whose link the server does not accept. */
export const ended = () => new PawstreamError("This link does not work: it has expired, its owner has stopped sharing, or part of it is missing. Please ask for a new one.");

/** Shows a shared answer. */
export function showShared({ id, ticket }, talk) {
  for (const part of ["ask", "new", "show-chats", "show-frames", "model"]) $(part).hidden = true;
  const to = (text, address) => Object.assign(make("a", "", text), { href: address });
  $("notices").before(make("p", "shared", "Someone shared this answer with you. The question and the rest of the conversation are private. ",
    to("Ask your own question", location.pathname), to("See our pets", "pets")));
  document.body.classList.add("guest");
  document.title = "A shared answer · Pawstream";
  addEventListener("hashchange", () => location.reload());
  const whole = id && ticket ? { status: "pending" } : { status: "failed", error: ended().message, retry: "no" };
  talk.show([{
    role: "assistant", text: "", model: "", guest: true, ...whole,
    turn: { key: "", id, cursor: "", ticket }, times: { asked: Date.now(), first: 0, last: 0 }, tokens: 0,
  }]);
}
