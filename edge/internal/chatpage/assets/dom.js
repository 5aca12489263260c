// Helpers with which every part of the page creates elements, shows notices, and has text read out.

export const $ = (id) => document.getElementById(id);

/** Returns an element. @param {string} name @param {string} [className] @param {...(Node | string)} children */
export function make(name, className, ...children) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...children);
  return e;
}

export function button(label, act, path) {
  const b = make("button", "", label);
  b.type = "button";
  if (path) b.prepend(icon(path));
  b.addEventListener("click", act);
  return b;
}

export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

// ---- For those who do not see it

export const announce = (text) => ($("status").textContent = text);

/** How long a line stays where it is read out, in milliseconds: later it would be read once more. */
const spoken = 3_000;

/** Makes a screen reader read out a part of the answer. */
export function readOut(text) {
  const line = make("p", "", text);
  $("log").append(line);
  setTimeout(() => line.remove(), spoken);
}

// ---- Above the conversation

/** Shows a line above the conversation, replacing one with the same name. "" removes it. */
export function notice(name, text, ...actions) {
  for (const old of $("notices").querySelectorAll(`[data-name="${name}"]`)) old.remove();
  if (!text) return;
  const line = make("div", "notice", make("span", "", text));
  line.dataset.name = name;
  line.setAttribute("role", "alert");
  for (const [label, act, stays] of [...actions, ["Dismiss", () => {}]]) {
    line.append(button(label, () => {
      if (!stays) line.remove();
      act();
    }));
  }
  $("notices").append(line);
}

export const noticed = (name) => $("notices").querySelector(`[data-name="${name}"]`) !== null;
