// The page: what happens between the person and the answer. How an answer gets here is
// answer.js's matter, how it looks markdown.js's, what is kept store.js's.
import { authorized, cancel, follow } from "./answer.js";
import { grouped } from "./figures.js";
import { Frames } from "./frames.js";
import { MarkdownView } from "./markdown.js";
import { Refusal, refusalOf } from "./refusal.js";
import * as store from "./store.js";

const $ = (id) => document.getElementById(id);
const scroll = $("scroll");
const question = $("question");

const kept = await store.load();
/** The conversation. An answer of status "pending" is followed; its turn says how. */
let messages = kept.messages;
/** The answer that is followed: {message, element, view, controller}, or undefined. */
let running;
/** Elements of the answers, by message. */
const shown = new Map();

const frames = new Frames({ list: $("frames"), count: $("frame-count"), open: () => !$("drawer").hidden });

// ---- Drawing, once per animation frame

let scheduled = false;
let sticking = true; // to the end of the conversation
let top = 0; // where the scroll was
const busy = new Set(); // views that have something to show
const ending = new Map(); // views whose answer has ended: its element, which is busy until all is shown

function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(draw);
}

function draw() {
  scheduled = false;
  for (const view of busy) {
    if (!view.render()) continue;
    busy.delete(view);
    ending.get(view)?.removeAttribute("aria-busy");
    ending.delete(view);
  }
  if (running) tellFigures(running.message);
  frames.render();
  if (sticking) scroll.scrollTop = messages.length > 0 ? scroll.scrollHeight : 0;
  if (busy.size > 0) schedule();
}

scroll.addEventListener("scroll", () => {
  // Only who scrolls up leaves the end: it moves down by itself, too, when a phone is turned.
  if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80) sticking = true;
  else if (scroll.scrollTop < top) sticking = false;
  top = scroll.scrollTop;
  $("latest").hidden = sticking;
}, { passive: true });

// Whoever reads the end goes on to when a phone is turned, or the question grows.
new ResizeObserver(schedule).observe(scroll);

$("latest").addEventListener("click", () => {
  sticking = true;
  schedule();
  question.focus();
});

// ---- What is said to those who do not see it

const announce = (text) => ($("status").textContent = text);

function readOut(text) {
  const log = $("log");
  const line = document.createElement("p");
  line.textContent = text;
  log.append(line);
  while (log.childElementCount > 20) log.firstElementChild.remove();
}

/** Shows a line above the conversation, in place of one of the same name. "" takes it away. */
function notice(name, text, ...actions) {
  for (const old of $("notices").querySelectorAll(`[data-name="${name}"]`)) old.remove();
  if (!text) return;
  const line = document.createElement("div");
  line.className = "notice";
  line.dataset.name = name;
  line.setAttribute("role", "alert");
  const words = document.createElement("span");
  words.textContent = text;
  line.append(words);
  for (const [label, act, stays] of [...actions, ["Dismiss", () => {}]]) {
    line.append(button(label, () => {
      if (!stays) line.remove();
      act();
    }));
  }
  $("notices").append(line);
}

function button(label, act, icon) {
  const b = document.createElement("button");
  b.type = "button";
  b.textContent = label;
  if (icon) b.prepend(icon);
  b.addEventListener("click", act);
  return b;
}

// ---- The conversation

function addUser(message) {
  const item = document.createElement("li");
  item.className = "user";
  item.dir = "auto";
  item.textContent = message.text;
  $("messages").append(item);
}

function addAssistant(message) {
  const item = document.createElement("li");
  item.className = "assistant";
  const body = document.createElement("div");
  body.className = "body";
  const foot = document.createElement("div");
  foot.className = "foot";
  const state = document.createElement("span");
  state.className = "state";
  const figures = document.createElement("span");
  figures.className = "figures";
  foot.append(state, figures);
  item.append(body, foot);
  $("messages").append(item);
  const element = { item, body, foot, state, figures };
  shown.set(message, element);
  return element;
}

/** Begins to show an answer's text, from the first letter. */
function open(message, aloud) {
  const { body } = shown.get(message);
  body.replaceChildren();
  const view = new MarkdownView(body, aloud ? readOut : undefined);
  if (message.text) view.append(message.text);
  busy.add(view);
  schedule();
  return view;
}

function drawAll() {
  $("messages").replaceChildren();
  shown.clear();
  busy.clear();
  ending.clear();
  for (const message of messages) {
    if (message.role === "user") {
      addUser(message);
      continue;
    }
    addAssistant(message);
    if (message.status !== "pending") {
      open(message, false).close();
      finished(message);
    }
  }
  $("welcome").hidden = messages.length > 0;
  schedule();
}

/** Shows what an answer that has ended comes with. */
function finished(message) {
  const { item, foot, state } = shown.get(message);
  item.dataset.state = "ended";
  item.dataset.status = message.status;
  state.textContent = message.status === "stopped" ? "Stopped" : "";
  for (const old of foot.querySelectorAll("button")) old.remove();
  item.querySelector(".trouble")?.remove();
  tellFigures(message);
  if (message.text) {
    const copy = button("Copy", async () => {
      copy.lastChild.textContent = (await toClipboard(message.text)) ? "Copied" : "Not copied";
      setTimeout(() => (copy.lastChild.textContent = "Copy"), 1500);
    }, icon("M9 9h11v11H9zM5 15H4V4h11v1"));
    foot.prepend(copy);
  }
  const last = message === messages.at(-1);
  const tries = last && message.status === "failed" && message.retry !== "no";
  if (last && !tries) {
    const again = button("Regenerate", () => regenerate(message), icon("M20 11A8 8 0 1 0 18 17M20 4v7h-7"));
    const copy = foot.querySelector("button");
    if (copy) copy.after(again);
    else foot.prepend(again);
  }
  if (message.error) {
    const trouble = document.createElement("div");
    trouble.className = "trouble";
    trouble.setAttribute("role", "alert");
    const words = document.createElement("span");
    words.textContent = message.error;
    trouble.append(words);
    if (last && message.status === "paused") trouble.append(button("Enter a key", () => goOn(message)));
    if (tries) trouble.append(button("Try again", () => regenerate(message)));
    foot.before(trouble);
  }
}

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

function tellFigures(message) {
  const { times, tokens } = message;
  const target = shown.get(message)?.figures;
  if (!target || !times?.first) return;
  const parts = [`${((times.first - times.asked) / 1000).toFixed(2)} s to first token`];
  const span = (times.last - times.first) / 1000;
  if (tokens > 1 && span > 0.05) parts.push(`${grouped(Math.round((tokens - 1) / span))} tokens/s`);
  parts.push(`${grouped(tokens)} tokens`);
  const text = parts.join(" · ");
  if (target.textContent !== text) target.textContent = text;
}

// ---- Asking

function ask(text) {
  if (running) return;
  notice("new", ""); // what was put away would come back in place of this
  const user = { role: "user", text };
  messages.push(user);
  addUser(user);
  answer();
}

/** Asks for an answer to the conversation as it is. */
function answer() {
  const last = messages.at(-2);
  const message = {
    role: "assistant", text: "", status: "pending", model: $("model").value || store.settings().model || "pet-advisor-1",
    turn: { key: store.randomName(), id: "", cursor: "" },
    times: { asked: Date.now(), first: 0, last: 0 }, tokens: 0,
  };
  messages.push(message);
  addAssistant(message);
  if (last && shown.has(last)) finished(last); // it is not the last one any more
  $("welcome").hidden = true;
  sticking = true;
  frames.begin();
  run(message);
}

function goOn(message) {
  if (running) return;
  message.status = "pending";
  delete message.error;
  run(message);
}

function regenerate(message) {
  if (running || message !== messages.at(-1)) return;
  messages.pop();
  shown.get(message).item.remove();
  shown.delete(message);
  answer();
}

/** The request for an answer. It is the same one each time, as its idempotency key demands. */
function bodyOf(message) {
  const before = messages.slice(0, messages.indexOf(message)).filter((m) => m.text !== "");
  return {
    model: message.model,
    messages: before.map(({ role, text }) => ({ role, content: text })),
    stream: true,
    stream_options: { include_usage: true, include_events: true },
    // Whoever reloads, or is offline for a while, finds the answer where it was; Stop ends it.
    on_disconnect: "continue",
  };
}

async function run(message) {
  const element = shown.get(message);
  element.item.querySelector(".trouble")?.remove();
  for (const old of element.foot.querySelectorAll("button")) old.remove();
  element.item.setAttribute("aria-busy", "true");
  element.item.dataset.status = "pending";
  const controller = new AbortController();
  const mine = { message, controller, view: open(message, true), stopping: false };
  running = mine;
  setAsking(true);
  $("log").replaceChildren();
  announce("Answering");
  keep();

  const say = (kind, text) => {
    element.item.dataset.state = kind;
    if (element.state.textContent !== text) element.state.textContent = text;
  };
  let away = false; // from the server, as far as one was told
  const hooks = {
    apiKey: store.getKey,
    wrongKey: async () => {
      say("waiting", "An API key is needed");
      await askKey(store.getKey() ? "The server does not know this key, or does not take it any more. The answer goes on with a new one." : "");
    },
    named: () => {
      keep();
      if (mine.stopping) leave(mine);
    },
    text: (text) => {
      if (mine.stopping) return;
      message.text += text;
      message.tokens++;
      message.times.last = Date.now();
      message.times.first ||= message.times.last;
      mine.view.append(text);
      busy.add(mine.view);
      keepSoon();
      schedule();
    },
    usage: (usage) => (message.tokens = usage.completion_tokens ?? message.tokens),
    progress: ({ stage }) => say("quiet", stage ? `${stage[0].toUpperCase()}${stage.slice(1)}…` : ""),
    state: (state) => {
      if (mine.stopping) return;
      if (state === "reconnecting") {
        say("reconnecting", "Reconnecting…");
        announce("Reconnecting");
        away = true;
      } else {
        if (away && state === "streaming") {
          announce("Connected again");
          away = false;
        }
        say("quiet", "");
      }
      schedule();
    },
    frame: (kind, id, text) => {
      frames.add(kind, id, text);
      schedule();
    },
  };
  let end;
  try {
    end = await follow(message.turn, bodyOf(message), hooks, controller.signal);
  } catch (error) {
    if (mine.stopping) return; // settled already
    message.error = error.message;
    message.retry = error.retry;
    end = error instanceof Refusal && error.status === 401 ? "paused" : "failed";
  }
  if (!mine.stopping) settle(mine, end === "cancelled" ? "stopped" : end);
}

/** Ends an answer on the page. */
function settle(mine, status) {
  const { message, view } = mine;
  message.status = status;
  if (running === mine) running = undefined;
  if (status !== "paused") view.close();
  busy.add(view);
  ending.set(view, shown.get(message).item);
  finished(message);
  schedule();
  setAsking(Boolean(running));
  announce(status === "done" ? "The answer is complete" : status === "stopped" ? "Stopped" : message.error ?? "");
  keep();
}

function stop() {
  const mine = running;
  if (!mine) return;
  mine.stopping = true;
  if (mine.message.turn.id) leave(mine);
  else setTimeout(() => mine.controller.abort(), 30_000); // until then its name may come, by which it is cancelled
  settle(mine, "stopped");
  question.focus();
}

function leave(mine) {
  mine.controller.abort();
  frames.add("note", "", `POST /v1/chat/completions/${mine.message.turn.id}/cancel`);
  schedule();
  cancel(mine.message.turn.id, store.getKey());
}

function setAsking(asking) {
  $("stop").hidden = !asking;
  $("send").hidden = asking;
  $("send").disabled = question.value.trim() === "";
}

// ---- Keeping

let keeping;
let saved = true;
function keepSoon() {
  keeping ??= setTimeout(keep, 1000);
}

function keep() {
  clearTimeout(keeping);
  keeping = undefined;
  saved = store.save(messages);
  if (saved) notice("storage", "");
  else if (!document.querySelector('[data-name="storage"]')) {
    notice("storage", "This browser has no room to keep the conversation: it is here, but would not survive a reload.",
      ["Save as a file", () => saveAs(JSON.stringify(messages, null, 2)), true]);
  }
}

// Only what is not kept yet: it takes time, of which there is little.
const keepRest = () => (keeping !== undefined || !saved) && keep();
addEventListener("pagehide", keepRest);
document.addEventListener("visibilitychange", () => document.hidden && keepRest());

function saveAs(text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = "pawstream-conversation.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not in a secure context, or not allowed: the old way.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

// ---- The API key

let asked;
/** Asks for a key. It rejects with a Refusal where there will be none. */
function askKey(reason) {
  asked ??= new Promise((resolve, reject) => {
    const dialog = $("key-dialog");
    $("key-reason").textContent = reason || "This server answers only to those it knows.";
    $("key").value = "";
    dialog.returnValue = "";
    const leave = () => {
      dialog.removeEventListener("close", leave);
      asked = undefined;
      const key = $("key").value.trim();
      $("key").value = "";
      if (dialog.returnValue === "given" && key) {
        store.setKey(key);
        resolve();
        question.focus();
      } else reject(new Refusal("The server wants an API key. The answer goes on as soon as it has one.", { status: 401 }));
    };
    dialog.addEventListener("close", leave);
    dialog.showModal();
  });
  return asked;
}

$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  $("key-dialog").close("given");
});
$("key-cancel").addEventListener("click", () => $("key-dialog").close(""));

// ---- Models

async function loadModels() {
  for (;;) {
    let response;
    try {
      response = await fetch("v1/models", { headers: authorized(store.getKey()), cache: "no-store" });
      if (response.ok) {
        showModels((await response.json()).data.map((model) => model.id));
        notice("models", "");
        return;
      }
    } catch {
      notice("models", "The server cannot be reached just now.", ["Try again", loadModels]);
      return;
    }
    if (response.status !== 401) {
      notice("models", `The list of models could not be read: ${(await refusalOf(response)).message}`, ["Try again", loadModels]);
      return;
    }
    try {
      await askKey(store.getKey() ? "The server does not know this key, or does not take it any more." : "");
    } catch {
      notice("models", "This server wants an API key.", ["Enter a key", loadModels]);
      return;
    }
  }
}

function showModels(ids) {
  const select = $("model");
  const wanted = store.settings().model;
  select.replaceChildren(...ids.map((id) => new Option(id, id)));
  if (ids.includes(wanted)) select.value = wanted;
  select.disabled = ids.length === 0;
}

$("model").addEventListener("change", () => store.set({ model: $("model").value }));

// ---- Controls

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text || running) return;
  question.value = "";
  ask(text);
});
question.addEventListener("input", () => setAsking(Boolean(running)));
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("ask").requestSubmit();
});
$("stop").addEventListener("click", stop);
$("suggestions").addEventListener("click", (event) => {
  const chosen = event.target.closest("button");
  if (!chosen) return;
  ask(chosen.textContent);
  question.focus();
});

$("new").addEventListener("click", () => {
  stop();
  const before = messages;
  messages = [];
  drawAll();
  notice("trouble", "");
  if (before.length > 0) {
    notice("new", "The conversation was put away.", ["Bring it back", () => {
      stop();
      messages = before;
      drawAll();
      keep();
    }]);
  }
  keep();
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

document.addEventListener("keydown", (event) => {
  if ($("key-dialog").open) return;
  if (event.key === "Escape" && running) stop();
  else if (event.key === "/" && !event.target.closest("input, textarea, select")) {
    event.preventDefault();
    question.focus();
  }
});

const themes = { "": "as the system", light: "light", dark: "dark" };
function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  $("theme").setAttribute("aria-label", `Theme: ${themes[theme]}`);
  $("theme").title = `Theme: ${themes[theme]}`;
}
$("theme").addEventListener("click", () => {
  const names = Object.keys(themes);
  const next = names[(names.indexOf(document.documentElement.dataset.theme ?? "") + 1) % names.length];
  setTheme(next);
  store.set({ theme: next });
});

const connected = () => ($("connection").textContent = navigator.onLine ? "" : "Offline");
addEventListener("online", connected);
addEventListener("offline", connected);

// ---- Beginning

store.whenShared(keep);
const { theme, frames: drawn } = store.settings();
setTheme(theme in themes ? theme : "");
if (drawn) toggleFrames(true);
connected();
setAsking(false);
drawAll();
if (kept.trouble) {
  notice("trouble", kept.trouble, ...(kept.old ? [["Save as a file", () => saveAs(kept.old), true]] : []));
}
for (const message of messages) {
  // Only the last one can be followed; it is, as if nothing had happened.
  if (message.status === "pending" && message !== messages.at(-1)) {
    message.status = "failed";
    message.error = "This answer was left unfinished.";
    open(message, false).close();
    finished(message);
  }
}
if (messages.at(-1)?.status === "pending") run(messages.at(-1));
question.focus();
loadModels();
