// Sharing an answer: a link by which others read it, also while it comes, for as long as its owner says.
import { authorized } from "./answer.js";
import { $ } from "./dom.js";
import { toClipboard } from "./files.js";
import { refusalOf } from "./pawstream.js";
import * as store from "./store.js";

let id; // of the completion that is shared

/** Asks the server to share it for so many seconds, or with 0 not any more. */
async function ask(seconds) {
  const headers = authorized(store.getKey(), { "Content-Type": "application/json" });
  const response = await fetch("v1/stream_tickets", { method: "POST", headers, body: JSON.stringify({ completion_id: id, share_for: seconds }), cache: "no-store" });
  if (!response.ok) throw await refusalOf(response);
  return response.json();
}

/** Opens the dialog for an answer. */
export function share(message) {
  id = message.turn.id;
  tell("", "");
  $("share-dialog").showModal();
}

/** Shows a link, or none, and what became of it. */
function tell(link, said) {
  $("share-link").value = link;
  $("share-made").hidden = !link;
  $("share-create").hidden = Boolean(link);
  $("share-copy").hidden = !link;
  $("share-state").textContent = said;
}

/** Does one thing at the server, and says why that has failed. */
async function attempt(act) {
  const controls = $("share-form").querySelectorAll("button, select");
  for (const control of controls) control.disabled = true;
  try {
    await act();
  } catch (error) {
    tell("", `That failed: ${error instanceof TypeError ? "the server cannot be reached." : error.message}`);
  } finally {
    for (const control of controls) control.disabled = false;
  }
}

$("share-form").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const { ticket, expires_at: at } = await ask(Number($("share-for").value));
    const link = new URL(`./#${new URLSearchParams({ shared: id, ticket })}`, location.href).href;
    const copied = await toClipboard(link);
    const until = new Date(at * 1000).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    tell(link, `${copied ? "The link is copied. It" : "The link"} works until ${until}, or until the server deletes the answer.`);
    $("share-copy").textContent = "Copy link";
  });
});
$("share-copy").addEventListener("click", async () => {
  if (await toClipboard($("share-link").value)) $("share-copy").textContent = "Copied";
  else $("share-link").focus(); // it is selected
});
$("share-for").addEventListener("change", () => tell("", ""));
$("share-end").addEventListener("click", () => attempt(async () => {
  await ask(0);
  tell("", "The answer is no longer shared: links to it no longer work.");
}));
$("share-close").addEventListener("click", () => $("share-dialog").close());
$("share-link").addEventListener("focus", () => $("share-link").select());
