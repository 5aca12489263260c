// The state of an answer in progress: what the server is doing, why nothing arrives, and when the next
// attempt is.
import { button } from "./dom.js";

/** What the stages of `event: progress` are called here. */
const stages = {
  queued: "Queued",
  retrieval: "Looking things up",
  waiting: "Waiting for the model",
  generating: "Waiting for the first words",
  takeover: "Another server is taking over",
};

/** After this many milliseconds without anything new, say so. */
const silence = 3_000;

export class Fare {
  #stage = "Waiting for the server";
  #since = performance.now();
  #wait; // for the next try: {why, until, now}
  #lost = false;
  #timer = setInterval(() => this.#draw(), 1_000);
  #words = document.createElement("span");
  #now = button("Try now", () => this.#wait?.now());

  /** @param {HTMLElement} item the answer's @param {HTMLElement} state where it is told */
  constructor(item, state) {
    this.item = item;
    this.state = state;
    this.#now.hidden = true;
    state.replaceChildren(this.#words, this.#now);
    this.#draw();
  }

  /** Takes the data of a progress event. */
  progress({ stage, queue_position: position, fraction }) {
    this.#stage = stages[stage] ?? stage ?? "";
    if (position > 0) this.#stage += `, position ${position}`;
    if (fraction > 0 && fraction < 1) this.#stage += `, ${Math.round(fraction * 100)} %`;
    this.#since = performance.now();
    this.#settle(stage === "queued" || stage === "takeover" ? this.#stage : "");
  }

  thinking() {
    this.#stage = "Thinking";
    this.alive();
  }

  /** Something came of the answer itself. It is called for each piece. */
  alive() {
    this.#since = performance.now();
    if (this.#words.textContent !== "") this.#settle("");
  }

  text() {
    this.#stage = "The answer has paused";
    this.alive();
  }

  /** Another attempt is scheduled: wait is {why, until, now}. */
  waits(wait) {
    this.#wait = wait;
    this.#lost = true;
    this.#draw();
  }

  /** An attempt has begun. */
  tries() {
    this.#wait = undefined;
    this.#settle(this.#lost ? "Reconnecting…" : "", "reconnecting");
  }

  /** The server is reachable again. */
  connected() {
    this.#lost = false;
    this.alive();
  }

  /** Something is needed that waiting does not bring. */
  needs(text) {
    this.#wait = undefined;
    this.#settle(text, "waiting");
  }

  /** Shows the final state. */
  end(text) {
    clearInterval(this.#timer);
    this.#wait = undefined;
    this.#settle(text, "ended");
  }

  #draw() {
    if (this.#wait) {
      const seconds = Math.max(0, Math.ceil((this.#wait.until - performance.now()) / 1000));
      this.#settle(`${this.#wait.why} Retrying in ${seconds} s.`, "reconnecting");
      return;
    }
    const silent = performance.now() - this.#since;
    if (silent < silence || !this.#stage || this.#lost || this.item.dataset.state === "waiting") return;
    this.#settle(`${this.#stage}, ${Math.floor(silent / 1000)} s`);
  }

  #settle(text, kind = "quiet") {
    this.item.dataset.state = kind;
    if (this.#words.textContent !== text) this.#words.textContent = text;
    this.#now.hidden = !this.#wait;
  }
}
