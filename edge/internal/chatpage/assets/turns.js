// The turns of a conversation as they are seen: who speaks, and what an answer comes with.
import { cards } from "./cards.js";
import { announce, button, make } from "./dom.js";
import { dollars, grouped } from "./figures.js";
import { toClipboard } from "./files.js";
import { onward } from "./onward.js";
import { looks } from "./pictures.js";

const icons = { copy: "M9 9h11v11H9zM5 15H4V4h11v1", again: "M20 11A8 8 0 1 0 18 17M20 4v7h-7", onward: "M5 12h14M13 6l6 6-6 6", before: "m14 6-6 6 6 6", after: "m10 6 6 6-6 6", edit: "M4 20l1-5L16 4l4 4L9 19z", share: "M12 15V3M7 8l5-5 5 5M5 13v8h14v-8" };

/** Whether we can share an answer: it is ours, and the server has all of it under one id. */
const canShare = ({ guest, turn }) => Boolean(!guest && turn?.id && !turn.from);

export class Turns {
  #shown = new Map(); // elements of the answers, by message

  /** acts is what the buttons of an answer do: regenerate, proceed, goOn and share, each given the message, choose, given a step too, edit, given a text too,
   * and ask, given a question. */
  constructor(list, acts) {
    this.list = list;
    this.acts = acts;
    list.addEventListener("click", async ({ target }) => {
      const copy = target.closest(".copy-code");
      if (copy) announce((await toClipboard(codeOf(copy))) ? "Copied" : "Not copied");
    });
  }

  get(message) {
    return this.#shown.get(message);
  }

  clear() {
    this.list.replaceChildren();
    this.#shown.clear();
  }

  remove(message) {
    this.#shown.get(message)?.item.remove();
    this.#shown.delete(message);
  }

  addUser(message) {
    const said = make("div", "said", message.text);
    said.dir = "auto";
    const edit = button("", () => this.#edit(message, item), icons.edit);
    edit.className = "icon edit";
    edit.setAttribute("aria-label", "Edit this question");
    const item = make("li", "user", make("h2", "hidden", "You"), said, edit, ...looks(message.pictures));
    this.list.append(item);
  }

  /** Puts a box in place of a question, in which it can be changed and asked anew. */
  #edit(message, item) {
    const [, said, edit] = item.children;
    const box = make("textarea");
    box.value = message.text;
    box.dir = "auto";
    box.rows = Math.min(12, message.text.split("\n").length + 1);
    box.setAttribute("aria-label", "Edit your question");
    const end = () => {
      form.replaceWith(said, edit);
      edit.focus();
    };
    const send = () => {
      if (box.value.trim()) this.acts.edit(message, box.value.trim());
    };
    box.addEventListener("keydown", (event) => {
      if (event.isComposing || (event.key !== "Escape" && (event.key !== "Enter" || event.shiftKey))) return;
      event.preventDefault();
      if (event.key === "Escape") end();
      else send();
    });
    const form = make("div", "changing", box, make("div", "row", button("Cancel", end), button("Ask again", send)));
    said.replaceWith(form);
    edit.remove();
    box.focus();
  }

  addAssistant(message) {
    const body = make("div", "body");
    const state = make("span", "state");
    const figures = make("span", "figures");
    const foot = make("div", "foot", state, figures);
    const item = make("li", "assistant", make("h2", "hidden", "Pawstream"), body, foot);
    item.tabIndex = -1; // it takes the focus of a button of its own that goes
    this.list.append(item);
    const element = { item, body, foot, state, figures };
    this.#shown.set(message, element);
    if (message.reasoning) this.reason(message, message.reasoning);
    return element;
  }

  /** Adds to what the model has thought, which is folded. */
  reason(message, text) {
    const element = this.#shown.get(message);
    if (!element) return;
    if (!element.thoughts) {
      element.thoughts = make("div");
      element.thoughts.dir = "auto";
      const fold = make("details", "reasoning", make("summary", "", "Reasoning"), element.thoughts);
      element.body.before(fold);
    }
    element.thoughts.append(text);
    element.thoughts.normalize();
  }

  /** Takes away what an ended answer has, since it goes on. It can still be shared. The focus stays with the answer. */
  begun(message) {
    const { item, foot } = this.#shown.get(message);
    const focused = item.contains(document.activeElement);
    for (const old of item.querySelectorAll(".trouble, .onward")) old.remove();
    for (const old of foot.querySelectorAll(":scope > button")) old.remove();
    item.setAttribute("aria-busy", "true");
    item.dataset.status = "pending";
    this.named(message);
    if (focused) item.focus({ preventScroll: true });
  }

  /** Offers to share an answer that streams, once its id is known. */
  named(message) {
    if (!canShare(message)) return;
    const share = this.#share(message);
    if (!share.isConnected) this.#shown.get(message).foot.prepend(share);
  }

  /** Returns the button that shares an answer. An answer keeps one button, which may have the focus when the answer ends, and gets
   * it back when the dialog closes. */
  #share(message) {
    return (this.#shown.get(message).share ??= button("Share", () => this.acts.share(message), icons.share));
  }

  /** Shows what an answer that has ended comes with. aloud is whether it has just ended. */
  finished(message, last, aloud) {
    const { item, foot, state } = this.#shown.get(message);
    item.dataset.state = "ended";
    item.dataset.status = message.status;
    state.textContent = message.status === "stopped" ? "Stopped" : "";
    const held = item.contains(document.activeElement) && document.activeElement;
    for (const old of foot.querySelectorAll(":scope > button")) old.remove();
    item.querySelector(".trouble")?.remove();
    this.tellFigures(message);
    const tries = last && message.status === "failed" && message.retry !== "no";
    foot.prepend(...this.#buttons(message, last, tries));
    for (const old of item.querySelectorAll(".pets, .onward")) old.remove();
    const pets = cards(message.pets, message.text, this.acts.ask);
    if (pets) foot.before(pets);
    const questions = last ? onward(message) : [];
    if (questions.length > 0) {
      const more = make("div", "onward", ...questions.map((question) => button(question, () => this.acts.ask(question))));
      more.setAttribute("role", "group");
      more.setAttribute("aria-label", "Follow-up questions");
      foot.after(more);
    }
    if (message.error) foot.before(this.#trouble(message, last, tries, aloud));
    if (held && document.activeElement !== held) (held.isConnected ? held : item).focus({ preventScroll: true });
  }

  #buttons(message, last, tries) {
    const buttons = [];
    if (message.text) {
      const copy = button("Copy", async () => {
        const said = (await toClipboard(message.text)) ? "Copied" : "Not copied";
        copy.lastChild.textContent = said;
        announce(said);
        setTimeout(() => (copy.lastChild.textContent = "Copy"), 1500);
      }, icons.copy);
      buttons.push(copy);
    }
    if (message.guest) return buttons;
    if (message.text && canShare(message)) buttons.push(this.#share(message));
    if (last && message.status === "stopped" && message.text) {
      buttons.push(button("Continue", () => this.acts.proceed(message), icons.onward));
    }
    if (last && !tries) buttons.push(button("Regenerate", () => this.acts.regenerate(message), icons.again));
    return last ? [...buttons, ...this.#versions(message)] : buttons;
  }

  /** Returns the way to the other answers to the same question. */
  #versions(message) {
    const [before, after] = [message.before?.length ?? 0, message.after?.length ?? 0];
    if (before + after === 0) return [];
    const step = (label, by, path, can) => {
      const b = button("", () => this.acts.choose(message, by), path);
      b.className = "icon";
      b.setAttribute("aria-label", label);
      b.disabled = !can;
      return b;
    };
    const where = button(`${before + 1}/${before + after + 1}`, () => {});
    where.disabled = true;
    where.className = "where";
    return [step("Previous answer", -1, icons.before, before > 0), where, step("Next answer", 1, icons.after, after > 0)];
  }

  #trouble(message, last, tries, aloud) {
    const trouble = make("div", "trouble", make("span", "", message.error));
    if (aloud) trouble.setAttribute("role", "alert");
    if (last && message.status === "paused") trouble.append(button("Enter a key", () => this.acts.goOn(message)));
    if (tries) trouble.append(button("Try again", () => this.acts.regenerate(message)));
    return trouble;
  }

  tellFigures(message) {
    const { guest, times, tokens } = message;
    if (guest) return; // it would be how fast the answer was read, not written
    const target = this.#shown.get(message)?.figures;
    if (!target || !times?.first) return;
    const parts = [`${((times.first - times.asked) / 1000).toFixed(2)} s to first token`];
    const span = (times.last - times.first) / 1000;
    if (tokens > 1 && span > 0.05) parts.push(`${grouped(Math.round((tokens - 1) / span))} tokens/s`);
    parts.push(`${grouped(tokens)} tokens`);
    if (Number.isFinite(message.cost) && message.cost > 0) parts.push(dollars(message.cost));
    const text = [...parts, ...(message.model ? [message.model] : [])].join(" · ");
    if (target.textContent === text) return;
    const whole = parts.flatMap((part, i) => [i > 0 ? " · " : "", make("span", "", part)]); // lines end between figures
    target.replaceChildren(...whole, message.model ? ` · ${message.model}` : "");
  }
}

/** Returns the code that a button is in, which may be in several pieces. @param {Element} copy */
function codeOf(copy) {
  let block = copy.closest("pre");
  while (block.classList.contains("piece") && block.previousElementSibling?.nodeName === "PRE") block = block.previousElementSibling;
  let text = block.textContent;
  while ((block = block.nextElementSibling)?.nodeName === "PRE" && block.classList.contains("piece")) text += block.textContent;
  return text;
}
