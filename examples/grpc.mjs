import { credentials, loadPackageDefinition, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

// The contract, as its files: those of proto/ in the source.
const contract = loadSync("petstore/completion/v1/completion_service.proto", { includeDirs: [process.env.PAWSTREAM_PROTO ?? "proto"], enums: String, longs: Number });
const { CompletionService } = loadPackageDefinition(contract).petstore.completion.v1;
const service = new CompletionService(process.env.PAWSTREAM_COMPLETION_ADDR ?? "127.0.0.1:50051", credentials.createInsecure());

// answer yields the pieces of an answer. A stream that is lost is taken up after its last event, and before there
// is an id the same idempotency key finds the same completion.
async function* answer(question) {
  const params = { model: "pet-advisor-1", messages: [{ role: "ROLE_USER", text: question }] };
  const idempotencyKey = crypto.randomUUID();
  let completionId, afterSequence;
  for (let failures = 0; failures < 10; failures++) {
    const deadline = Date.now() + 120_000;
    const events = completionId
      ? service.resumeCompletion({ completionId, afterSequence }, { deadline })
      : service.streamCompletion({ params, idempotencyKey }, { deadline });
    try {
      for await (const event of events) {
        completionId ??= event.metadata?.id;
        if (event.done) return;
        if (event.error) throw new Error(event.error.message); // the answer has failed: that is its end
        afterSequence = event.sequence;
        failures = 0;
        if (event.delta?.content) yield event.delta.content;
      }
    } catch (err) {
      if (err.code !== status.UNAVAILABLE) throw err;
    }
    await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(30_000, 250 * 2 ** failures)));
  }
  throw new Error("the service cannot be reached");
}

for await (const text of answer(process.argv[2] ?? "Which calm cats do you have?")) process.stdout.write(text);
console.log();
service.close();
