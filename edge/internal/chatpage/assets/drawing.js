// What is drawn, once per animation frame.
import { readOut } from "./dom.js";
import { MarkdownView } from "./markdown.js";

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
    const view = new MarkdownView(body, aloud ? readOut : undefined);
    if (text) view.append(text);
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
