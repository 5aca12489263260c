// Markdown that is still being written. Only the last, open block is rendered again; those
// before it are final. What is done at once is bounded in size and in time, whatever the text
// is: a line of a megabyte, a fence that never closes, ten thousand blocks that come together.
import { icon } from "./dom.js";
import { highlight } from "./highlight.js";
import { becoming, closed, keepingSelection } from "./open.js";
import { Marked } from "./vendor/marked.js";
import DOMPurify from "./vendor/purify.js";

/** How much is looked at, at once, in UTF-16 code units. */
const windowSize = 4 << 10;
/** How long one step may take, in milliseconds: it leaves half a frame to the browser. */
const budget = 8;

const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (text) => text.replace(/[&<>"']/g, (c) => escapes[c]);

const marked = new Marked({
  gfm: true,
  renderer: {
    // HTML in an answer is shown as what it is: text.
    html: ({ text }) => escape(text),
    // An image would tell its server that, when and by whom the answer is read.
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

const rules = {
  ALLOWED_TAGS: [
    "a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
  ],
  ALLOWED_ATTR: ["align", "class", "href", "start", "title"], // of classes a code's language alone, below
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel):/i,
  ADD_URI_SAFE_ATTR: ["align", "class", "start", "title"], // or their values would have to be addresses
  RETURN_DOM_FRAGMENT: true,
};

const directed = new Set(["BLOCKQUOTE", "H1", "H2", "H3", "H4", "H5", "H6", "LI", "P", "TD", "TH", "UL", "OL"]);

const language = /^language-([\w.+#-]{1,20})$/;

DOMPurify.addHook("uponSanitizeAttribute", (node, attribute) => {
  if (attribute.attrName === "class") attribute.keepAttr = node.nodeName === "CODE" && language.test(attribute.attrValue);
});

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName === "A" && node.hasAttribute("href")) {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer nofollow");
  }
  if (node.nodeName === "PRE") node.setAttribute("tabindex", "0"); // it scrolls
  if (directed.has(node.nodeName)) node.setAttribute("dir", "auto");
});

/** Returns the elements of tokens, with nothing in them that could do anything. */
function build(tokens) {
  const fragment = DOMPurify.sanitize(marked.parser(tokens), rules);
  // Headings of an answer come below the page's own.
  for (const heading of fragment.querySelectorAll("h1,h2,h3,h4,h5,h6")) {
    const level = Math.min(6, Number(heading.nodeName[1]) + 2);
    const lower = document.createElement(`h${level}`);
    lower.dir = "auto";
    lower.append(...heading.childNodes);
    heading.replaceWith(lower);
  }
  for (const code of fragment.querySelectorAll("pre > code")) {
    const [, name] = language.exec(code.className) ?? [];
    code.removeAttribute("class");
    if (name) {
      code.parentElement.dataset.language = name;
      highlight(code, name);
    }
    code.before(copyButton());
  }
  for (const table of fragment.querySelectorAll("table")) {
    const frame = document.createElement("div");
    frame.className = "table";
    frame.tabIndex = 0;
    table.replaceWith(frame);
    frame.append(table);
  }
  return fragment;
}

/** Returns a button without a text of its own, since what it is in is the answer's. turns.js knows what it copies. */
function copyButton() {
  const copy = document.createElement("button");
  copy.type = "button";
  copy.className = "copy-code";
  copy.setAttribute("aria-label", "Copy this code");
  copy.append(icon("M9 9h11v11H9zM5 15H4V4h11v1"));
  return copy;
}

/** A MarkdownView shows a text that grows. */
export class MarkdownView {
  #rest = ""; // the text that is not shown for good; what is, is not looked at again
  #shown = -1; // so much of the rest is shown; -1: not even that it is empty
  #afterCR = false;
  #closed = false;
  #prefix = ""; // of what follows: the fence of a code block of which a part is final
  #piece = false; // whether what follows belongs to the block before it
  #open; // elements of the open block
  #rested = 0; // when the open block may be rendered again

  /** @param {HTMLElement} root @param {(text: string) => void} [finished] is told each block that is final */
  constructor(root, finished) {
    this.root = root;
    this.finished = finished;
    this.#open = [];
  }

  append(text) {
    if (!text) return;
    if (this.#afterCR && text[0] === "\n") text = text.slice(1);
    this.#afterCR = text.endsWith("\r");
    // Each line end is one character, whatever it was: so the text, and what is made of it, match.
    this.#rest += text.replace(/\r\n?/g, "\n");
  }

  /** Says that nothing follows: the last block is final too. */
  close() {
    this.#closed = true;
  }

  /** Shows what came, for one frame, and returns whether all of it is shown. */
  render() {
    const begin = performance.now();
    while (this.#step()) {
      if (performance.now() - begin > budget) break;
    }
    return this.settled;
  }

  get settled() {
    return this.#shown === this.#rest.length && (!this.#closed || this.#rest === "");
  }

  /** Does a piece of the work, and returns whether some is left. */
  #step() {
    if (this.settled) return false;
    const rest = this.#rest.slice(0, windowSize);
    const more = this.#rest.length > windowSize;
    const source = this.#prefix + rest;
    const tokens = marked.lexer(source);
    let last = tokens.length - 1;
    if (this.#closed && !more) last = tokens.length;
    else while (last > 0 && tokens[last].type === "space") last--;

    const whole = tokens.slice(0, last);
    if (whole.length > 0) {
      const raw = whole.map((token) => token.raw).join("");
      // Where the lexer has rewritten the source, lengths say nothing: then all of it is final.
      if (source.startsWith(raw)) this.#commit(build(whole), raw.length - this.#prefix.length);
      else this.#commit(build(tokens), rest.length);
      this.#prefix = "";
      this.#piece = false;
      return true;
    }
    if (more || rest.length === windowSize) {
      this.#cut(rest, tokens[0]);
      return true;
    }
    // The open block is rendered as often as there is time for it.
    const begin = performance.now();
    if (begin < this.#rested && !this.#closed) return false;
    const finished = closed(source);
    this.#replace(build(finished === source ? tokens : marked.lexer(finished)));
    this.#rested = begin + 4 * (performance.now() - begin);
    this.#shown = this.#rest.length;
    return false;
  }

  /** Makes the first part of a block final that is too long to be rendered again and again. */
  #cut(rest, token) {
    const fence = token?.type === "code" ? /^ {0,3}(`{3,}|~{3,})[^\n]*\n/.exec(this.#prefix + rest) : null;
    const at = boundary(rest, fence !== null);
    const tokens = marked.lexer(this.#prefix + rest.slice(0, at));
    const fragment = build(tokens);
    this.#commit(fragment, at);
    this.#prefix = fence ? fence[0] : "";
    this.#piece = true;
  }

  #commit(fragment, length) {
    const nodes = this.#replace(fragment);
    this.#open = [];
    this.#rest = this.#rest.slice(length);
    this.#shown = 0;
    if (this.finished) this.finished(nodes.map((node) => node.textContent).join("\n"));
  }

  #replace(fragment) {
    const nodes = [...fragment.childNodes];
    if (this.#piece) nodes.find((node) => node.nodeType === Node.ELEMENT_NODE)?.classList.add("piece");
    // What is there already stays: somebody may have selected it.
    this.#open = keepingSelection(this.root, () => becoming(this.root, this.#open, nodes));
    return this.#open;
  }
}

/** Returns where to cut a text: at a line, a space, or at least not within a character. */
function boundary(text, atLine) {
  const half = text.length / 2;
  const line = text.lastIndexOf("\n") + 1;
  if (line > half) return line;
  const space = text.lastIndexOf(" ") + 1;
  if (!atLine && space > half) return space;
  const tail = text.length - 64;
  const segments = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text.slice(tail))];
  return tail + segments.at(-1).index || text.length;
}
