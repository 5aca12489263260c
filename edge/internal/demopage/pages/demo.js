// The demonstration: one answer, what is counted of its events as they come over the wire, and three ways to break it.
import { MarkdownView } from "/chat/markdown.js";
import { client } from "/chat/pawstream.js";

const $ = (id) => document.getElementById(id);
const breakers = document.querySelectorAll("[data-break]");
/** Such an answer is long enough to break it a few times. */
const question = "What should I know before adopting a cat?";

/** A Count is what has come of one answer. Events have dense numbers, which end their ids. */
class Count {
  seen = new Set();
  repeated = 0;
  highest = -1;
  connections = 0;
  pause = 0;
  #last = 0;

  take(id) {
    const number = Number(id.slice(id.lastIndexOf(".") + 1));
    if (this.seen.has(number)) this.repeated++;
    this.seen.add(number);
    this.highest = Math.max(this.highest, number);
    const now = performance.now();
    if (this.#last) this.pause = Math.max(this.pause, now - this.#last);
    this.#last = now;
  }

  get lost() {
    return this.highest + 1 - this.seen.size;
  }
}

function show(count) {
  for (const [id, value] of Object.entries({ received: count.seen.size + count.repeated, repeated: count.repeated, lost: count.lost, connections: count.connections })) {
    $(id).textContent = String(value);
    $(id).classList.toggle("bad", value > 0 && (id === "repeated" || id === "lost"));
  }
  $("pause").textContent = `${(count.pause / 1000).toFixed(1)} s`;
}

let begun = 0;

function log(text) {
  const line = document.createElement("li");
  line.textContent = `${((performance.now() - begun) / 1000).toFixed(1).padStart(5)} s  ${text}`;
  $("log").append(line);
  $("log").scrollTop = $("log").scrollHeight;
}

const state = (text) => ($("state").textContent = text);

async function start() {
  begun = performance.now();
  const count = new Count();
  $("log").replaceChildren();
  $("answer").replaceChildren();
  const view = new MarkdownView($("answer"));
  let written = "";
  const draw = () => {
    view.render();
    $("answer").scrollTop = $("answer").scrollHeight;
  };
  $("start").disabled = true;
  for (const button of breakers) button.disabled = false;
  show(count);
  const answer = client().ask({ messages: [{ role: "user", content: question }], on_disconnect: "continue" }, {
    onFrame: (name, id, raw) => {
      if (/^id:/m.test(raw)) count.take(id); // progress has no number, and goes by the last one
      else if (name === "note" && !raw.startsWith("connection lost")) {
        count.connections++;
        log(raw);
      } else if (name === "note") log(raw);
      show(count);
    },
    onState: (now, why, ms) => state(now === "streaming" ? "Answering…" : now === "waiting" ? `Reconnecting in ${(ms / 1000).toFixed(1)} s: ${why}.` : "Connecting…"),
  });
  try {
    for await (const { text } of answer) {
      written += text;
      view.append(text);
      requestAnimationFrame(draw);
    }
    view.close();
    requestAnimationFrame(draw);
    await compare(answer.state.id, written);
  } catch (error) {
    state(`The answer failed: ${error.message}`);
  }
  $("start").disabled = false;
  for (const button of breakers) button.disabled = true;
}

/** Compares the text that came with what the server has stored. */
async function compare(id, written) {
  const stored = await (await fetch(`/v1/chat/completions/${id}`)).json();
  const same = stored.choices[0].message.content === written;
  state(same ? "Complete. The text matches the one that the server stored, character for character." : "Complete, but the text does not match the one that the server stored.");
  $("state").dataset.end = same ? "same" : "different";
}

async function breakIt(button) {
  button.disabled = true;
  log(button.textContent);
  try {
    const response = await fetch(`/demo/${button.dataset.break}`, { method: "POST" });
    const said = await response.text();
    if (said) log(said);
  } catch {
    log("The button's own request was lost as well.");
  }
  button.disabled = $("start").disabled === false;
}

$("start").addEventListener("click", start);
for (const button of breakers) button.addEventListener("click", () => breakIt(button));
