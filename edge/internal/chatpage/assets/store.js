// What the browser keeps: conversations, with their version, and the settings. Whatever goes
// wrong with the storage is told, and costs nobody their conversation.
//
// Each tab has a conversation of its own, under a key of its own, which it holds by a lock. A new
// tab takes up the newest one that no tab has, as after a restart; else it begins one.

const prefix = "pawstream.conversation";
const asideKey = "pawstream.aside";
const tabKey = "pawstream.tab";
const settingsKey = "pawstream.settings";
const apiKeyKey = "pawstream.key";
const version = 1;

/** The key of this tab's conversation. */
let conversationKey = prefix;
let taken = false;

/**
 * Finds this tab its conversation, and returns it: {messages, trouble}. trouble says what could
 * not be read.
 */
export async function load() {
  try {
    const text = await claim();
    return text === null ? { messages: [] } : read(text);
  } catch {
    return { messages: [], trouble: "This browser keeps nothing for this page: the conversation lasts until you close it." };
  }
}

/** Sets the key, and returns what is kept there. */
async function claim() {
  const mine = sessionStorage.getItem(tabKey);
  if (mine !== null) {
    // Before a reload it was ours; the lock may take a moment to be given up.
    if (await hold(mine, reloadTime)) return localStorage.getItem(mine);
    const text = localStorage.getItem(mine); // this tab was duplicated: from here on there are two
    await begin();
    try {
      if (text !== null) localStorage.setItem(conversationKey, text);
    } catch {
      // No room for two: that is told as soon as there is something new to keep.
    }
    return text;
  }
  for (const key of kept()) if (await hold(key)) return localStorage.getItem(key);
  await begin();
  return null;
}

/** Returns the keys of all conversations, the newest first. */
function kept() {
  const keys = Object.keys(localStorage).filter((key) => key === prefix || key.startsWith(`${prefix}.`));
  const ages = new Map(keys.map((key) => [key, at(localStorage.getItem(key))]));
  return keys.sort((a, b) => ages.get(b) - ages.get(a));
}

function at(text) {
  try {
    return Number(JSON.parse(text).at) || 0;
  } catch {
    return 0;
  }
}

/** Finds a key that nobody has. */
async function begin() {
  if (localStorage.getItem(prefix) === null && (await hold(prefix))) return;
  while (!(await hold(`${prefix}.${randomName()}`)));
}

/** How long the page before a reload may take to let go, and a tab to answer, in milliseconds. */
const reloadTime = 2_000;
const answerTime = 150;

/** Makes a key this tab's, for as long as its page lasts, and reports whether no other tab has it. */
function hold(key, patience = 0) {
  const take = () => {
    conversationKey = key;
    taken = true;
    sessionStorage.setItem(tabKey, key);
    return true;
  };
  if (!navigator.locks) return anybody(key).then((had) => !had && take());
  return new Promise((resolve) => {
    const options = patience > 0 ? { signal: AbortSignal.timeout(patience) } : { ifAvailable: true };
    navigator.locks.request(key, options, (lock) => {
      if (lock === null) return resolve(false);
      resolve(take());
      return new Promise(() => {}); // until the page is left
    }).catch(() => resolve(false));
  });
}

// Over plain HTTP from elsewhere there are no locks. Then the tabs ask each other.
const tabs = navigator.locks ? undefined : new BroadcastChannel("pawstream");
tabs?.addEventListener("message", ({ data }) => {
  if (data.wanted === conversationKey && taken) tabs.postMessage({ had: conversationKey });
});

/** Reports whether another tab says that it has the key. */
function anybody(key) {
  return new Promise((resolve) => {
    const end = (had) => {
      clearTimeout(timer);
      tabs.removeEventListener("message", hear);
      resolve(had);
    };
    const hear = ({ data }) => data.had === key && end(true);
    const timer = setTimeout(end, answerTime, false);
    tabs.addEventListener("message", hear);
    tabs.postMessage({ wanted: key });
  });
}

/**
 * Calls moved once another tab has kept something under this one's key, as it may where this
 * one slept and there are no locks. This one has a new key then.
 */
export function whenShared(moved) {
  addEventListener("storage", async (event) => {
    if (event.key !== conversationKey || event.newValue === null) return;
    await begin();
    moved();
  });
}

/** Returns a name that nobody has. crypto.randomUUID is there in secure contexts only. */
export const randomName = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(16).padStart(8, "0")).join("");

function read(text) {
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
    else localStorage.setItem(conversationKey, JSON.stringify({ version, at: Date.now(), messages }));
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
