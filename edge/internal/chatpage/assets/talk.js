// The conversation that is shown: asking, following the answer, stopping it and going on.
import { follow } from "./answer.js";
import { linkNames, soundPets } from "./cards.js";
import { $, announce } from "./dom.js";
import { Fare } from "./fare.js";
import { askKey } from "./key.js";
import { sound } from "./library.js";
import { chosen, prefer, usual } from "./models.js";
import { soundQuestions } from "./onward.js";
import { asked as askedWith } from "./options.js";
import { PawstreamError } from "./pawstream.js";
import { contentOf } from "./pictures.js";
import { Seam } from "./seam.js";
import { ended } from "./shared.js";
import * as store from "./store.js";

export class Talk {
  /** An answer of status "pending" is followed; its turn says how. */
  messages = [];
  /** The answer that is followed: {message, view, fare, controller, answer, stopping, left}, or undefined. */
  running;

  /**
   * parts: turns, options, drawing, frames, end (of the conversation, as an EndFollower), keep() and keepSoon() for what
   * has changed, asking(bool) for whether an answer comes.
   */
  constructor(parts) {
    Object.assign(this, parts);
  }

  /** Shows a conversation in place of the one before, and follows its answer if it has not ended. */
  show(messages) {
    this.leave();
    this.messages = messages;
    this.turns.clear();
    this.drawing.clear();
    for (const message of messages) {
      if (message.role === "user") {
        this.turns.addUser(message);
        continue;
      }
      const element = this.turns.addAssistant(message);
      if (message.status === "pending") {
        if (message === messages.at(-1)) continue;
        // Only the last one can be followed; it is, as if nothing had happened.
        message.status = "failed";
        message.error = "This answer is unfinished.";
      }
      this.#close(message, this.drawing.open(element.body, message.text, false));
      this.turns.finished(message, message === messages.at(-1), false);
    }
    const last = messages.findLast((message) => message.turn);
    this.options.value = last?.options;
    prefer(last?.model);
    $("welcome").hidden = messages.length > 0;
    if (last?.guest) this.end.stay();
    else this.end.hold();
    this.drawing.schedule();
    if (messages.at(-1)?.status === "pending") this.#run(messages.at(-1));
  }

  /** Leaves an answer to the server, which goes on with it. It is followed again when it is shown. */
  leave() {
    const mine = this.running;
    if (!mine) return;
    mine.left = true;
    mine.answer?.leave();
    mine.fare.end("");
    this.running = undefined;
    this.asking(false);
  }

  ask(text, pictures) {
    if (this.running) return;
    const user = { role: "user", text, ...(pictures.length > 0 && { pictures }) };
    this.messages.push(user);
    this.turns.addUser(user);
    this.#answer(false);
  }

  /** Asks for an answer to the conversation as it is, to which there are other versions. */
  #answer(focus, versions = []) {
    const before = this.messages.at(-2);
    const message = {
      role: "assistant", text: "", status: "pending", model: "", options: this.options.value,
      turn: { key: store.randomName(), id: "", cursor: "" },
      times: { asked: Date.now(), first: 0, last: 0 }, tokens: 0,
      ...(versions.length > 0 && { before: versions, after: [] }),
    };
    this.messages.push(message);
    const { item } = this.turns.addAssistant(message);
    if (focus) item.focus({ preventScroll: true });
    if (before && this.turns.get(before)) this.turns.finished(before, false, false);
    $("welcome").hidden = true;
    this.frames.begin();
    this.end.hold();
    this.#run(message);
  }

  /** Follows an answer again that waits for a key. */
  goOn(message) {
    if (this.running) return;
    message.status = "pending";
    delete message.error;
    this.#run(message);
  }

  /** Has an answer go on that was stopped. */
  proceed(message) {
    if (this.running || message !== this.messages.at(-1)) return;
    message.status = "pending";
    message.turn = { key: store.randomName(), id: "", cursor: "", from: message.text.length, met: 0 };
    this.frames.begin();
    this.#run(message);
  }

  /** Asks for another answer to the same question. The one before stays, as its other version. */
  regenerate(message) {
    if (this.running || message !== this.messages.at(-1)) return;
    const focused = this.turns.get(message).item.contains(document.activeElement);
    const { before = [], after = [], ...mine } = this.messages.pop();
    this.turns.remove(message);
    this.#answer(focused, [...before, ...(mine.text ? [mine] : []), ...after]);
  }

  /** Shows the answer so many versions before or after this one in its place. */
  choose(message, step) {
    if (this.running || message !== this.messages.at(-1)) return;
    const { before = [], after = [], ...mine } = message;
    const all = [...before, mine, ...after];
    const at = before.length + step;
    if (!sound([all[at]])) return;
    const other = { ...all[at], before: all.slice(0, at), after: all.slice(at + 1) };
    this.messages[this.messages.length - 1] = other;
    this.turns.remove(message);
    const { item, body } = this.turns.addAssistant(other);
    this.#close(other, this.drawing.open(body, other.text, false));
    this.turns.finished(other, true, false);
    item.focus({ preventScroll: true });
    announce(`Answer ${at + 1} of ${all.length}`);
    this.keep();
  }

  /** The request for an answer. It is the same one each time, as its idempotency key demands. */
  #body(message) {
    const before = this.messages.slice(0, this.messages.indexOf(message)).filter((m) => m.text !== "");
    const asked = before.map((m) => ({ role: m.role, content: contentOf(m) }));
    const { before: first, members } = askedWith(message.options);
    if (message.turn.from) asked.push({ role: "assistant", content: message.text.slice(0, message.turn.from) });
    return {
      model: message.model,
      messages: [...first, ...asked],
      ...members,
      stream: true,
      stream_options: { include_usage: true, include_events: true },
      // Whoever reloads, or is offline for a while, finds the answer where it was; Stop ends it.
      on_disconnect: "continue",
    };
  }

  async #run(message) {
    const { item, body, state } = this.turns.get(message);
    this.turns.begun(message);
    const mine = {
      message, controller: new AbortController(), stopping: false,
      view: this.drawing.open(body, message.text, true), fare: new Fare(item, state),
    };
    this.running = mine;
    this.asking(true);
    announce("Answering");
    this.keep();
    let end;
    try {
      if (!message.guest) message.model ||= await chosen();
      mine.controller.signal.throwIfAborted();
      if (mine.left) return;
      mine.answer = follow(message.turn, this.#body(message), this.#hooks(mine), mine.controller.signal);
      end = await mine.answer.ended;
    } catch (error) {
      if (mine.stopping || mine.left) return; // settled already, or not here
      message.error = error.message;
      message.retry = error.retry;
      end = error instanceof PawstreamError && error.status === 401 ? "paused" : "failed";
    }
    if (!mine.stopping && !mine.left) this.#settle(mine, end === "cancelled" ? "stopped" : end);
  }

  #hooks(mine) {
    const { message, fare } = mine;
    let away = false; // from the server, as far as one was told
    const seam = new Seam(message);
    return {
      apiKey: message.guest ? () => "" : store.getKey,
      wrongKey: async () => {
        if (message.guest) throw ended();
        fare.needs("An API key is needed");
        await askKey(store.getKey() ? "The server does not know this key, or no longer accepts it. The answer continues with a new one." : "");
      },
      named: () => {
        if (mine.left) return;
        this.keep();
        if (mine.stopping) this.#leave(mine);
        else this.turns.named(message);
      },
      piece: ({ text, reasoning, pets, related, usage }) => {
        if (mine.stopping || mine.left) return false;
        if (reasoning) this.#think(mine, reasoning);
        if (text) {
          this.#tell(mine, seam.take(text));
          fare.text();
        }
        if (pets) message.pets = soundPets(pets);
        if (related) message.related = soundQuestions(related);
        message.tokens = usage?.completion_tokens ?? message.tokens;
        message.cost = usage?.cost_usd ?? message.cost;
        this.keepSoon();
        return true;
      },
      progress: (progress) => fare.progress(progress),
      state: (state, wait) => {
        if (mine.stopping || mine.left) return;
        if (state === "reconnecting") {
          if (!away) announce(wait.again ? "Reconnecting" : wait.why);
          away = true;
          fare.waits(wait);
        } else if (state === "asking") fare.tries();
        else {
          if (away) announce("Connected again");
          away = false;
          fare.connected();
        }
        this.drawing.schedule();
      },
      frame: (kind, id, text) => {
        this.frames.add(kind, id, text);
        this.drawing.schedule();
      },
    };
  }

  #tell({ message, view }, text) {
    message.tokens++;
    message.times.last = Date.now();
    message.times.first ||= message.times.last;
    if (!text) return;
    message.text += text;
    view.append(text);
    this.drawing.touch(view);
  }

  #think({ message, fare }, text) {
    message.reasoning = (message.reasoning ?? "") + text;
    this.turns.reason(message, text);
    fare.thinking();
    this.drawing.schedule();
  }

  /** Ends an answer on the page. */
  #settle(mine, status) {
    const { message, view, fare } = mine;
    message.status = status;
    fare.end("");
    if (this.running === mine) this.running = undefined;
    if (status === "paused") this.drawing.end(view, this.turns.get(message).item, () => {});
    else this.#close(message, view);
    this.turns.finished(message, message === this.messages.at(-1), true);
    this.asking(Boolean(this.running));
    // What went wrong is an alert, which is read out by itself.
    announce(status === "done" ? "The answer is complete" : status === "stopped" ? "Stopped" : "");
    this.keep();
  }

  /** Has all of an answer drawn, and its names be links. */
  #close(message, view) {
    view.close();
    const { item, body } = this.turns.get(message);
    this.drawing.end(view, item, () => linkNames(body, message.pets, message.model === usual));
  }

  stop() {
    const mine = this.running;
    if (!mine || mine.message.guest) return; // it is not theirs to stop
    mine.stopping = true;
    if (mine.message.turn.id) this.#leave(mine);
    else setTimeout(() => mine.controller.abort(), 30_000); // until then its name may come, by which it is cancelled
    this.#settle(mine, "stopped");
  }

  /** Leaves an answer whose name is known, which cancels it. */
  #leave(mine) {
    mine.controller.abort();
    this.frames.add("note", "", `POST /v1/chat/completions/${mine.message.turn.id}/cancel`);
    this.drawing.schedule();
  }
}
