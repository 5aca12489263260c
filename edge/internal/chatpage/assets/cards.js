// The pets that an answer shows, as cards. What they are is the server's, and is looked at before it is shown.
import { button, make } from "./dom.js";
import { grouped } from "./figures.js";

/** So many pets of one answer have a card. */
const most = 24;

/** So much is said for one of them. */
const mostReasons = 3;

/** Returns the pets of a list in which anything may be. */
export const soundPets = (pets) =>
  !Array.isArray(pets) ? [] : pets.filter((p) => p !== null && typeof p === "object" && typeof p.name === "string" && p.name && typeof p.species === "string").slice(0, most);

/** What asks for more about a pet, by what the advisor calls its sources in the language of its answer. */
const more = {
  Quellen: "Erzählen Sie mir mehr über {}.", Fuentes: "Cuénteme más sobre {}.", Fonti: "Mi dica di più su {}.",
  Fontes: "Conte-me mais sobre {}.", Bronnen: "Vertel me meer over {}.", Sources: "Parlez-moi de {}.",
};

/** Returns a question about a pet in the language of an answer. In English, the line of sources says of what kind each is. */
function questionAbout(name, answer) {
  const [, label, names] = /(?:^|\n)\*(\w+): ([^\n]+)\*\s*$/.exec(answer) ?? [];
  return (names?.includes(":") || !Object.hasOwn(more, label) ? undefined : more[label].replace("{}", name)) ?? `Tell me more about ${name}.`;
}

/** Returns a list of cards, or undefined where there is none to show. ask gets a question about a pet, in the language of the answer. */
export function cards(pets, answer, ask) {
  const shown = soundPets(pets);
  if (shown.length === 0) return undefined;
  const list = make("ul", "pets", ...shown.map((pet) => card(pet, () => ask(questionAbout(pet.name, answer)))));
  list.setAttribute("aria-label", "Pets in this answer");
  return list;
}

function card(pet, ask) {
  const facts = [text(pet.sex), age(pet.age_months)].filter(Boolean).join(", ");
  const about = make("div", "about", make("strong", "", named(pet)), make("span", "", text(pet.breed) || pet.species), make("span", "", facts));
  if (Number.isInteger(pet.fee_usd) && pet.fee_usd >= 0) about.append(make("span", "fee", pet.fee_usd === 0 ? "No fee" : `$${grouped(pet.fee_usd)}`));
  const reasons = Array.isArray(pet.reasons) ? pet.reasons.filter((r) => typeof r === "string" && r).slice(0, mostReasons) : [];
  if (reasons.length > 0) about.append(make("span", "why", reasons.join(" · ")));
  return make("li", "", portrait(pet.species, pet.coat), about, button(`Ask about ${pet.name}`, ask));
}

/** Returns a portrait. It is drawn as soon as what draws it has loaded. */
function portrait(species, coat) {
  const place = make("span", "portrait");
  import("./portraits.js").then((module) => place.replaceWith(module.portrait(species, coat)), () => {}); // the server is away
  return place;
}

/** Whether a pet has a page in the store. */
const hasPage = ({ id }) => typeof id === "string" && /^[a-z0-9-]+$/.test(id);

/** Returns a pet's name, as a link where it has a page in the store. */
const named = (pet) => (hasPage(pet) ? link(pet.name, pageOf(pet)) : pet.name);

const pageOf = ({ id }) => `pets/${id}`;

function link(text, address) {
  const link = make("a", "", text);
  link.href = address;
  return link;
}

/** What the advisor calls its sources, in each language that it answers in. */
const sourcesLabel = /^(?:Sources?|Quellen|Fuentes|Fonti|Fontes|Bronnen): ?/;

/** Makes links of the pets' names in an answer's text, where they are written bold or among the sources, and of the breeds among the
 * sources, which lead to the pets of that breed. ours is whether the advisor wrote the answer. */
export function linkNames(body, pets, ours) {
  const byName = new Map(soundPets(pets).filter(hasPage).map((pet) => [pet.name, pet]));
  const names = [...byName.keys()].sort((a, b) => b.length - a.length).map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${names.join("|") || "(?!)"})(?![\\p{L}\\p{N}])`, "gu");
  const sources = [...body.querySelectorAll("em")].filter((e) => sourcesLabel.test(e.textContent));
  for (const place of [...body.querySelectorAll("strong"), ...sources]) {
    const texts = [...place.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
    if (place.closest("a, pre")) continue;
    for (const text of texts) {
      const breeds = sources.includes(place) ? breedsIn(text.data, ours ? byName : undefined) : [];
      const pets = [...text.data.matchAll(pattern)].map(({ 0: name, index }) => ({ index, name, address: pageOf(byName.get(name)) }));
      const parts = [];
      let end = 0;
      for (const { index, name, address } of [...breeds, ...pets].sort((a, b) => a.index - b.index)) {
        if (index < end) continue; // the name of a pet that is a word of a breed's
        parts.push(text.data.slice(end, index), link(name, address));
        end = index + name.length;
      }
      if (end > 0) text.replaceWith(...parts, text.data.slice(end));
    }
  }
}

/** Returns the breeds in a line of sources: {index, name, address}. In other languages than English, the advisor's line has nothing but
 * names, and those that are no pets' are breeds'. */
function breedsIn(sources, pets) {
  const [label] = sourcesLabel.exec(sources) ?? [""];
  const bare = pets && label && !sources.slice(label.length).includes(":");
  const list = (bare ? /: ?([^;]+?)(?=\.?\s*$)/d : /\bbreed facts: ([^;]+?)(?=;|\.?\s*$)/d).exec(sources);
  let [index] = list?.indices[1] ?? [0];
  const breeds = (list?.[1].split(", ") ?? []).map((name) => {
    const breed = { index, name, address: `pets?${new URLSearchParams({ breed: name })}` };
    index += name.length + 2;
    return breed;
  });
  return bare ? breeds.filter(({ name }) => !pets.has(name)) : breeds;
}

const text = (value) => (typeof value === "string" ? value : "");

/** Returns an age in the words that the advisor has for it, "" where it is none. */
function age(months) {
  if (!Number.isInteger(months) || months < 0) return "";
  const many = (n, unit) => `${n} ${unit}${n === 1 ? "" : "s"}`;
  if (months < 24) return `${months === 12 ? "1 year" : many(months, "month")} old`;
  const [years, rest] = [Math.floor(months / 12), months % 12];
  if (rest === 0 || years >= 10) return `${years} years old`;
  return rest === 6 ? `${years} and a half years old` : `${years} years and ${many(rest, "month")} old`;
}
