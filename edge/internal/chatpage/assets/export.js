// A conversation as a file.

/** Returns a conversation as Markdown. */
export function asMarkdown(title, messages) {
  const turns = messages.map(({ role, text, model }) => {
    const speaker = role === "user" ? "You" : model ? `Pawstream (${model})` : "Pawstream";
    return `## ${speaker}\n\n${text.trim()}\n`;
  });
  return [`# ${title}\n`, ...turns].join("\n");
}

/** Returns a conversation as JSON, in the form of a request's messages and with what is known beside them. */
export function asJSON(title, messages) {
  const turns = messages.map(({ role, text, model, reasoning, times, turn, tokens, status }) => ({
    role, content: text, reasoning, model, status, tokens, completion_id: turn?.id || undefined,
    asked_at: times?.asked ? new Date(times.asked).toISOString() : undefined,
  }));
  return JSON.stringify({ title, messages: turns }, null, 2);
}

/** Returns a title as the name of a file, without its extension. */
export function fileName(title) {
  const name = title.normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return [...name].slice(0, 60).join("") || "conversation";
}
