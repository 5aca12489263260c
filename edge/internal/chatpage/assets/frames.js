// The drawer that shows a stream as it comes. It keeps the last frames only, and touches the
// document once per animation frame, and only while it is open.

import { grouped } from "./figures.js";

const kept = 400;
const longest = 2_000;

export class Frames {
  #rows = [];
  #count = 0; // of all that came
  #drawn = 0; // of those, how many the list has been brought up to
  #since = performance.now();

  constructor({ list, count, open }) {
    this.list = list;
    this.count = count;
    this.isOpen = open;
  }

  /** Takes a frame: kind is the event's type, "comment" for a heartbeat, "note" for what we do. */
  add(kind, id, text) {
    if (text.length > longest) text = `${text.slice(0, longest)} … ${text.length - longest} more characters`;
    this.#rows.push({ at: performance.now() - this.#since, kind, id, text });
    this.#count++;
    if (this.#rows.length >= 2 * kept) this.#rows = this.#rows.slice(-kept);
  }

  begin() {
    this.#since = performance.now();
  }

  clear() {
    this.#rows = [];
    this.#count = this.#drawn = 0;
    this.list.replaceChildren();
    this.render();
  }

  get text() {
    return this.#rows.slice(-kept).map((row) => `${seconds(row.at)}\t${row.text}`).join("\n\n");
  }

  /** Shows the last of them. */
  toEnd() {
    this.render();
    this.list.scrollTop = this.list.scrollHeight;
  }

  /** Brings the list up to date, where it can be seen. */
  render() {
    if (!this.isOpen()) return;
    const label = this.#count > kept ? `last ${kept} of ${grouped(this.#count)}` : String(this.#count);
    if (this.count.textContent !== label) this.count.textContent = label;
    const fresh = Math.min(this.#count - this.#drawn, kept, this.#rows.length);
    if (fresh === 0) return;
    this.#drawn = this.#count;
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    this.list.append(...this.#rows.slice(-fresh).map(row));
    while (this.list.childElementCount > kept) this.list.firstElementChild.remove();
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
  }
}

const seconds = (ms) => `${(ms / 1000).toFixed(3)} s`;

function row({ at, kind, id, text }) {
  const item = document.createElement("li");
  item.className = kind;
  const head = document.createElement("span");
  head.className = "at";
  head.textContent = seconds(at);
  const tag = document.createElement("span");
  tag.className = "tag";
  tag.textContent = kind === "note" ? "client" : kind === "comment" ? "heartbeat" : id ? `${kind} #${id.slice(id.lastIndexOf(".") + 1)}` : kind;
  const body = document.createElement("pre");
  body.textContent = text;
  item.append(head, tag, body);
  return item;
}
