// Questions to go on with after an answer, by what it was about.
import { soundPets } from "./cards.js";

/** Returns up to three questions, or none where nothing is known to fit: an emergency, say. */
export function onward({ pets, text = "", status, guest }) {
  if (status !== "done" || guest || /emergency|poison|hotline|at once/i.test(text)) return [];
  const [first, second] = soundPets(pets);
  if (first) {
    const { name } = first;
    return [...(second ? [`Compare ${name} and ${second.name}.`] : []), `Is ${name} good for a first-time owner?`, `What does ${name} cost per month?`];
  }
  if (!/\badopt/i.test(text)) return [];
  return ["What does that cost per month?", "What do I need to buy first?", "Which of your pets are good for beginners?"];
}
