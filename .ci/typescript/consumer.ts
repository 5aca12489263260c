// A program that uses every export of clients/js. It is only type-checked. Each @ts-expect-error is a mistake that the types
// have to find: where they are any, or missing, the compiler reports that line.
import { type Answer, type Client, client, type End, events, PawstreamError, type Pet, type Piece, refusalOf, retryOf, type State } from "@pawstream/client";
import { chatTransport } from "@pawstream/client/ai";
import type { ChatTransport, UIMessage } from "ai";

const controller = new AbortController();
const pawstream: Client = client({
  url: "http://localhost:8080",
  key: async () => sessionStorage.getItem("key") ?? undefined,
  giveUpAfter: 60_000,
  onState: (state, why, ms, now) => {
    if (state === "waiting" && ms > 1_000) now?.();
    // @ts-expect-error: there is no such state
    if (state === "asleep") console.log(why);
  },
  onProgress: ({ stage, queue_position = 0 }) => console.log(stage, queue_position.toFixed(0)),
  onId: (id) => console.log(id.length),
  onFrame: (kind, id, text) => console.log(kind, id, text),
  renewKey: async (error) => console.log(error.code),
});

/** Reads an answer, and returns what is needed to resume it. */
async function read(answer: Answer): Promise<[string, State]> {
  let text = "";
  const finishes: (string | null)[] = [];
  const pets: Pet[] = [];
  const last: { piece?: Piece } = {};
  for await (const piece of answer) {
    text += piece.text + piece.reasoning;
    finishes[piece.index] = piece.finish;
    pets.push(...(piece.pets ?? []));
    for (const question of piece.related ?? []) console.log(question.trim());
    last.piece = piece;
    // @ts-expect-error: a piece may have no pets
    console.log(piece.pets.length);
    // @ts-expect-error: a text is no number
    console.log(piece.text * 2);
    // @ts-expect-error: the text is a member of the piece, not of a delta
    text += piece.delta;
  }
  const [first] = pets;
  // @ts-expect-error: there may be no pet
  console.log(first.name);
  console.log(first?.age_months, first?.coat.join(), first?.reasons.length, last.piece?.usage);
  const end: End | undefined = answer.end;
  // @ts-expect-error: how an answer ended is not to be changed
  answer.end = end;
  return [text, answer.state];
}

try {
  const [text, state] = await read(pawstream.ask("Which cats suit a small flat?", { signal: controller.signal, key: "once" }));
  const kept: State = JSON.parse(JSON.stringify(state));
  await read(pawstream.resume(kept, { signal: controller.signal }));
  await read(pawstream.follow(kept.id, { after: kept.cursor, ticket: kept.ticket ?? "" }));
  const answer = pawstream.ask({ model: "pet-advisor-1", messages: [{ role: "user", content: text }] });
  console.log((await answer.text()).length);
  answer.leave();
  await answer.cancel();
  await pawstream.cancel(kept.id);
  // @ts-expect-error: a question is no number
  pawstream.ask(7);
  // @ts-expect-error: a state has a key
  pawstream.resume({ id: kept.id, cursor: "" });
} catch (error) {
  if (!(error instanceof PawstreamError)) throw error;
  const retry: "no" | "wait" | "anew" = error.retry;
  console.log(error.status.toFixed(0), error.code, error.type, error.param, error.requestId, retry, retryOf({ code: error.code }, error.status));
}

const response = await fetch("/v1/chat/completions");
if (!response.ok) throw await refusalOf(response);
if (response.body) for await (const { id, name, data } of events(response.body, { retry: (ms) => console.log(ms.toFixed(0)) })) console.log(id, name, data);

const transport: ChatTransport<UIMessage> = chatTransport({ url: "", model: "pet-advisor-1", body: { temperature: 0 }, storage: localStorage });
console.log(await transport.reconnectToStream({ chatId: "one" }));
// @ts-expect-error: a storage has to remove too
chatTransport({ storage: { getItem: () => null, setItem: () => {} } });
