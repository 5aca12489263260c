// Draws the portraits, by the drawings of the chat page. Without them the page says all that it has to say.
import { portrait } from "/chat/portraits.js";

for (const chosen of document.querySelectorAll(".chip[aria-current]")) chosen.scrollIntoView({ block: "nearest", inline: "center" }); // in its line
for (const place of document.querySelectorAll(".drawn")) place.append(portrait(place.dataset.species, place.dataset.coat.split(",")));
