// Draws the portraits, by the drawings of the chat page. Without them the page says all that it has to say.
import { portrait } from "/chat/portraits.js";

for (const place of document.querySelectorAll(".drawn")) place.append(portrait(place.dataset.species, place.dataset.coat.split(",")));
