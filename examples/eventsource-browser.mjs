// follow shows a completion that was asked for with "stream_options": {"include_events": true}. After
// a reload, lastEventId tells where to go on; after a lost connection the browser does that by itself.
export async function follow(id, { text, done, failed }, { key, lastEventId } = {}) {
  const response = await fetch("/v1/stream_tickets", {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(key && { Authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ completion_id: id }),
  });
  if (!response.ok) throw new Error((await response.json()).error.message);
  const url = new URL((await response.json()).url, location.origin);
  if (lastEventId) url.searchParams.set("starting_after", lastEventId.split(".").at(-1));

  const source = new EventSource(url);
  source.onmessage = (e) => text(JSON.parse(e.data).choices[0]?.delta.content ?? "", e.lastEventId);
  source.addEventListener("done", () => {
    source.close(); // it takes every end for a lost connection
    done();
  });
  source.addEventListener("error", (e) => {
    if (e.data) { // an event of the stream
      source.close();
      failed(JSON.parse(e.data).error.message);
    } else if (source.readyState === EventSource.CLOSED) {
      failed("The server has refused the connection.");
    } // else it reconnects, with Last-Event-ID
  });
  return source; // close() stops following; the completion goes on for a while
}
