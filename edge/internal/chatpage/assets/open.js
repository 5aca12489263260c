// Handling of a Markdown block that is still being written: how to show it before its
// markers are complete, and how to change it without losing the user's selection.

// ---- Markers that are begun

/** A last line that may still become a list, a rule, a heading, a fence or a table. */
const beginning = /(^|\n)[ \t]*(?:[-=*+#>_]+|\d{1,3}[.)]?|[-*+][ \t]+\[?|`{1,2}|~{1,2}|\|)[ \t]*$/;
/** A link or an image that is begun, up to its end. */
const link = /!?\[([^\][\n]*)(?:\](?:\([^)\n]*)?)?$/;

/**
 * Returns the source of an open block with what is begun at its end completed, or left out where there is nothing to
 * show yet, so that no marker is seen that will be none: "**Com" as a bold "Com".
 */
export function closed(source) {
  const lines = source.split("\n");
  if (inFence(lines)) return source;
  let text = withoutTable(source);
  text = text.replace(beginning, "");
  const at = text.lastIndexOf("\n") + 1;
  const begin = paragraphStart(text, at);
  return text.slice(0, begin) + inline(text.slice(begin));
}

/** Whether the source ends inside a code block. */
function inFence(lines) {
  let fence = "";
  for (const line of lines) {
    const found = /^\s*(?:(?:[-*+]|\d+[.)])\s+)*(`{3,}|~{3,})(.*)$/.exec(line);
    if (!found) continue;
    if (!fence) fence = found[1];
    else if (found[1][0] === fence[0] && found[1].length >= fence.length && found[2].trim() === "") fence = "";
  }
  return fence !== "";
}

/** Leaves a table out whose columns are not known yet. */
function withoutTable(source) {
  const at = source.lastIndexOf("\n\n") + 1 && source.lastIndexOf("\n\n") + 2;
  const [head, ...below] = source.slice(at).split("\n");
  if (!head.trimStart().startsWith("|")) return source;
  return below.length === 0 || (below.length === 1 && /^[\s|:-]*$/.test(below[0])) ? source.slice(0, at) : source;
}

/** Emphasis may go over lines, but not over list items, headings, cells or paragraphs. */
function paragraphStart(text, at) {
  for (let line = at; ; ) {
    const start = text.slice(line, line + 200);
    if (line === 0 || /^\s*(?:[-*+]\s|\d+[.)]\s|#{1,6}\s|>|\||$)/.test(start.split("\n")[0])) return line;
    line = text.lastIndexOf("\n", line - 2) + 1;
  }
}

/** Completes the code, the links and the emphasis of one run of text. */
function inline(text) {
  const code = openCode(text);
  if (code >= 0) {
    const ticks = /^`+/.exec(text.slice(code))[0];
    return text.length === code + ticks.length ? text.slice(0, code) : text + ticks;
  }
  text = text.replace(link, "$1").replace(/(?<!~)~$/, "");
  const { stack, part } = openMarkers(text);
  for (;;) { // markers with nothing behind them yet
    const top = stack.at(-1);
    if (!top || text.slice(top.at).trimEnd() !== top.marker) break;
    text = text.slice(0, top.at).trimEnd();
    stack.pop();
  }
  if (stack.length === 0) return text;
  text = text.slice(0, text.length - part).trimEnd();
  return text + stack.reverse().map(({ marker }) => marker).join("");
}

/** Returns where a code span begins that does not end, or -1. */
function openCode(text) {
  const runs = [...text.matchAll(/(?<!\\)`+/g)];
  for (let i = 0; i < runs.length; i++) {
    const end = runs.findIndex((run, j) => j > i && run[0].length === runs[i][0].length);
    if (end < 0) return runs[i].index;
    i = end;
  }
  return -1;
}

/**
 * Returns the markers of emphasis that are open at the end, as {marker, at}, and how many letters of one that closes
 * are there already.
 */
function openMarkers(text) {
  const bare = text.replace(/`+[^`]*`+/g, (span) => "x".repeat(span.length));
  const stack = [];
  let part = 0;
  for (const run of bare.matchAll(/(?<!\\)(\*{1,3}|_{1,3}|~~)/g)) {
    const [marks] = run;
    const before = bare[run.index - 1] ?? " ";
    const after = bare[run.index + marks.length] ?? "";
    let length = marks.length;
    if (!/\s/.test(before)) {
      while (length > 0 && stack.at(-1)?.marker[0] === marks[0] && stack.at(-1).marker.length <= length) length -= stack.pop().marker.length;
    }
    const word = /[\p{L}\p{N}]/u;
    const opens = after !== "" ? !/\s/.test(after) && !(word.test(before) && (marks[0] === "_" || length === 1)) : !word.test(before);
    if (length === 0 || !opens) {
      if (after === "" && stack.at(-1)?.marker[0] === marks[0]) part = length;
      continue;
    }
    const at = run.index + marks.length - length;
    if (length === 3) stack.push({ marker: marks[0].repeat(2), at }, { marker: marks[0], at: at + 2 });
    else stack.push({ marker: marks[0].repeat(length), at });
  }
  return { stack, part };
}

// ---- Changing what is shown

/** Makes the nodes before, children of root, those of after, and returns them. What is alike stays the same node. */
export function becoming(root, before, after) {
  const end = before.at(-1)?.nextSibling ?? null;
  const now = after.map((node, i) => {
    const old = before[i];
    if (old && alike(old, node)) {
      become(old, node);
      return old;
    }
    root.insertBefore(node, old ?? end);
    if (old) {
      if (old.nodeType === Node.TEXT_NODE || node.nodeType === Node.TEXT_NODE) old.remove();
      else keepWords(old, node);
    }
    return node;
  });
  for (const old of before.slice(after.length)) old.remove();
  return now;
}

const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName;

function become(old, node) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    writeOn(old, node.data);
    return;
  }
  for (const { name } of [...old.attributes]) if (!node.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of node.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  loosen(old, node);
  becoming(old, [...old.childNodes], [...node.childNodes]);
}

/** An item of a list that comes to have paragraphs has its words in the first of them: they are moved there. */
function loosen(old, node) {
  const first = node.firstElementChild;
  if (old.nodeName !== "LI" || first?.nodeName !== "P" || old.firstElementChild?.nodeName === "P" || !old.firstChild) return;
  const paragraph = document.createElement("p");
  for (let child = old.firstChild; child && !["UL", "OL", "PRE", "BLOCKQUOTE", "DIV", "P"].includes(child.nodeName); child = old.firstChild) paragraph.append(child);
  old.prepend(paragraph);
}

/** Where an element becomes another one, as a paragraph a heading, the text nodes that say the same move over. */
function keepWords(old, node) {
  const words = (root) => {
    const all = [];
    for (let walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), text = walk.nextNode(); text; text = walk.nextNode()) all.push(text);
    return all;
  };
  const fresh = words(node);
  words(old).forEach((text, i) => {
    if (!fresh[i] || !fresh[i].data.startsWith(text.data)) return;
    const whole = fresh[i].data;
    fresh[i].replaceWith(text);
    writeOn(text, whole);
  });
  old.remove();
}

/** Changes a text from where it is another one, which leaves what is selected before that. */
function writeOn(node, data) {
  if (node.data === data) return;
  let same = 0;
  while (same < node.data.length && node.data.charCodeAt(same) === data.charCodeAt(same)) same++;
  node.replaceData(same, node.data.length - same, data.slice(same));
}

/** Does change, which may move text nodes of root, and selects again what was selected there. */
export function keepingSelection(root, change) {
  const selection = getSelection();
  const { anchorNode, focusNode, isCollapsed } = selection;
  if (isCollapsed || !(root.contains(anchorNode) || root.contains(focusNode))) return change();
  const before = selection.toString();
  const backward = selection.direction === "backward";
  const range = selection.getRangeAt(0);
  const begin = place(range.startContainer, range.startOffset, true);
  const end = place(range.endContainer, range.endOffset, false);
  const result = change();
  if (selection.toString() === before || !begin.node.isConnected || !end.node.isConnected) return result;
  const [anchor, focus] = backward ? [end, begin] : [begin, end];
  selection.setBaseAndExtent(anchor.node, within(anchor), focus.node, within(focus));
  return result;
}

const within = ({ node, offset }) => Math.min(offset, node.nodeType === Node.TEXT_NODE ? node.data.length : node.childNodes.length);

/** Returns an end of a selection as a place in a text, which stays the same wherever that is moved. */
function place(node, offset, first) {
  while (node.nodeType === Node.ELEMENT_NODE && node.childNodes.length > 0) {
    const child = first ? node.childNodes[offset] : node.childNodes[offset - 1];
    if (!child) break;
    node = child;
    const length = node.nodeType === Node.TEXT_NODE ? node.data.length : node.childNodes.length;
    offset = first ? 0 : length;
  }
  return { node, offset };
}
