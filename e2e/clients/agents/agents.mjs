// OpenAI's Agents SDK, by the Responses API or, where "chat" is named, by chat completions. It runs tools
// itself, so that the calls are those that it has run.
import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool as makeTool } from '@openai/agents'
import OpenAI from 'openai'
import { findPet, gallery, petSchema, schema, tool } from '../node/lib.mjs'

setTracingDisabled(true)

await gallery(async ({ base, model, tools, whole, object, signal, onText, fetch }) => {
  const openAIClient = new OpenAI({ baseURL: base, apiKey: 'any', maxRetries: 0, fetch })
  const runner = new Runner({ modelProvider: new OpenAIProvider({ openAIClient, useResponses: process.argv[2] !== 'chat' }) })
  const calls = []
  const pets = makeTool({
    ...tool.function, parameters: { ...schema, required: [], additionalProperties: true }, strict: false,
    execute(input) {
      calls.push({ name: 'find_pet', arguments: JSON.stringify(input) })
      return findPet(input)
    },
  })
  const agent = new Agent({
    name: 'Pets', model, tools: tools ? [pets] : [],
    ...(object && { outputType: { type: 'json_schema', name: 'pet', strict: true, schema: petSchema } }),
  })
  if (whole || object) {
    const { finalOutput } = await runner.run(agent, 'Which pet?')
    return { text: finalOutput, object: finalOutput }
  }
  const streamed = await runner.run(agent, 'Which pet?', { stream: true, signal })
  for await (const event of streamed) {
    if (event.type === 'raw_model_stream_event' && event.data.type === 'output_text_delta') onText?.(event.data.delta)
  }
  await streamed.completed
  return { text: streamed.finalOutput, usage: streamed.runContext.usage.totalTokens, calls, finish: calls.length > 0 ? 'tool_calls' : 'stop' }
})
