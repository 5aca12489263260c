// Makes the browser keep the page's own files, so that the page opens while the server is unreachable.

/** The only address that is ever made a script's. */
const address = "sw.js";

export async function keepShell() {
  if (!navigator.serviceWorker) return; // not in a secure context, or forbidden
  try {
    const policy = globalThis.trustedTypes?.createPolicy("shell", { createScriptURL: () => address });
    await navigator.serviceWorker.register(policy?.createScriptURL("") ?? address);
  } catch {
    // Then the page needs its server.
  }
}
