import { client } from "../clients/js/pawstream.js";

// The client goes on by itself: by its Idempotency-Key as long as no event has come, by Last-Event-ID after that,
// and by Retry-After or with a growing, random delay.
const { ask } = client({
  url: process.env.PAWSTREAM_URL ?? "http://127.0.0.1:8080",
  key: process.env.PAWSTREAM_API_KEY,
  onState: (state, why, ms) => state === "waiting" && console.error(`(${why}; again in ${(ms / 1000).toFixed(1)} s)`),
});
const answer = ask(process.argv[2] ?? "Which calm cats do you have?");
try {
  for await (const { text } of answer) process.stdout.write(text); // answer.state, stored as JSON, takes it up in another process
  console.log();
} catch (error) { // the server refuses, or was away for two minutes
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
