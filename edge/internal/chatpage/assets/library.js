// The conversations that this browser keeps, in IndexedDB: of each a head, which all tabs have in memory, and the
// messages, which are read when they are shown. Tabs tell each other what has changed.
//
// What cannot be written, because the storage is full or forbidden, is held in memory, and written with the next change
// for which there is room.
import { got, openDatabase, written } from "./database.js";
import { olderConversations } from "./older.js";

/** The version of what is kept. */
export const version = 1;
/** How long a conversation that was deleted can be brought back, in milliseconds. */
const regret = 10 * 60_000;
/** So many letters of the first question are a conversation's title. */
const titleLength = 80;

/** Returns what of messages another tab may not have changed: how many there are, and which answer is the last. */
export const shapeOf = (messages) => (messages.length === 0 ? "" : `${messages.length} ${messages.findLast((m) => m.turn)?.turn.key ?? ""}`);

/** Whether messages are such as this page can show. */
export const sound = (messages) => Array.isArray(messages) && messages.every((m) =>
  m !== null && typeof m === "object" && (m.role === "user" || m.role === "assistant") && typeof m.text === "string" &&
  (m.role === "user" || (typeof m.turn === "object" && m.turn !== null && typeof m.turn.key === "string" && typeof m.status === "string")));

/** A form of a text in which case and accents make no difference. */
const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function titleOf(messages) {
  const text = (messages.find((m) => m.role === "user")?.text ?? "").slice(0, 8 * titleLength).trim().replace(/\s+/g, " ");
  const letters = [...text];
  return letters.length <= titleLength ? text : `${letters.slice(0, titleLength).join("").replace(/\s\S*$/, "")} …`;
}

export class Library {
  #database; // undefined where the browser keeps nothing
  #heads = new Map();
  #held = new Map(); // what could not be written: {messages, base}
  #channel = new BroadcastChannel("pawstream.conversations");

  /** changed(id, elsewhere) is called after each change of a head, elsewhere being whether another tab has made it. */
  constructor(changed) {
    this.changed = changed;
    this.#channel.addEventListener("message", ({ data }) => this.#heard(data));
  }

  /**
   * Reads the heads, and takes over what older versions of this page have kept. It returns {taken, strange}: the id
   * of the conversation that this tab had before, and the text of one that cannot be read.
   */
  async open() {
    try {
      this.#database = await openDatabase("pawstream", ["heads", "talks"]);
      for (const head of await got(this.#store("heads", "readonly").getAll())) this.#heads.set(head.id, head);
      this.#forget(Date.now() - regret).catch(() => {});
    } catch {
      this.#database = undefined;
    }
    return this.#takeOver();
  }

  /** Whether this browser keeps anything. */
  get keeps() {
    return this.#database !== undefined;
  }

  #store(name, mode) {
    return this.#database.transaction(name, mode).objectStore(name);
  }

  async #takeOver() {
    const { conversations, taken, strange } = olderConversations(sound);
    for (const { id, at, messages, done } of conversations) {
      // "changed": another tab has taken it over, and has gone on with it.
      if ((await this.save({ id, base: "", messages }, { at })) !== "held") done();
    }
    return { taken, strange };
  }

  /** Returns the heads, the one that has changed last first: {id, title, name, begun, at}. */
  list() {
    return [...this.#heads.values()].filter((head) => !head.deleted).sort((a, b) => b.at - a.at);
  }

  /** Returns the head of a conversation, or undefined. One that was deleted has deleted. */
  head(id) {
    return this.#heads.get(id);
  }

  /** What a conversation is called. */
  title(id) {
    const head = this.#heads.get(id);
    return head?.name || head?.title || "Conversation";
  }

  /** Returns the messages of a conversation as they were kept, or undefined where there are none. They may be unsound. */
  async messages(id) {
    if (this.#held.has(id)) return this.#held.get(id).messages;
    if (!this.#database) return undefined;
    return (await got(this.#store("talks", "readonly").get(id)))?.messages;
  }

  /** Returns the shape that a conversation has in the database, given the messages that were read. */
  base(id, messages) {
    return this.#held.get(id)?.base ?? shapeOf(messages);
  }

  /**
   * Keeps a conversation: base is the shape that it had when it was read or kept last, "" if it never was. It returns
   * "kept", "held" where there is no room, or, with nothing written, "changed" or "gone" by another tab.
   * hurry writes without a look at what others did, since the page is being left.
   */
  async save({ id, base, messages }, { at = Date.now(), hurry = false } = {}) {
    const mine = this.#heads.get(id);
    const begun = messages.find((m) => m.times?.asked)?.times.asked ?? at;
    const head = { ...mine, id, version, title: titleOf(messages), begun: mine?.begun ?? begun, at, shape: shapeOf(messages) };
    let state = "held";
    if (this.#database) {
      try {
        state = await this.#write(head, base, messages, hurry);
      } catch {
        // There is no room, or the database is closed.
      }
    }
    if (state === "changed" || state === "gone") return state;
    if (state === "kept") this.#held.delete(id);
    else this.#held.set(id, { messages, base });
    this.#tell(head);
    return state;
  }

  async #write(head, base, messages, blindly) {
    const transaction = this.#database.transaction(["heads", "talks"], "readwrite");
    const heads = transaction.objectStore("heads");
    if (!blindly) {
      const there = await got(heads.get(head.id));
      if (base !== "" && (!there || there.deleted)) return "gone";
      if (there && there.shape !== base && there.shape !== head.shape) return "changed";
      if (there?.name) head.name = there.name; // as another tab may have called it
    }
    heads.put(head);
    transaction.objectStore("talks").put({ id: head.id, version, messages });
    await written(transaction);
    return "kept";
  }

  /** Calls a conversation by a name, or by its first question again. */
  rename(id, name) {
    return this.#change(id, (head) => (head.name = name.trim().slice(0, 200)));
  }

  /** Deletes a conversation. It can be brought back for a while. */
  remove(id) {
    return this.#change(id, (head) => (head.deleted = Date.now()));
  }

  restore(id) {
    return this.#change(id, (head) => delete head.deleted);
  }

  async #change(id, change) {
    let head = { ...this.#heads.get(id) };
    try {
      if (this.#database) {
        const transaction = this.#database.transaction("heads", "readwrite");
        const heads = transaction.objectStore("heads");
        head = (await got(heads.get(id))) ?? head;
        change(head);
        heads.put(head);
        await written(transaction);
      }
    } catch {
      // Then it is so in this tab alone.
    }
    change(head);
    this.#tell(head);
  }

  /** Takes away for good what was deleted before then. */
  async #forget(then) {
    const old = [...this.#heads.values()].filter((head) => head.deleted < then).map((head) => head.id);
    if (old.length === 0) return;
    const transaction = this.#database.transaction(["heads", "talks"], "readwrite");
    for (const id of old) {
      this.#heads.delete(id);
      transaction.objectStore("heads").delete(id);
      transaction.objectStore("talks").delete(id);
    }
    await written(transaction);
  }

  /** Returns the ids of the conversations in whose title or text the words are. */
  async search(words) {
    const wanted = plain(words);
    const found = new Set(this.list().filter((head) => plain(this.title(head.id)).includes(wanted)).map((head) => head.id));
    const look = (id, messages) => {
      if (!found.has(id) && sound(messages) && messages.some((m) => plain(m.text).includes(wanted))) found.add(id);
    };
    for (const [id, { messages }] of this.#held) look(id, messages);
    if (!this.#database) return found;
    // A part at a time: all of them may be much.
    const many = 50;
    for (let range; ; ) {
      const part = await got(this.#store("talks", "readonly").getAll(range, many));
      for (const { id, messages } of part) look(id, messages);
      if (part.length < many) return found;
      range = IDBKeyRange.lowerBound(part.at(-1).id, true);
    }
  }

  #tell(head) {
    this.#heads.set(head.id, head);
    this.#channel.postMessage(head);
    this.changed(head.id, false);
  }

  #heard(head) {
    if (typeof head?.id !== "string") return;
    this.#heads.set(head.id, head);
    this.changed(head.id, true);
  }
}
