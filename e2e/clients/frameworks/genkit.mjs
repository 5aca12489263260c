// Genkit, with its plugin for compatible servers.
import { compatOaiModelRef, defineCompatOpenAIModel, openAICompatible } from '@genkit-ai/compat-oai'
import { genkit, z } from 'genkit'
import { findPet, gallery, tool } from '../node/lib.mjs'

const { name, description } = tool.function
const supports = { multiturn: true, tools: true, systemRole: true, output: ['text', 'json'], constrained: 'all' }

await gallery(async ({ base, model, tools, whole, loop, object, signal, onText, fetch }) => {
  const options = { name: 'pawstream', apiKey: 'any', baseURL: base, maxRetries: 0, fetch }
  const resolver = (client, kind, name) => defineCompatOpenAIModel({
    name, client, pluginOptions: options, modelRef: compatOaiModelRef({ name, namespace: options.name, info: { supports } }),
  })
  const ai = genkit({ plugins: [openAICompatible({ ...options, resolver })] })
  const pets = ai.defineTool({ name, description, inputSchema: z.object({ name: z.string().optional() }) }, async input => findPet(input))
  const asked = { model: `pawstream/${model}`, prompt: 'Which pet?', ...(tools && { tools: [pets], returnToolRequests: !loop }) }
  if (object) return { object: (await ai.generate({ ...asked, output: { schema: z.object({ name: z.string(), age: z.number().int() }) } })).output }
  if (whole || loop) return { text: (await ai.generate(asked)).text }
  const { stream, response } = ai.generateStream({ ...asked, abortSignal: signal })
  response.catch(() => {}) // the stream tells it
  for await (const { text } of stream) if (text) onText?.(text)
  const { text, usage, finishReason, toolRequests } = await response
  const calls = toolRequests.map(({ toolRequest }) => ({ name: toolRequest.name, arguments: JSON.stringify(toolRequest.input) }))
  return { text, usage: usage.totalTokens, calls, finish: calls.length > 0 && finishReason === 'stop' ? 'tool_calls' : finishReason }
})
