import OpenAI from "openai";

const client = new OpenAI({
  baseURL: `${process.env.PAWSTREAM_URL ?? "http://127.0.0.1:8080"}/v1`,
  apiKey: process.env.PAWSTREAM_API_KEY ?? "none",
});
let stream = await client.responses.create({
  model: "pet-advisor-1", stream: true,
  input: process.argv[2] ?? "Which calm cats do you have?",
});
let id, number, response;
while (!response) {
  try {
    for await (const event of stream) {
      if (event.type === "response.created") id = event.response.id;
      if (event.type === "response.output_text.delta") process.stdout.write(event.delta);
      if (["response.completed", "response.incomplete", "response.failed"].includes(event.type)) response = event.response;
      number = event.sequence_number;
    }
  } catch (err) {
    if (err instanceof OpenAI.APIError || !id) throw err; // else the connection was lost
  }
  if (!response) stream = await client.responses.retrieve(id, { stream: true, starting_after: number });
}
console.log();
if (response.error) throw new Error(response.error.message);
