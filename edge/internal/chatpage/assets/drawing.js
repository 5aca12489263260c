// What is drawn, once per animation frame.
import { readOut } from "./dom.js";

/** How long to wait before loading again what did not load, in milliseconds. */
const again = 1_000;

let MarkdownView; // once it has loaded
let loading;

/** Loads what shows Markdown, which is the largest part of the page. Nothing needs it before the first answer. */
export function loadMarkdown() {
  loading ??= import("./markdown.js").then(
    (module) => ({ MarkdownView } = module),
    () => setTimeout(() => (loading = undefined), again), // the server is away
  );
}

/** A text to show that keeps what comes before there is a MarkdownView. */
class View {
  #shown;
  #text = "";
  #closed = false;

  constructor(body, finished) {
    Object.assign(this, { body, finished });
  }

  append(text) {
    if (this.#shown) this.#shown.append(text);
    else this.#text += text;
  }

  close() {
    this.#closed = true;
    this.#shown?.close();
  }

  /** Shows what came, and returns whether all of it is shown. */
  render() {
    if (!this.#shown) {
      loadMarkdown();
      if (!MarkdownView) return false;
      this.#shown = new MarkdownView(this.body, this.finished);
      this.#shown.append(this.#text);
      if (this.#closed) this.#shown.close();
    }
    return this.#shown.render();
  }
}

export class Drawing {
  #scheduled = false;
  #busy = new Set(); // views that have something to show
  #ending = new Map(); // views whose answer has ended: its element, which is busy until all is shown, and what is done then

  /** each is called in every frame that draws, after the views. */
  constructor(each) {
    this.each = each;
  }

  schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => this.#draw());
  }

  /** Begins to show a text, from its first letter. Where it is aloud, it is read out as it comes. */
  open(body, text, aloud) {
    body.replaceChildren();
    const view = new View(body, aloud ? readOut : undefined);
    view.append(text);
    this.touch(view);
    return view;
  }

  /** Has a view drawn that something was added to. */
  touch(view) {
    this.#busy.add(view);
    this.schedule();
  }

  /** Has a view drawn to its end; until then its answer's element is busy, and then is called. */
  end(view, item, then) {
    item.setAttribute("aria-busy", "true"); // also where it was over long ago, and is shown again
    this.#ending.set(view, { item, then });
    this.touch(view);
  }

  clear() {
    this.#busy.clear();
    this.#ending.clear();
  }

  #draw() {
    this.#scheduled = false;
    for (const view of this.#busy) {
      if (!view.render()) continue;
      this.#busy.delete(view);
      const last = this.#ending.get(view);
      this.#ending.delete(view);
      last?.item.removeAttribute("aria-busy");
      last?.then();
    }
    this.each();
    if (this.#busy.size > 0) this.schedule();
  }
}
