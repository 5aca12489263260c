// Portraits of pets, drawn from their species and coat: one drawing for each species, in the colours of the coat.

/** The colours of coats. Another word is drawn in those of "other". */
const colours = {
  black: "#3a3a40", "black and white": "#3a3a40", blue: "#7d93a8", brindle: "#8a6a4a", brown: "#8f6342", calico: "#f4efe6", cream: "#efdcbb",
  golden: "#dba452", gray: "#9a9da3", green: "#6fa653", red: "#c8703c", spotted: "#e6d3b0", tabby: "#b0926c", white: "#f7f4ee", other: "#c2ab90",
};
/** Coats that are a pattern: its colour, and where it is drawn. */
const patterns = { tabby: ["#6f5638", "stripes"], brindle: ["#54402c", "stripes"], spotted: ["#6d5335", "spots"], calico: ["#cf7a35", "spots"], "black and white": ["#f7f4ee", "blaze"] };

// A shape is its element's name, the part that it colours, and its attributes. Each drawing is 96 by 96.
const circle = (part, cx, cy, r) => ["circle", part, { cx, cy, r }];
const ellipse = (part, cx, cy, rx, ry, turn = 0) => ["ellipse", part, { cx, cy, rx, ry, ...(turn && { transform: `rotate(${turn} ${cx} ${cy})` }) }];
const path = (part, d) => ["path", part, { d }];
const eyes = (y, apart, r = 4) => [circle("ink", 48 - apart, y, r), circle("ink", 48 + apart, y, r), circle("shine", 49.4 - apart, y - 1.4, r / 3), circle("shine", 49.4 + apart, y - 1.4, r / 3)];
const faceSpots = [ellipse("mark", 33, 37, 9, 10, -15), ellipse("mark", 66, 58, 6, 5), ellipse("mark", 57, 27, 6, 4, 20)];
const faceStripes = [path("band", "M48 22v11M40 24l2 9M56 24l-2 9M23 52l9 2M24 60l8-1M73 52l-9 2M72 60l-8-1")];
const faceBlaze = [path("mark", "M48 20c-6 14-8 26-15 38 0 12 30 12 30 0C56 46 54 34 48 20z")];
const face = { spots: faceSpots, stripes: faceStripes, blaze: faceBlaze };

const drawings = {
  dog: {
    ...face,
    back: [path("coat", "M22 88c2-14 12-20 26-20s24 6 26 20z"), ellipse("coat", 48, 48, 26, 27)],
    front: [
      path("second", "M27 27c-13-4-19 12-15 32 2 7 9 7 11 1 2-9 3-20 10-27z"), path("second", "M69 27c13-4 19 12 15 32-2 7-9 7-11 1-2-9-3-20-10-27z"),
      ellipse("light", 48, 60, 14, 12), ...eyes(44, 11), ellipse("ink", 48, 54, 6, 4.5), path("line", "M48 58v5c-3 5-9 4-10 1M48 63c3 5 9 4 10 1"), path("pink", "M44 66c0 8 8 8 8 0z"),
    ],
  },
  cat: {
    ...face,
    back: [path("coat", "M24 88c2-13 11-18 24-18s22 5 24 18z"), path("coat", "M22 44 20 14l20 14zM74 44l2-30-20 14z"), path("pink", "M25 33 24 21l9 8zM71 33l1-12-9 8z"), ellipse("coat", 48, 49, 28, 25)],
    front: [
      ellipse("light", 42, 60, 8, 6.5), ellipse("light", 54, 60, 8, 6.5),
      ellipse("eye", 36, 46, 5.5, 6.5), ellipse("eye", 60, 46, 5.5, 6.5), ellipse("ink", 36, 46, 2, 5.5), ellipse("ink", 60, 46, 2, 5.5),
      path("pink", "M44 54h8l-4 5z"), path("line", "M48 59v3c-2 4-7 3-8 1M48 62c2 4 7 3 8 1"), path("hair", "M30 58 14 55M30 62l-16 3M66 58l16-3M66 62l16 3"),
    ],
  },
  rabbit: {
    ...face,
    back: [
      path("coat", "M26 90c2-13 10-18 22-18s20 5 22 18z"), ellipse("coat", 37, 22, 8, 22, -8), ellipse("coat", 59, 22, 8, 22, 8), ellipse("pink", 37, 23, 4, 16, -8), ellipse("pink", 59, 23, 4, 16, 8),
      ellipse("coat", 48, 58, 24, 23),
    ],
    spots: [ellipse("mark", 35, 50, 8, 9), ellipse("mark", 65, 64, 5, 5)], stripes: [path("band", "M48 38v8M42 39l1 7M54 39l-1 7M27 60l8 1M69 60l-8 1")],
    blaze: [path("mark", "M48 36c-4 10-6 18-12 27 0 13 24 13 24 0-6-9-8-17-12-27z")],
    front: [
      ellipse("light", 42, 67, 8, 7), ellipse("light", 54, 67, 8, 7), path("shine", "M44.5 71h7v6h-7z"), ...eyes(54, 13), path("pink", "M43.5 60h9l-4.5 5z"), path("line", "M48 65v4M48 71v6"),
      path("hair", "M33 65l-14-3M33 69l-14 3M63 65l14-3M63 69l14 3"),
    ],
  },
  "guinea-pig": {
    ...face,
    back: [path("coat", "M14 90c0-16 14-22 34-22s34 6 34 22z"), ellipse("second", 21, 36, 9, 11, -35), ellipse("second", 75, 36, 9, 11, 35), ellipse("pink", 21, 37, 5, 7, -35), ellipse("pink", 75, 37, 5, 7, 35), ellipse("coat", 48, 52, 32, 28)],
    front: [path("light", "M48 25c-5 10-6 22-13 32-3 14 29 14 26 0-7-10-8-22-13-32z"), ...eyes(47, 19), ellipse("pink", 48, 58, 6, 4), path("line", "M48 62v3c-2 4-7 3-8 1M48 65c2 4 7 3 8 1")],
  },
  hamster: {
    ...face,
    back: [path("coat", "M22 90c0-14 10-20 26-20s26 6 26 20z"), circle("coat", 26, 28, 10), circle("coat", 70, 28, 10), circle("pink", 26, 28, 6), circle("pink", 70, 28, 6), ellipse("coat", 48, 50, 29, 27)],
    front: [
      ellipse("light", 30, 60, 14, 11), ellipse("light", 66, 60, 14, 11), ellipse("light", 48, 62, 10, 9), ...eyes(44, 12, 4.5), ellipse("pink", 48, 54, 4, 3), path("line", "M48 57v3c-2 4-6 3-7 1M48 60c2 4 6 3 7 1"),
      ellipse("pink", 38, 80, 6, 4), ellipse("pink", 58, 80, 6, 4),
    ],
  },
  bird: {
    back: [path("second", "M20 70 8 92l22-8 10-8z"), path("coat", "M62 14c17 0 22 14 18 28-3 24-18 38-38 40C22 84 16 68 24 54c6-10 20-12 22-24 1-9 7-16 16-16z")],
    spots: [circle("mark", 58, 46, 4), circle("mark", 64, 56, 4), circle("mark", 54, 62, 4)], stripes: [path("band", "M56 46l12 4M54 54l12 4M52 62l10 4")], blaze: [ellipse("mark", 66, 44, 9, 14, 20)],
    front: [path("beak", "M79 26l13 6-13 7z"), circle("light", 66, 29, 8), circle("ink", 67, 29, 4), circle("shine", 68.4, 27.6, 1.3), path("second", "M30 52c12-6 26 0 26 10-4 12-22 14-30 6-4-6-2-12 4-16z"), path("line", "M36 60c6 4 12 4 16 0M34 67c5 3 9 3 13 0"), path("hair", "M46 82v9M54 80v11M40 91h20")],
  },
  fish: {
    back: [path("second", "M28 48 6 28c4 14 4 26 0 40z"), path("second", "M40 30c6-14 22-16 30-6l-6 12zM44 66c4 12 14 14 20 6l-4-10z"), path("coat", "M22 48c10-22 54-30 70 0-16 30-60 22-70 0z")],
    spots: [circle("mark", 50, 40, 4), circle("mark", 60, 54, 5), circle("mark", 44, 54, 3)], stripes: [path("band", "M46 33c4 10 4 20 0 30M58 30c5 12 5 24 0 36")], blaze: [path("mark", "M46 33c4 10 4 20 0 30l12 3c5-12 5-24 0-36z")],
    front: [path("second", "M56 50c8 0 12 6 8 13-6 1-12-4-8-13z"), circle("shine", 77, 42, 6), circle("ink", 78, 42, 3.5), path("line", "M90 50c-3 3-6 4-9 3"), circle("bubble", 86, 22, 4), circle("bubble", 78, 12, 2.5)],
  },
  reptile: {
    back: [path("coat", "M30 90c-2-20-18-28-10-50 6-18 26-28 44-22 18 5 24 20 18 32-6 10-22 8-24 18 0 8 6 14 4 22z")],
    spots: [circle("mark", 34, 44, 5), circle("mark", 40, 60, 5), circle("mark", 46, 30, 4), circle("mark", 42, 76, 4)], stripes: [path("band", "M24 44l14 4M28 56l14 2M34 70l14-1M40 28l6 12")], blaze: [path("mark", "M54 50c-10 8-12 24-8 40h14c2-8-4-14-4-22 2-8 12-9 18-12z")],
    front: [path("light", "M58 58c8 4 20 0 24-8-8 4-18 4-28 0z"), circle("eye", 62, 32, 8), ellipse("ink", 62, 32, 2.5, 6.5), circle("shine", 64, 29, 1.5), circle("ink", 80, 34, 1.6), path("line", "M84 44c-8 8-22 8-30 2")],
  },
};
// An animal of a species that is not known: a paw.
const paw = { back: [ellipse("coat", 48, 60, 20, 17), ellipse("coat", 24, 42, 8, 11, -25), ellipse("coat", 72, 42, 8, 11, 25), ellipse("coat", 39, 26, 8, 12, -8), ellipse("coat", 57, 26, 8, 12, 8)], front: [] };

const fixed = { ink: "#26221f", shine: "#ffffff", pink: "#e39a94", eye: "#b9c26a", beak: "#e8a33d", bubble: "#8fc3dd" };
const light = { black: "#6b6b73", brown: "#d9bd9c", red: "#f2d5b8" };
const lines = { line: 2, band: 3.5, hair: 1.4 };

/** Returns a portrait. @param {string} species @param {string[]} coat @returns {SVGElement} */
export function portrait(species, coat) {
  const drawing = Object.hasOwn(drawings, species) ? drawings[species] : paw;
  const words = Array.isArray(coat) ? coat.map(String) : [];
  const plain = words.filter((word) => Object.hasOwn(colours, word) && word !== "other");
  const [main] = plain.length > 0 ? plain : ["other"];
  const pattern = plain.find((word) => Object.hasOwn(patterns, word));
  const ground = plain.find((word) => !Object.hasOwn(patterns, word));
  const fur = colours[pattern === main && ground && pattern !== "black and white" ? ground : main];
  const second = plain.find((word) => colours[word] !== fur && !Object.hasOwn(patterns, word));
  const parts = { ...fixed, coat: fur, second: colours[second] ?? fur, light: light[main] ?? "#fbf3e6", mark: patterns[pattern]?.[0] ?? colours[second] ?? fur };
  const markings = drawing[patterns[pattern]?.[1]] ?? [];
  const extra = main === "calico" ? (drawing.spots ?? []).slice(1).map(([name, , about]) => [name, "ink", about]) : [];
  const svg = element("svg", { viewBox: "0 0 96 96", class: "portrait", "aria-hidden": "true" });
  svg.append(...[...drawing.back, ...markings, ...extra, ...drawing.front].map(([name, part, about]) => element(name, { ...about, ...paint(part, parts) })));
  return svg;
}

function paint(part, parts) {
  if (lines[part]) return { fill: "none", stroke: part === "band" ? parts.mark : parts.ink, "stroke-width": lines[part] };
  // A thin edge keeps a coat apart from what it is drawn on, and from parts of the same colour.
  const edged = part === "coat" || part === "second";
  return { fill: parts[part], stroke: edged ? "#26221f59" : "none", "stroke-width": 1.2 };
}

function element(name, attributes) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  return e;
}
