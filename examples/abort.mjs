import { client } from "../clients/js/pawstream.js";

const { ask } = client({ url: process.env.PAWSTREAM_URL ?? "http://127.0.0.1:8080", key: process.env.PAWSTREAM_API_KEY });

const controller = new AbortController();
process.once("SIGINT", () => controller.abort()); // Ctrl-C; on a page, its Stop button

try {
  // A reader that leaves may come back, so the answer would go on for a while: an abort cancels it too.
  const answer = ask(process.argv[2] ?? "What should I know before adopting a cat?", { signal: controller.signal });
  for await (const { text } of answer) process.stdout.write(text);
  console.log();
} catch (err) {
  if (!controller.signal.aborted) throw err;
  console.log("\n(stopped)");
}
