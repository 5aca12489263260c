// Pictures that go along with a question: dropped or pasted, made small enough, and shown above the question until it is sent.
import { $, announce, button, make } from "./dom.js";
import { refusesPictures } from "./models.js";

/** How many a question may have, and how long the longer side of one may be, in pixels: models look at no more. */
const most = 4;
const longest = 1_568;
/** How large a file may be that is read, in bytes. */
const largest = 30 << 20;
/** How long a picture's address may be in what was kept. */
const longestAddress = 8 << 20;

/** Returns the pictures of a message in which anything may be. */
export const soundPictures = (pictures) =>
  !Array.isArray(pictures) ? [] : pictures.filter((p) => typeof p === "string" && /^data:image\/(?:jpeg|png);base64,/.test(p) && p.length <= longestAddress).slice(0, most);

/** Returns a message's content as a request has it. */
export function contentOf({ role, text, pictures }) {
  const shown = role === "user" ? soundPictures(pictures) : [];
  if (shown.length === 0) return text;
  return [{ type: "text", text }, ...shown.map((url) => ({ type: "image_url", image_url: { url } }))];
}

/** Returns the pictures of a question to look at. */
export function looks(pictures) {
  return soundPictures(pictures).map((url, i) => {
    const image = make("img", "picture");
    image.src = url;
    image.alt = `Picture ${i + 1} of this question`;
    return image;
  });
}

export class Pictures {
  #all = [];

  /** refuse gets a sentence that says why a picture is not taken. */
  constructor(refuse) {
    this.refuse = refuse;
    $("question").addEventListener("paste", (event) => {
      const files = [...event.clipboardData.files].filter(({ type }) => type.startsWith("image/"));
      if (files.length === 0) return;
      event.preventDefault();
      for (const file of files) this.add(file);
    });
  }

  /** Takes a file. */
  async add(file) {
    this.refuse("");
    if (file.size > largest) return this.refuse(`${file.name} is too large: a picture may have at most ${largest >> 20} MiB.`);
    if (this.#all.length >= most) return this.refuse(`A question may have at most ${most} pictures.`);
    try {
      const url = await shrunk(file);
      if (refusesPictures()) return this.refuse(refusesPictures());
      if (this.#all.length < most) this.#all.push(url);
    } catch {
      return this.refuse(`${file.name} is not a picture that this browser can read.`);
    }
    this.#show();
    announce("Picture added");
  }

  /** Reports whether a question may be sent as it is: another model may have been chosen since. */
  fit() {
    const why = this.#all.length > 0 ? refusesPictures() : "";
    this.refuse(why);
    return why === "";
  }

  /** Returns the pictures, which are another question's from now on. */
  take() {
    const all = this.#all;
    this.#all = [];
    this.#show();
    return all;
  }

  #show() {
    $("pictures").hidden = this.#all.length === 0;
    $("pictures").replaceChildren(...looks(this.#all).map((image, i) => {
      const away = button("×", () => {
        this.#all.splice(i, 1);
        this.#show();
        $("question").focus();
      });
      away.setAttribute("aria-label", `Remove picture ${i + 1}`);
      return make("li", "", image, away);
    }));
  }
}

/** Returns a picture as an address of its own, no larger than a model looks at. */
async function shrunk(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // what lies behind a picture that is not everywhere
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.toDataURL("image/jpeg", 0.85);
}
