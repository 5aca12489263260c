// What the browser keeps: the conversation, with its version, and the settings. Whatever goes
// wrong with the storage is told, and costs nobody their conversation.

const conversationKey = "pawstream.conversation";
const asideKey = "pawstream.conversation.aside";
const settingsKey = "pawstream.settings";
const apiKeyKey = "pawstream.key";
const version = 1;

/** Returns the conversation that is kept: {messages, trouble}. trouble says what could not be read. */
export function load() {
  let text = null;
  try {
    text = localStorage.getItem(conversationKey);
  } catch {
    return { messages: [], trouble: "This browser keeps nothing for this page: the conversation lasts until you close it." };
  }
  if (text === null) return { messages: [] };
  try {
    const kept = JSON.parse(text);
    if (kept?.version === version && Array.isArray(kept.messages) && kept.messages.every(sound)) return { messages: kept.messages };
  } catch {
    // Put aside, below.
  }
  try {
    localStorage.setItem(asideKey, text);
  } catch {
    // It still is what it was until something is kept in its place, and old is offered at once.
  }
  return { messages: [], trouble: "A conversation of another version of this page is kept here, which this one cannot show.", old: text };
}

const sound = (m) =>
  m !== null && typeof m === "object" && (m.role === "user" || m.role === "assistant") && typeof m.text === "string" &&
  (m.role === "user" || (typeof m.turn === "object" && m.turn !== null && typeof m.turn.key === "string" && typeof m.status === "string"));

/** Keeps the conversation, and reports whether that worked: a storage may be full. */
export function save(messages) {
  try {
    if (messages.length === 0) localStorage.removeItem(conversationKey);
    else localStorage.setItem(conversationKey, JSON.stringify({ version, messages }));
    return true;
  } catch {
    return false;
  }
}

/** Returns the settings: {model, theme}. */
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
