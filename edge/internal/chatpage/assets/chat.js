// The page: its controls and what they do. composer.js, which ran before, has the box for the question, answer.js fetches answers,
// markdown.js and turns.js render them, talk.js holds the conversation, desk.js decides which one is open, and library.js stores them.
import { $, notice } from "./dom.js";
import { Desk } from "./desk.js";
import { Drawing, loadMarkdown } from "./drawing.js";
import { catchDrops, saveAs, toClipboard } from "./files.js";
import { Frames } from "./frames.js";
import { Library } from "./library.js";
import { loadModels } from "./models.js";
import { Options } from "./options.js";
import { Pictures } from "./pictures.js";
import { EndFollower } from "./scroll.js";
import { linkOf, showShared } from "./shared.js";
import { keepShell } from "./shell.js";
import { Shelf } from "./shelf.js";
import * as store from "./store.js";
import { Talk } from "./talk.js";
import { Turns } from "./turns.js";

const { composing, question, serve, setAsking, setQuestion } = globalThis.composer;

/** What somebody shares with the visitor, who then reads only that. */
const link = linkOf(location.hash);

const end = new EndFollower($("scroll"), (holds) => ($("latest").hidden = holds));
const frames = new Frames({
  list: $("frames"), count: $("frame-count"), open: () => !$("drawer").hidden,
  filter: () => ({ kind: $("frame-kind").value, words: $("frame-words").value.trim().toLowerCase(), text: $("frame-text").checked }),
});
const drawing = new Drawing(() => {
  if (talk.running) turns.tellFigures(talk.running.message);
  frames.render();
  if (talk.messages.length > 0) end.follow();
  else $("scroll").scrollTop = 0;
});
const turns = new Turns($("messages"), {
  regenerate: (message) => talk.regenerate(message),
  proceed: (message) => talk.proceed(message),
  goOn: (message) => talk.goOn(message),
  share: (message) => import("./share.js").then(({ share }) => share(message), () => notice("drop", "The server cannot be reached right now.")),
  choose: (message, step) => talk.choose(message, step),
  edit: async (message, text) => {
    await desk.branch(talk.messages.slice(0, talk.messages.indexOf(message)));
    ask(text, message.pictures);
    question.focus();
  },
  ask: (text) => {
    if (talk.running) setQuestion(text);
    else ask(text);
    question.focus();
  },
});
const talk = new Talk({ turns, options: new Options(), drawing, frames, end, keep: () => link || desk.keep(), keepSoon: () => link || desk.keepSoon(), asking: setAsking });
const pictures = new Pictures((why) => notice("drop", why));
const library = new Library((id, elsewhere) => {
  shelf.refresh();
  if (id === desk.open.id) tellTitle();
  if (elsewhere) desk.heard(id);
});
const desk = new Desk({ talk, library, opened });
const shelf = new Shelf(library, desk);

// A reader at the end stays there when a phone is rotated, or the question grows.
new ResizeObserver(() => drawing.schedule()).observe($("scroll"));

$("latest").addEventListener("click", () => {
  end.hold();
  drawing.schedule();
  question.focus();
});

// ---- The question

function send(text) {
  if (talk.running || !pictures.fit()) return;
  setQuestion("");
  ask(text, pictures.take());
}

async function ask(text, shown = []) {
  await desk.ready;
  for (const name of ["deleted", "missing", "drop"]) notice(name, ""); // they are of what was before
  talk.ask(text, shown);
}

question.addEventListener("keydown", (event) => {
  if (composing(event) || (event.key !== "PageUp" && event.key !== "PageDown")) return;
  event.preventDefault(); // the box does not scroll by pages, the conversation does
  if (event.key === "PageUp") end.release();
  $("scroll").scrollBy({ top: (event.key === "PageUp" ? -0.9 : 0.9) * $("scroll").clientHeight });
});
$("stop").addEventListener("click", () => {
  talk.stop();
  question.focus();
});
$("suggestions").addEventListener("click", (event) => {
  const chosen = event.target.closest("button");
  if (!chosen) return;
  ask(chosen.textContent);
  question.focus();
});
catchDrops((text) => {
  setQuestion(question.value ? `${question.value}\n${text}` : text);
  question.focus();
}, (file) => pictures.add(file), (why) => notice("drop", why));

// ---- Other controls

/** Another conversation is open, or the open one has got its address. */
function opened() {
  for (const name of ["trouble", "fork", "storage"]) notice(name, "");
  tellTitle();
  shelf.refresh();
}

function tellTitle() {
  document.title = desk.open.id ? `${library.title(desk.open.id)} · Pawstream` : "Pawstream";
}

$("new").addEventListener("click", () => {
  desk.anew();
  shelf.chosen();
  question.focus();
});

function toggleFrames(show) {
  $("drawer").hidden = !show;
  $("show-frames").setAttribute("aria-expanded", String(show));
  store.set({ frames: show });
  if (show) frames.toEnd();
}
$("show-frames").addEventListener("click", () => toggleFrames($("drawer").hidden));
$("hide-frames").addEventListener("click", () => {
  toggleFrames(false);
  $("show-frames").focus();
});
$("clear-frames").addEventListener("click", () => frames.clear());
$("copy-frames").addEventListener("click", () => toClipboard(frames.text));
$("pause-frames").addEventListener("click", () => {
  const paused = $("pause-frames").getAttribute("aria-pressed") !== "true";
  $("pause-frames").setAttribute("aria-pressed", String(paused));
  frames.pause(paused);
});
for (const id of ["frame-kind", "frame-words", "frame-text"]) $(id).addEventListener("input", () => frames.render());

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || composing(event) || event.defaultPrevented) return;
  if (event.key === "Escape") {
    if (!talk.running || event.target.closest?.("select, input, dialog, [popover]")) return; // it closes or clears those
    talk.stop();
    question.focus();
  } else if (event.key === "/" && !event.target.closest("input, textarea, select")) {
    event.preventDefault();
    question.focus();
  }
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  question.focus();
});

const connected = () => ($("connection").textContent = navigator.onLine ? "" : "Offline");
addEventListener("online", connected);
addEventListener("offline", connected);

// ---- Beginning

addEventListener("hashchange", () => linkOf(location.hash) && location.reload());
if (link) showShared(link, talk);
else await begin();
keepShell();

async function begin() {
  question.focus();
  loadModels();
  connected();
  if (store.settings().frames) toggleFrames(true);
  const beginning = desk.begin(library.open());
  serve(send); // a question waits for the conversation that it belongs to
  performance.mark("complete"); // from here on, nothing of a question's way waits for a script
  loadMarkdown();
  const { strange } = await beginning;
  shelf.begin();
  if (!library.keeps) notice("storage", "This browser stores nothing for this page: conversations last until you close it.");
  if (strange !== undefined) {
    notice("trouble", "This browser has a conversation from another version of this page, which this version cannot show.",
      ["Save as a file", () => saveAs("pawstream-conversation.json", strange), true]);
  }
}
