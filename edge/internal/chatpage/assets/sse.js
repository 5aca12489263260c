// Server-Sent Events from a text stream, by the rules of WHATWG HTML, 9.2.6. The browser's
// own EventSource can neither POST nor send headers, and shows no comments.

/** Longest event that is taken, in UTF-16 code units. */
const maxEvent = 16 << 20;

/** An EventParser takes text as it comes, in pieces that end anywhere. */
export class EventParser {
  #rest = "";
  #searched = 0;
  #start = true;
  #afterCR = false;
  #data = [];
  #size = 0;
  #name = "";
  #raw = [];
  /** The last id that the stream has told: what Last-Event-ID is to be. */
  lastEventId = "";
  #pendingId = null;

  /**
   * @param {{event: (e: {id: string, name: string, data: string, raw: string}) => void,
   *   comment?: (text: string) => void, retry?: (ms: number) => void}} to
   */
  constructor(to) {
    this.to = to;
  }

  /** Takes the next piece of the stream. @param {string} text */
  push(text) {
    if (this.#start && text) {
      this.#start = false;
      if (text.startsWith("\uFEFF")) text = text.slice(1);
    }
    if (this.#afterCR && text) {
      this.#afterCR = false;
      if (text.startsWith("\n")) text = text.slice(1);
    }
    this.#rest += text;
    const ends = /[\r\n]/g;
    ends.lastIndex = this.#searched;
    let from = 0;
    for (let end = ends.exec(this.#rest); end; end = ends.exec(this.#rest)) {
      this.#line(this.#rest.slice(from, end.index));
      from = end.index + 1;
      if (end[0] === "\r") {
        if (from === this.#rest.length) this.#afterCR = true;
        else if (this.#rest[from] === "\n") from++;
      }
      ends.lastIndex = from;
    }
    this.#rest = this.#rest.slice(from);
    this.#searched = this.#rest.length;
    if (this.#rest.length + this.#size > maxEvent) throw new Error("The server sent an event that is too long.");
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    if (line[0] === ":") return this.to.comment?.(line);
    this.#raw.push(line);
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? "" : line.slice(colon + 1);
    if (value[0] === " ") value = value.slice(1);
    switch (field) {
      case "data":
        this.#data.push(value);
        this.#size += value.length;
        break;
      case "event":
        this.#name = value;
        break;
      case "id":
        if (!value.includes("\0")) this.#pendingId = value;
        break;
      case "retry":
        if (/^[0-9]+$/.test(value)) this.to.retry?.(Number(value));
        break;
    }
  }

  // The id counts only once its block is complete, so that no event is skipped that was
  // cut off after its id.
  #dispatch() {
    if (this.#pendingId !== null) this.lastEventId = this.#pendingId;
    const data = this.#data;
    const event = { id: this.lastEventId, name: this.#name || "message", data: data.join("\n"), raw: this.#raw.join("\n") };
    this.#data = [];
    this.#raw = [];
    this.#size = 0;
    this.#name = "";
    this.#pendingId = null;
    if (data.length > 0) this.to.event(event);
  }
}
