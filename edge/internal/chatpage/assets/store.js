// What the browser stores besides the conversations: settings and the key (composer.js stores a draft, theme.js the theme).
// A storage failure has no other consequences.

const settingsKey = "pawstream.settings";
const apiKeyKey = "pawstream.key";

/** Returns a unique name. crypto.randomUUID exists only in secure contexts. */
export const randomName = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16).padStart(8, "0")).join("");

/** Returns the settings: {model, theme, frames, chats}. */
export function settings() {
  try {
    const kept = JSON.parse(localStorage.getItem(settingsKey) ?? "{}");
    return kept !== null && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}

/** Changes settings. */
export function set(changes) {
  try {
    localStorage.setItem(settingsKey, JSON.stringify({ ...settings(), ...changes }));
  } catch {
    // A setting that is not kept is no harm.
  }
}

/** The API key lives as long as the tab does: it survives a reload, and nothing else. */
let apiKey = "";
export function getKey() {
  try {
    return sessionStorage.getItem(apiKeyKey) ?? apiKey;
  } catch {
    return apiKey;
  }
}

export function setKey(key) {
  apiKey = key;
  try {
    sessionStorage.setItem(apiKeyKey, key);
  } catch {
    // Then it lasts until the page is left.
  }
}
