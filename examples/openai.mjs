import OpenAI from "openai";

const client = new OpenAI({
  baseURL: `${process.env.PAWSTREAM_URL ?? "http://127.0.0.1:8080"}/v1`,
  apiKey: process.env.PAWSTREAM_API_KEY ?? "none",
});
const stream = await client.chat.completions.create({
  model: "pet-advisor-1", stream: true,
  messages: [{ role: "user", content: process.argv[2] ?? "Which calm cats do you have?" }],
});
for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? "");
console.log();
