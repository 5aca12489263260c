// The options of a conversation's questions, besides the model: instructions, temperature, and a maximum answer length.
// Each answer keeps the options of its question.
import { $ } from "./dom.js";

/** Returns the options in a value that may be anything. */
function soundOptions(value) {
  const { system, temperature, max_tokens: longest } = value ?? {};
  return {
    ...(typeof system === "string" && system.trim() && { system }),
    ...(Number.isFinite(temperature) && temperature >= 0 && temperature <= 2 && { temperature }),
    ...(Number.isInteger(longest) && longest > 0 && { max_tokens: longest }),
  };
}

/** Returns what a request has because of options: {before, members}, messages that go first, and members of the body. */
export function asked(value) {
  const { system, ...members } = soundOptions(value);
  return { before: system ? [{ role: "system", content: system }] : [], members };
}

export class Options {
  #value = {};

  constructor() {
    $("options").addEventListener("click", () => this.#open());
    $("options-cancel").addEventListener("click", () => $("options-dialog").close());
    $("options-form").addEventListener("submit", () => this.#take());
    $("options-reset").addEventListener("click", () => {
      for (const id of ["system", "temperature", "longest"]) $(id).value = "";
    });
  }

  /** The options of the next question, or undefined where there are none. */
  get value() {
    return Object.keys(this.#value).length > 0 ? { ...this.#value } : undefined;
  }

  set value(value) {
    this.#value = soundOptions(value);
    const some = this.value !== undefined;
    $("options").classList.toggle("on", some);
    $("options").setAttribute("aria-label", some ? "Options, some are set" : "Options");
  }

  #open() {
    const { system, temperature, max_tokens: longest } = this.#value;
    $("system").value = system ?? "";
    $("temperature").value = temperature ?? "";
    $("longest").value = longest ?? "";
    $("options-dialog").showModal();
  }

  #take() {
    const number = (id) => ($(id).value.trim() === "" ? undefined : Number($(id).value));
    this.value = { system: $("system").value, temperature: number("temperature"), max_tokens: number("longest") };
    $("question").focus();
  }
}
