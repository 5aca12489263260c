// Colours for code, by highlight.js. That is large, and most answers have no code: it is loaded once there is some, and
// what waits for it is shown without colours until then.

/** What is coloured as which kind; what highlight.js finds besides looks like the rest. */
const kinds = Object.entries({
  comment: "comment quote doctag",
  text: "string regexp char link addition",
  number: "number literal deletion",
  word: "keyword built_in type tag name attr attribute meta section selector-tag selector-id selector-class template-tag",
}).flatMap(([kind, scopes]) => scopes.split(" ").map((scope) => [scope, kind]));
const kindOf = new Map(kinds);

let library;
let loading;

/** Gives the code of an element its colours, if its language is known. What it says stays the same. */
export function highlight(code, language) {
  if (library) colour(code, language);
  else if (language) {
    code.dataset.waits = language;
    loading ??= load();
  }
}

async function load() {
  try {
    ({ default: library } = await import("./vendor/highlight.js"));
  } catch {
    loading = undefined; // the server is away: the next piece of code tries again
    return;
  }
  for (const code of document.querySelectorAll("[data-waits]")) {
    const { waits } = code.dataset;
    delete code.dataset.waits;
    colour(code, waits);
  }
}

function colour(code, language) {
  if (!library.getLanguage(language)) return;
  // The tree, and not the markup that is made of it: nothing of an answer becomes HTML.
  const { rootNode } = library.highlight(code.textContent, { language, ignoreIllegals: true })._emitter;
  code.replaceChildren(...rootNode.children.map(node));
}

function node(piece) {
  if (typeof piece === "string") return piece;
  const kind = kindOf.get(piece.scope?.split(/[.:]/)[0]);
  const within = piece.children.map(node);
  if (!kind && within.every((n) => typeof n === "string")) return within.join("");
  const part = document.createElement("span");
  if (kind) part.dataset.token = kind;
  part.append(...within);
  return part;
}
