// events yields the events of a stream: { id, event, data }. Chunks of the network end anywhere, lines
// end in LF, CRLF or CR, and an event without its blank line is none.
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "", id = "", event = "", data = [];
  try {
    for (;;) {
      const chunk = await reader.read();
      if (chunk.done) return;
      const lines = (rest + chunk.value).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop();
      for (const line of lines) {
        const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
        if (field === "data") data.push(value);
        else if (field === "event") event = value;
        else if (field === "id" && !value.includes("\0")) id = value;
        if (line !== "") continue;
        if (data.length > 0) yield { id, event: event || "message", data: data.join("\n") };
        event = "";
        data = [];
      }
    }
  } finally {
    reader.cancel().catch(() => {}); // who stops reading leaves the connection too
  }
}
