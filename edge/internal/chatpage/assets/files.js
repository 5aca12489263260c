// Exchange between the page and the rest of the machine: files, and the clipboard.

/** Saves a text as a file. */
export function saveAs(name, text, type = "application/json") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Copies a text, and reports whether that worked. */
export async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Not in a secure context, or not allowed: the old way.
    const area = document.createElement("textarea");
    const focus = document.activeElement;
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    focus?.focus();
    return done;
  }
}

/** How many bytes a file may have whose text is put into a question. */
const largest = 256 << 10;

/**
 * Handles files that are dropped anywhere: otherwise the browser would leave the page for them.
 * take gets a file's text, look a picture's file, refuse a sentence that says why a file is refused.
 */
export function catchDrops(take, look, refuse) {
  const files = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragover", (event) => {
    if (files(event)) event.preventDefault();
  });
  addEventListener("drop", async (event) => {
    if (!files(event)) return;
    event.preventDefault();
    const dropped = [...event.dataTransfer.files];
    const file = dropped.find(({ type }) => !type.startsWith("image/"));
    if (dropped.length === 0) return refuse("What you dropped contains no file.");
    for (const picture of dropped) if (picture !== file && picture.type.startsWith("image/")) look(picture);
    if (!file) return undefined;
    if (file.size > largest) return refuse(`${file.name} is too large: a question may have at most ${largest >> 10} KiB of text.`);
    try {
      take(new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer()));
    } catch {
      refuse(`${file.name} is not a text file or a picture, and nothing else can be sent.`);
    }
  });
}
