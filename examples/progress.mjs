import { client } from "../clients/js/pawstream.js";

const { ask } = client({
  url: process.env.PAWSTREAM_URL ?? "http://127.0.0.1:8080",
  key: process.env.PAWSTREAM_API_KEY,
  onProgress: ({ stage }) => console.error(`(${stage})`),
});
for await (const { text } of ask(process.argv[2] ?? "Which calm cats do you have?")) process.stdout.write(text);
console.log();
