// The list of conversations beside the one that is open.
import { $, announce, button, make } from "./dom.js";
import { addressOf } from "./desk.js";
import { asJSON, asMarkdown, fileName } from "./export.js";
import { saveAs } from "./files.js";
import { sound } from "./library.js";
import * as store from "./store.js";

/** Where the window is so wide, the list has a place of its own. Elsewhere it lies over the conversation. */
const wide = matchMedia("(min-width: 60rem)");
/** How long to wait for more letters before looking for them, in milliseconds. */
const typing = 120;

export class Shelf {
  #shown = ""; // what the list was made from
  #found; // the ids that a search has found, or undefined
  #searching;
  #about = ""; // the id that the menu is for
  #renaming = false;
  #scheduled = false;

  constructor(library, desk) {
    Object.assign(this, { library, desk });
    $("show-chats").addEventListener("click", () => this.toggle($("chats").hidden));
    $("hide-chats").addEventListener("click", () => {
      this.toggle(false);
      $("show-chats").focus();
    });
    $("chat-words").addEventListener("input", () => {
      clearTimeout(this.#searching);
      this.#searching = setTimeout(() => this.#search(), typing);
    });
    $("chat-list").addEventListener("click", (event) => {
      const more = event.target.closest("button");
      if (more) this.#openMenu(more);
      else if (event.target.closest("a") && !event.ctrlKey && !event.metaKey && !event.shiftKey) this.chosen();
    });
    $("chats").addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || wide.matches || event.target.closest("input:not(:placeholder-shown)")) return;
      event.preventDefault();
      this.toggle(false);
      $("show-chats").focus();
    });
    $("main").addEventListener("pointerdown", () => this.chosen());
    this.#buildMenu();
  }

  /** Shows the list, unless somebody has closed it. Before this call, it is hidden at every width. */
  begin() {
    wide.addEventListener("change", () => this.#settle());
    this.#settle();
    this.refresh();
  }

  #settle() {
    this.#set(wide.matches && store.settings().chats !== false);
  }

  toggle(show) {
    if (wide.matches) store.set({ chats: show });
    this.#set(show);
    if (show && !wide.matches) $("chat-words").focus();
  }

  #set(show) {
    $("chats").hidden = !show;
    $("show-chats").setAttribute("aria-expanded", String(show));
    if (show) this.#render();
  }

  /** Says that a conversation was chosen: a list that lies over it goes. */
  chosen() {
    if (!wide.matches && !$("chats").hidden) this.#set(false);
  }

  /** Brings the list up to date, where it can be seen. */
  refresh() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#render();
    });
  }

  async #search() {
    const words = $("chat-words").value.trim();
    this.#found = undefined;
    if (words) {
      const found = await this.library.search(words).catch(() => new Set());
      if (words !== $("chat-words").value.trim()) return;
      this.#found = found;
      announce(found.size === 1 ? "1 conversation" : `${found.size} conversations`);
    }
    this.#render();
  }

  #render() {
    if ($("chats").hidden || this.#renaming) return;
    const today = new Date().setHours(0, 0, 0, 0);
    const heads = this.library.list().filter((head) => !this.#found || this.#found.has(head.id));
    const open = this.desk.open.id;
    const rows = heads.map(({ id, at }) => ({ id, title: this.library.title(id), group: at >= today ? "Today" : "Earlier" }));
    const shown = JSON.stringify([open, rows, Boolean(this.#found)]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const list = $("chat-list");
    const focused = list.contains(document.activeElement) ? document.activeElement.closest("li")?.dataset.id : undefined;
    const top = list.scrollTop;
    list.replaceChildren(...this.#groups(rows, open));
    if (rows.length === 0) list.append(make("p", "", this.#found ? "Nothing found." : "No conversations yet. They are kept only in this browser."));
    list.scrollTop = top;
    if (focused) this.#row(focused)?.querySelector("a").focus();
  }

  #groups(rows, open) {
    return ["Today", "Earlier"].flatMap((name) => {
      const items = rows.filter(({ group }) => group === name).map(({ id, title }) => row(id, title, id === open));
      return items.length > 0 ? [make("h3", "", name), make("ul", "", ...items)] : [];
    });
  }

  #row(id) {
    return $("chat-list").querySelector(`li[data-id="${CSS.escape(id)}"]`);
  }

  // ---- What is done with one

  #buildMenu() {
    const act = (label, then) => button(label, () => {
      $("chat-menu").hidePopover();
      then(this.#about);
    });
    $("chat-menu").append(
      act("Rename", (id) => this.#rename(id)),
      act("Save as Markdown", (id) => this.#export(id, asMarkdown, "md", "text/markdown")),
      act("Save as JSON", (id) => this.#export(id, asJSON, "json", "application/json")),
      act("Delete", (id) => this.#remove(id)),
    );
  }

  #openMenu(more) {
    const menu = $("chat-menu");
    this.#about = more.closest("li").dataset.id;
    menu.showPopover();
    const { bottom, right, top } = more.getBoundingClientRect();
    const below = bottom + menu.offsetHeight < innerHeight;
    menu.style.top = `${below ? bottom : top - menu.offsetHeight}px`;
    menu.style.left = `${Math.max(8, Math.min(right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
    menu.querySelector("button").focus();
  }

  #rename(id) {
    const item = this.#row(id);
    if (!item) return;
    const link = item.querySelector("a");
    const input = make("input");
    input.value = this.library.title(id);
    input.setAttribute("aria-label", "Name of the conversation");
    this.#renaming = true;
    const end = (keep) => {
      if (!this.#renaming) return;
      this.#renaming = false;
      const focused = input === document.activeElement;
      input.replaceWith(link);
      if (focused) link.focus();
      if (keep && input.value !== link.textContent) this.library.rename(id, input.value);
      this.refresh();
    };
    input.addEventListener("blur", () => end(true));
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
      event.preventDefault();
      end(event.key === "Enter");
    });
    link.replaceWith(input);
    input.focus();
    input.select();
  }

  async #export(id, form, extension, type) {
    const messages = await this.library.messages(id);
    const title = this.library.title(id);
    saveAs(`${fileName(title)}.${extension}`, sound(messages) ? form(title, messages) : JSON.stringify(messages), type);
  }

  async #remove(id) {
    const next = this.#row(id)?.nextElementSibling?.dataset.id;
    await this.desk.remove(id);
    this.#render();
    (next && this.#row(next) ? this.#row(next).querySelector("a") : $("chat-words")).focus();
  }
}

function row(id, title, open) {
  const link = make("a", "", title);
  link.href = addressOf(id);
  link.title = title;
  link.dir = "auto";
  if (open) link.setAttribute("aria-current", "page");
  const more = make("button", "icon more", "⋯");
  more.type = "button";
  more.setAttribute("aria-label", `More: ${title}`);
  const item = make("li", "", link, more);
  item.dataset.id = id;
  return item;
}
