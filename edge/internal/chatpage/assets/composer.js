// The box for the question. It is the page's first script and needs little else: a question can be written and sent before the rest of
// the page has loaded, and is asked as soon as it has.
import { $ } from "./dom.js";
import * as store from "./store.js";

export const question = $("question");

let take; // what asks a question
let asking = false; // whether an answer is coming
let waits = false; // whether a question was sent that nothing takes yet

/** Shows whether an answer is coming: then there is Stop in place of Send. */
export function setAsking(now) {
  asking = now;
  if (!asking && document.activeElement === $("stop")) question.focus();
  $("stop").hidden = !asking;
  $("send").hidden = asking;
  $("send").disabled = waits || question.value.trim() === "";
}

/** Makes the box as high as its text. Style sheets can do that too, but not in every browser. */
export function grow() {
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight}px`;
}

export function setQuestion(text) {
  question.value = text;
  store.setDraft(text);
  grow();
  setAsking(asking);
}

/** Whether a key belongs to an input method, which combines several keys into letters. */
export const composing = (event) => event.isComposing || event.keyCode === 229;

/** Sends the question: it stays in the box, unchanged, until something takes it. */
function send() {
  const text = question.value.trim();
  if (!text) return;
  if (take) take(text);
  else hold(true);
}

function hold(held) {
  waits = held;
  question.readOnly = held;
  setAsking(asking);
}

/** Has ask called with each question that is sent from here on, and with the one that was sent already. */
export function serve(ask) {
  take = ask;
  if (!waits) return;
  hold(false);
  send();
}

/** Reads a question from the page's address, as in links on the store's pages: it is asked once somebody sends it. */
function takeAsked() {
  const mark = "#ask/";
  if (!location.hash.startsWith(mark)) return;
  try {
    setQuestion(decodeURIComponent(location.hash.slice(mark.length)).slice(0, 500));
  } catch {
    // It is not text.
  }
  history.replaceState(null, "", location.pathname + location.search);
}

question.addEventListener("input", () => setQuestion(question.value));
addEventListener("resize", grow);
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || composing(event)) return;
  event.preventDefault();
  send();
});
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});

// What was typed before this script had loaded stays. Its last key was Enter if it ends with a line.
const early = question.value;
setQuestion(early || store.draft());
takeAsked();
if (question.value === early && early.endsWith("\n")) send();
performance.mark("interactive"); // from here on, a question can be typed and sent
