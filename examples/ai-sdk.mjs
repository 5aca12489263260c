import { createOpenAI } from "@ai-sdk/openai";
import { streamText } from "ai";

const pawstream = createOpenAI({
  baseURL: `${process.env.PAWSTREAM_URL ?? "http://127.0.0.1:8080"}/v1`,
  apiKey: process.env.PAWSTREAM_API_KEY ?? "none",
});
const { textStream } = streamText({
  model: pawstream("pet-advisor-1"), // by the Responses API; pawstream.chat("…") is the other one
  prompt: process.argv[2] ?? "Which calm cats do you have?",
  onError({ error }) {
    console.error(error.message);
    process.exitCode = 1;
  },
});
for await (const text of textStream) process.stdout.write(text);
console.log();
