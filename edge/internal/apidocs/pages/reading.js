// Makes the documents easier to read if scripts run: tabs for examples in several languages, colours,
// copy buttons, and contents that follow the reader. Without it, all the text is still there.
import { announce, button, icon, make } from "/chat/dom.js";
import { toClipboard } from "/chat/files.js";
import { highlight } from "/chat/highlight.js";

// ---- Code

for (const code of document.querySelectorAll("figure pre > code")) {
  const name = code.closest("figure").querySelector("figcaption")?.textContent ?? "";
  const source = code.textContent;
  highlight(code, /\.(\w+)$/.exec(name)?.[1] ?? "");
  const copy = button("", async () => announce((await toClipboard(source)) ? "Copied" : "Not copied"));
  copy.className = "copy-code";
  copy.setAttribute("aria-label", name ? `Copy ${name}` : "Copy this");
  copy.append(icon("M9 9h11v11H9zM5 15H4V4h11v1"));
  const frame = make("div", "copied");
  code.parentElement.replaceWith(frame);
  frame.append(make("pre", "", code), copy);
  frame.firstChild.tabIndex = 0;
}
const status = make("div", "hidden");
status.id = "status";
status.setAttribute("role", "status");
document.body.append(status);

// ---- Tabs

/** Turns consecutive folded parts into tabs, of which the first is open. */
function tabs(parts, n) {
  const list = make("div", "tabs");
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "Language");
  const panels = parts.map((part, i) => {
    const panel = make("div", "panel", ...[...part.childNodes].filter(({ nodeName }) => nodeName !== "SUMMARY"));
    panel.id = `panel-${n}-${i}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${n}-${i}`);
    const tab = button(part.querySelector("summary").textContent, () => choose(i));
    tab.id = `tab-${n}-${i}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    list.append(tab);
    return panel;
  });
  const choose = (chosen) => [...list.children].forEach((tab, i) => {
    tab.setAttribute("aria-selected", String(i === chosen));
    tab.tabIndex = i === chosen ? 0 : -1;
    panels[i].hidden = i !== chosen;
  });
  list.addEventListener("keydown", ({ key }) => {
    const at = [...list.children].indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[key];
    if (to === undefined) return;
    const next = list.children[(to + panels.length) % panels.length];
    choose([...list.children].indexOf(next));
    next.focus();
  });
  parts[0].before(list, ...panels);
  for (const part of parts) part.remove();
  choose(0);
}

let groups = 0;
for (const first of document.querySelectorAll("section > details")) {
  if (!first.isConnected || first.previousElementSibling?.nodeName === "DETAILS") continue;
  const parts = [first];
  while (parts.at(-1).nextElementSibling?.nodeName === "DETAILS") parts.push(parts.at(-1).nextElementSibling);
  if (parts.length > 1) tabs(parts, groups++);
}

// ---- Contents

document.querySelector(".others [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }); // where the line is wider than the window

const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
/** How far below the top of the window a heading counts as read, in pixels: a little more than the bar there is high. */
const reached = 140;
/** Marks what is read: the last heading that has come near the top, or at the end of the page the last one. */
function follow() {
  const atEnd = scrollY > 0 && innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
  const read = atEnd ? headings.at(-1) : (headings.findLast((heading) => heading.getBoundingClientRect().top < reached) ?? headings[0]);
  for (const [id, link] of links) {
    if (id === read?.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}
addEventListener("scroll", follow, { passive: true });
addEventListener("resize", follow);
follow();
// What tabs have moved, the address still names.
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
