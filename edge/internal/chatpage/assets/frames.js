// The drawer that shows a stream as it arrives. It keeps the head of the stream and the last frames, and updates
// the document once per animation frame, only while it is open.
import { make } from "./dom.js";
import { grouped } from "./figures.js";

/** How many frames are kept: the first ones, which show how the stream began, and the last ones. */
const first = 12;
const last = 400;
const longest = 2_000;

export class Frames {
  #head = [];
  #tail = [];
  #count = 0; // of all that came since the head
  #drawn = 0; // of those, how many the list has been brought up to
  #since = performance.now();
  #paused = false;
  #seen = ""; // what was to be seen at the last drawing

  /** list and count are elements, open() whether the drawer is, filter() what is looked for: {kind, words, text}. */
  constructor({ list, count, open, filter }) {
    Object.assign(this, { list, count, isOpen: open, filter });
  }

  /** Takes a frame: kind is the event's type, "comment" for a heartbeat, "note" for what we do. */
  add(kind, id, text) {
    if (text.length > longest) text = `${text.slice(0, longest)} … ${text.length - longest} more characters`;
    const row = { at: performance.now() - this.#since, kind, id, text };
    this.#count++;
    if (this.#head.length < first) this.#head.push(row);
    else this.#tail.push(row);
    if (this.#tail.length >= 2 * last) this.#tail = this.#tail.slice(-last);
  }

  /** Begins with another stream: its head is kept from here on. */
  begin() {
    this.clear();
    this.#since = performance.now();
  }

  clear() {
    this.#head = [];
    this.#tail = [];
    this.#count = this.#drawn = 0;
    this.list.replaceChildren();
    this.#label();
  }

  get #rows() {
    return [...this.#head, ...this.#tail.slice(-last)];
  }

  /** The frames that are kept, or of them the text alone, as the drawer shows it. */
  get text() {
    const { text } = this.filter();
    const rows = this.#rows.filter((row) => this.#wanted(row));
    return text ? rows.map(textOf).join("") : rows.map((row) => `${seconds(row.at)}\t${row.text}`).join("\n\n");
  }

  /** Has the list stand still, or go on with what came meanwhile. */
  pause(paused) {
    this.#paused = paused;
    this.render();
  }

  /** Shows the last of them. */
  toEnd() {
    this.render();
    this.list.scrollTop = this.list.scrollHeight;
  }

  #wanted(row) {
    const { kind, words, text } = this.filter();
    if (text && !textOf(row)) return false;
    if (kind === "events" && (row.kind === "note" || row.kind === "comment")) return false;
    if (kind === "ours" && row.kind !== "note") return false;
    if (kind === "heartbeats" && row.kind !== "comment") return false;
    return !words || row.text.toLowerCase().includes(words);
  }

  #label() {
    const hidden = this.#count - first - last;
    const text = hidden > 0 ? `${first + last} of ${grouped(this.#count)}` : String(this.#count);
    if (this.count.textContent !== text) this.count.textContent = text;
  }

  /** Brings the list up to date, where it can be seen. */
  render() {
    if (!this.isOpen()) return;
    this.#label();
    if (this.#paused) return;
    const seen = JSON.stringify(this.filter());
    const tail = this.#tail.slice(-last);
    let fresh = this.#count - this.#drawn;
    if (seen === this.#seen && fresh === 0) return;
    if (seen !== this.#seen || fresh > tail.length) {
      this.#seen = seen;
      this.list.replaceChildren();
      fresh = tail.length + this.#head.length;
    }
    this.#drawn = this.#count;
    const { text } = this.filter();
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    for (const row of this.#head.slice(0, Math.max(0, fresh - tail.length))) this.#show(row, text, "head");
    if (this.#count > this.#head.length + tail.length) this.#gap();
    for (const row of tail.slice(-fresh)) this.#show(row, text, "");
    this.#trim();
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  #show(row, text, more) {
    if (!this.#wanted(row)) return;
    const item = element(row, text);
    if (more) item.classList.add(more);
    this.list.append(item);
  }

  /** Says, after the head, that there were more frames than are kept. */
  #gap() {
    const there = this.list.querySelector(".gap");
    if (there) return there;
    const gap = make("li", "gap", "… the frames between were not kept …");
    const head = [...this.list.querySelectorAll(".head")].at(-1);
    if (head) head.after(gap);
    else this.list.prepend(gap);
    return gap;
  }

  /** Takes the oldest away but for the head. */
  #trim() {
    const many = this.list.childElementCount - this.list.querySelectorAll(".head, .gap").length - last;
    if (many <= 0) return;
    const gap = this.#gap();
    for (let i = 0; i < many; i++) gap.nextElementSibling.remove();
  }
}

const seconds = (ms) => `${(ms / 1000).toFixed(3)} s`;

/** Returns the text of the answer that a frame brings. */
function textOf({ kind, text }) {
  if (kind !== "message") return "";
  try {
    const { delta } = JSON.parse(/^data: ?(.*)$/m.exec(text)[1]).choices[0];
    return delta.content || delta.refusal || delta.reasoning_content || "";
  } catch {
    return "";
  }
}

function element(row, textAlone) {
  const { at, kind, id, text } = row;
  const tag = kind === "note" ? "client" : kind === "comment" ? "heartbeat" : id ? `${kind} #${id.slice(id.lastIndexOf(".") + 1)}` : kind;
  const shown = textAlone ? textOf(row) : text;
  return make("li", kind, make("span", "at", seconds(at)), make("span", "tag", tag), make("pre", "", shown));
}
