// The API key that a server asks for.
import { $ } from "./dom.js";
import { PawstreamError } from "./pawstream.js";
import * as store from "./store.js";

let asked;
/** Asks for a key. It rejects with a PawstreamError where there will be none. */
export function askKey(reason) {
  asked ??= new Promise((resolve, reject) => {
    const dialog = $("key-dialog");
    const focus = document.activeElement;
    $("key-reason").textContent = reason || "This server requires an API key.";
    $("key").value = "";
    dialog.returnValue = "";
    const leave = () => {
      dialog.removeEventListener("close", leave);
      asked = undefined;
      const key = $("key").value.trim();
      $("key").value = "";
      if (dialog.returnValue === "given" && key) {
        store.setKey(key);
        resolve();
        (focus?.isConnected && focus !== document.body ? focus : $("question")).focus();
      } else reject(new PawstreamError("The server requires an API key. The answer continues as soon as you enter one.", { status: 401 }));
    };
    dialog.addEventListener("close", leave);
    dialog.showModal();
  });
  return asked;
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  $("key-dialog").close("given");
});
$("key-cancel").addEventListener("click", () => $("key-dialog").close(""));
