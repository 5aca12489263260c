// Conversations that older versions of this page, before the library, kept in localStorage: one for each tab, which
// sessionStorage named.
const prefix = "pawstream.conversation";
const tabKey = "pawstream.tab";
const aside = "pawstream.aside";

/**
 * Returns {conversations, taken, strange}. Each conversation is {id, at, messages, done}, where done is to be called once
 * it is kept elsewhere. taken is the id of the one that this tab had, or else of the newest one. strange is
 * the text of one that cannot be read, which is put aside.
 */
export function olderConversations(sound) {
  const conversations = [];
  let taken;
  let strange;
  try {
    const mine = sessionStorage.getItem(tabKey);
    const keys = Object.keys(localStorage).filter((key) => key === prefix || key.startsWith(`${prefix}.`));
    for (const key of keys) {
      const text = localStorage.getItem(key);
      const kept = read(text);
      if (kept?.version !== 1 || !sound(kept.messages)) {
        strange = text;
        localStorage.setItem(aside + key.slice(prefix.length), text);
        localStorage.removeItem(key);
        continue;
      }
      const at = Number(kept.at) || Date.now();
      // Two tabs that take it over at once give it the same id.
      const id = `${key.slice(prefix.length + 1) || "first"}-${Number(kept.at) || 0}`;
      conversations.push({ id, at, messages: kept.messages, done: () => localStorage.getItem(key) === text && localStorage.removeItem(key) });
      if (key === mine) taken = id;
    }
    sessionStorage.removeItem(tabKey);
  } catch {
    // Where nothing can be read there is nothing to take over.
  }
  conversations.sort((a, b) => b.at - a.at);
  return { conversations, taken: taken ?? conversations[0]?.id, strange };
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
