// The view follows the end of the conversation during an answer, but never against the
// reader: any upward scroll releases it at once, and only the very end holds it again.

/** So many pixels before the end count as the end. */
const nearly = 2;

/** An EndFollower keeps an element scrolled to its end. */
export class EndFollower {
  #holds = true;
  #top = 0; // where the scroll was, and how large a part of it is seen
  #seen = "";
  #finger = 0;

  /** @param {HTMLElement} element @param {(holds: boolean) => void} changed */
  constructor(element, changed) {
    this.element = element;
    this.changed = changed;
    const passive = { passive: true };
    element.addEventListener("wheel", ({ deltaY, ctrlKey }) => deltaY < 0 && !ctrlKey && this.release(), passive);
    element.addEventListener("touchstart", ({ touches }) => (this.#finger = touches[0].clientY), passive);
    element.addEventListener("touchmove", ({ touches }) => {
      if (touches[0].clientY > this.#finger) this.release();
      this.#finger = touches[0].clientY;
    }, passive);
    element.addEventListener("keydown", ({ key, shiftKey }) => {
      if (["PageUp", "Home", "ArrowUp"].includes(key) || (key === " " && shiftKey)) this.release();
    });
    element.addEventListener("scroll", () => this.#scrolled(), passive);
  }

  /** Lets go of the end, where there is anything above it. */
  release() {
    if (this.element.scrollTop > 0) this.#set(false);
  }

  /** Holds on to the end from now on. */
  hold() {
    this.#set(true);
  }

  /** Stays at the beginning until somebody scrolls to the end. */
  stay() {
    this.#holds = false;
  }

  /** Goes to the end where that is held. It is for an animation frame, after what changes the content. */
  follow() {
    if (!this.#holds) return;
    this.element.scrollTop = this.element.scrollHeight;
    this.#note();
  }

  #note() {
    this.#top = this.element.scrollTop;
    this.#seen = `${this.element.clientWidth} ${this.element.clientHeight}`;
  }

  // A scrollbar tells nothing but where it is. Nor does a phone that is turned, which moves the content too.
  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight, clientWidth } = this.element;
    const atEnd = scrollHeight - scrollTop - clientHeight <= nearly;
    const same = this.#seen === `${clientWidth} ${clientHeight}`;
    if (atEnd && scrollTop > this.#top) this.#set(true);
    else if (!atEnd && scrollTop < this.#top && same) this.#set(false);
    this.#note();
  }

  #set(holds) {
    if (this.#holds === holds) return;
    this.#holds = holds;
    this.changed(holds);
  }
}
