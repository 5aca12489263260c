// The conversation that this tab has open: which one it is, by the page's address, and that it is kept.
import { notice, noticed } from "./dom.js";
import { asJSON } from "./export.js";
import { saveAs } from "./files.js";
import { shapeOf, sound } from "./library.js";
import { randomName } from "./store.js";

const mark = "#chat/";
/** The address of a conversation on this page. */
export const addressOf = (id) => mark + encodeURIComponent(id);

/** How often to save changes during an answer, and how often to retry what could not be saved, in milliseconds. */
const interval = 1_000;
const again = 5_000;

export class Desk {
  /** The open conversation: {id, base, messages}. Without a question it has no id yet; base is the stored shape. */
  open = { id: "", base: "", messages: [] };
  /** Settles once the conversation that is being opened has loaded. */
  ready = Promise.resolve();
  #timer;
  #saved = true;
  #saving = Promise.resolve();
  #waits; // what to save once the previous save has ended
  #wanted = ""; // the id of the conversation that is being opened, or is open

  /** parts: talk, library, opened() once another conversation is open. */
  constructor(parts) {
    Object.assign(this, parts);
    const follow = () => this.show(idOf(location.hash));
    addEventListener("hashchange", follow);
    addEventListener("popstate", follow);
    // Only unsaved changes: saving takes time, and there is little.
    const rest = () => this.#unkept && this.#write(this.open, true);
    addEventListener("pagehide", rest);
    document.addEventListener("visibilitychange", () => document.hidden && rest());
    addEventListener("pageshow", ({ persisted }) => persisted && this.heard(this.open.id));
  }

  /**
   * Begins, once the library is open, with what the address names, or with the conversation that this tab had before.
   * It returns what the library says.
   */
  async begin(opening) {
    let shown;
    this.ready = new Promise((resolve) => (shown = resolve));
    const found = await opening;
    if (!idOf(location.hash) && found.taken) history.replaceState(null, "", addressOf(found.taken));
    await this.show(idOf(location.hash), true);
    shown();
    return found;
  }

  /** Opens a conversation, or with "" a new one. The previous one is saved, and its answer continues without this tab. */
  show(id, first = false) {
    if (id === this.#wanted && !first) return this.ready;
    this.#wanted = id;
    this.ready = this.#show(id);
    return this.ready;
  }

  async #show(id) {
    this.#keepRest();
    this.talk.leave();
    notice("branch", "");
    let messages = [];
    const deleted = this.library.head(id)?.deleted;
    if (id) {
      const there = deleted ? undefined : await this.library.messages(id).catch(() => undefined);
      if (id !== this.#wanted) return;
      if (sound(there)) messages = there;
      else this.#missing(id, deleted, there);
    }
    if (messages.length === 0) this.#be("", "replaceState");
    this.open = { id: this.#wanted, base: this.library.base(id, messages), messages };
    this.talk.show(messages);
    this.opened();
  }

  /** Gives the page the address of a conversation, or with "" of a new one. */
  #be(id, how) {
    this.#wanted = id;
    const address = id ? addressOf(id) : location.pathname + location.search;
    if (idOf(location.hash) !== id || (!id && location.hash)) history[how](null, "", address);
  }

  #missing(id, deleted, there) {
    if (deleted) notice("missing", "This conversation was deleted.", ["Restore", () => this.restore(id)]);
    else if (there === undefined) notice("missing", "This browser has no conversation at this address. Conversations stay in the browser where they began.");
    else {
      notice("missing", "This conversation comes from another version of this page, and this version cannot show it.",
        ["Save as a file", () => saveAs("pawstream-conversation.json", JSON.stringify(there)), true]);
    }
  }

  /** Begins another conversation. */
  anew() {
    if (!this.#wanted) return this.ready;
    this.#be("", "pushState");
    return this.show("", true);
  }

  /** Continues a part of the open conversation in a new one. */
  async branch(messages) {
    const { id } = this.open;
    this.#keepRest();
    await this.#saving;
    this.talk.leave();
    this.#wanted = ""; // its address comes with the question
    this.open = { id: "", base: "", messages: structuredClone(messages) };
    this.talk.show(this.open.messages);
    notice("branch", "The original conversation is still in the list.", ["Go back to it", () => (location.hash = addressOf(id))]);
  }

  /** Deletes a conversation, and offers to restore it. */
  async remove(id) {
    const title = this.library.title(id);
    await this.#saving;
    if (id === this.open.id) this.#putAway();
    await this.library.remove(id);
    notice("deleted", `“${title}” was deleted.`, ["Restore", () => this.restore(id)]);
  }

  async restore(id) {
    await this.library.restore(id);
    location.hash = addressOf(id);
  }

  /** Closes the open conversation without saving it, and ends its answer. */
  #putAway() {
    this.talk.stop();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.open = { id: "", base: "", messages: [] };
    this.#be("", "replaceState");
    this.show("", true);
  }

  /** Reacts to what another tab has done to a conversation. */
  async heard(id) {
    const { open } = this;
    if (!id || id !== open.id) return;
    const head = this.library.head(id);
    if (head.deleted) {
      this.#putAway();
      notice("deleted", `“${this.library.title(id)}” was deleted in another tab.`, ["Restore", () => this.restore(id)]);
      return;
    }
    if (this.talk.running) return; // it follows the same answer, or will find out as it keeps its own
    const messages = await this.library.messages(id).catch(() => undefined);
    if (open !== this.open || this.talk.running || !sound(messages)) return;
    const last = messages.at(-1);
    // One without a name yet is the other tab's to ask for.
    if (last?.status === "pending" && !last.turn.id) return;
    if (JSON.stringify(messages) === JSON.stringify(open.messages)) return;
    Object.assign(open, { base: shapeOf(messages), messages });
    this.talk.show(messages);
  }

  get #unkept() {
    return this.#timer !== undefined || !this.#saved;
  }

  /** Saves unsaved changes. A conversation that was only viewed keeps its place in the list. */
  #keepRest() {
    if (this.#unkept) this.keep();
  }

  keepSoon() {
    this.#timer ??= setTimeout(() => this.keep(), interval);
  }

  /** Saves the open conversation. */
  keep() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { open, talk } = this;
    open.messages = talk.messages;
    if (open.messages.length === 0) return;
    if (!open.id) {
      open.id = randomName();
      this.#be(open.id, "pushState");
      this.opened();
    }
    if (this.#waits === open) return;
    this.#waits = open;
    this.#saving = this.#saving.then(() => {
      if (this.#waits === open) this.#waits = undefined;
      return this.#write(open, false);
    });
  }

  async #write(open, hurry) {
    const shape = shapeOf(open.messages);
    const state = await this.library.save(open, { hurry });
    if (state === "gone") return open === this.open ? this.heard(open.id) : undefined;
    if (state === "changed") return this.#fork(open);
    if (state === "kept") open.base = shape;
    if (open !== this.open) return undefined;
    this.#saved = state === "kept";
    if (this.#saved) notice("storage", "");
    else this.#noRoom();
    return undefined;
  }

  /** Continues with a copy, because another tab has continued the conversation differently. */
  #fork(open) {
    const mine = open === this.open;
    Object.assign(open, { id: randomName(), base: "" });
    if (mine) {
      this.#be(open.id, "replaceState");
      this.opened();
      notice("fork", "Another tab has continued this conversation too: this tab continues with a copy.");
    }
    return this.#write(open, false);
  }

  #noRoom() {
    this.#timer ??= setTimeout(() => this.keep(), again);
    if (noticed("storage") || !this.library.keeps) return;
    notice("storage", "This browser has no room to store the conversation: it would not survive a reload.",
      ["Save as a file", () => saveAs("pawstream-conversation.json", asJSON(this.library.title(this.open.id), this.talk.messages)), true]);
  }
}

function idOf(hash) {
  if (!hash.startsWith(mark)) return "";
  try {
    return decodeURIComponent(hash.slice(mark.length));
  } catch {
    return "";
  }
}
