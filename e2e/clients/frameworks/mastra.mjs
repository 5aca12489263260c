// Mastra: an agent, by its own table of models. It takes no fetch: it uses the one of the process.
import { Agent } from '@mastra/core/agent'
import { createTool } from '@mastra/core/tools'
import { z } from 'zod'
import { findPet, gallery, tool } from '../node/lib.mjs'

const { name, description } = tool.function
const { fetch: found } = globalThis

await gallery(async ({ base, model, tools, whole, loop, object, signal, onText, fetch = found }) => {
  globalThis.fetch = fetch
  const calls = []
  const pets = createTool({
    id: name, description, inputSchema: z.object({ name: z.string().optional() }),
    execute: async input => findPet(input),
  })
  const agent = new Agent({
    id: 'pets', name: 'Pets', instructions: 'You know pets.', maxRetries: 0,
    model: { providerId: 'pawstream', modelId: model, url: base, apiKey: 'any' },
    tools: tools ? { [name]: pets } : {},
  })
  if (object) return await agent.generate('Which pet?', { structuredOutput: { schema: z.object({ name: z.string(), age: z.number().int() }) } })
  if (whole || loop) return { text: (await agent.generate('Which pet?', { maxSteps: 3 })).text }
  const got = { text: '' }
  const streamed = await agent.stream('Which pet?', { maxSteps: 1, abortSignal: signal })
  for await (const { type, payload } of streamed.fullStream) {
    switch (type) {
      case 'text-delta':
        got.text += payload.text
        onText?.(payload.text)
        break
      case 'tool-call':
        calls.push({ name: payload.toolName, arguments: JSON.stringify(payload.args) })
        break
      case 'error':
        throw payload.error
    }
  }
  return { ...got, calls, finish: (await streamed.finishReason)?.replace('-', '_') }
}, 'usage') // its table of models does not ask for it
