// Which models there are to ask.
import { authorized } from "./answer.js";
import { $, notice } from "./dom.js";
import { askKey } from "./key.js";
import { refusalOf } from "./pawstream.js";
import * as store from "./store.js";

/** The advisor, which is asked where nobody has chosen and no list says what there is. */
export const usual = "pet-advisor-1";
/** How long a question waits for the list that is on its way, and how often that is asked for again, in milliseconds. */
const patience = 3_000;
const again = 15_000;

const select = $("model");
let loading;
let preferred; // the model of the conversation that is open
let timer;
let blind = new Set(); // the models that pass over images

/** Returns the model to ask: the chosen one, also where the list of models cannot be had. */
export async function chosen() {
  if (!select.value && loading) await Promise.race([loading, new Promise((late) => setTimeout(late, patience))]);
  return select.value || wanted() || usual;
}

const wanted = () => preferred || store.settings().model;

/** Returns why the model that is asked next gets no pictures, or "". */
export function refusesPictures() {
  const model = select.value || wanted() || usual;
  return blind.has(model) ? `${model} does not accept images. Choose a model that does, or ask without the picture.` : "";
}

/** Chooses a conversation's model, or for a new one the model that was chosen last. */
export function prefer(model) {
  preferred = typeof model === "string" ? model : "";
  if ([...select.options].some(({ value }) => value === wanted())) select.value = wanted();
}

/** Reads the list, and keeps trying where the server is away. */
export function loadModels() {
  clearTimeout(timer);
  loading ??= load().finally(() => (loading = undefined));
  return loading;
}

async function load() {
  for (;;) {
    let response;
    try {
      response = await fetch("v1/models", { headers: authorized(store.getKey()), cache: "no-store" });
      if (response.ok) {
        const { data } = await response.json();
        blind = new Set(data.filter(({ ignores }) => ignores?.includes("images")).map(({ id }) => id));
        show(data.map(({ id }) => id));
        notice("models", "");
        return;
      }
    } catch {
      unknown("The server cannot be reached right now.");
      timer = setTimeout(loadModels, again);
      return;
    }
    if (response.status === 403) {
      standIn(); // the key may ask, and may not list: that is nothing to warn of
      notice("models", "");
      return;
    }
    if (response.status !== 401) {
      unknown(`The list of models could not be read: ${(await refusalOf(response)).message}`);
      if (response.status >= 500 || response.status === 429) timer = setTimeout(loadModels, again);
      return;
    }
    try {
      await askKey(store.getKey() ? "The server does not know this key, or no longer accepts it." : "");
    } catch {
      notice("models", "This server requires an API key.", ["Enter a key", loadModels]);
      return;
    }
  }
}

function unknown(text) {
  standIn();
  notice("models", text, ["Try again", loadModels]);
}

/** Shows what is asked while there is no list. */
function standIn() {
  if (select.value) return;
  const model = wanted() || usual;
  select.replaceChildren(new Option(model, model));
}

function show(ids) {
  select.replaceChildren(...ids.map((id) => new Option(id, id)));
  if (ids.includes(wanted())) select.value = wanted();
  select.disabled = ids.length === 0;
}

select.addEventListener("change", () => {
  preferred = select.value;
  store.set({ model: select.value });
});
addEventListener("online", () => timer && loadModels());
