// Vercel's AI SDK, of the version that is named, with its provider for compatible servers; or with OpenAI's,
// whose default is the Responses API, or with the one for whatever server has that.
import { findPet, gallery, messages, petSchema, schema } from './lib.mjs'

const [version, api] = process.argv[2].split(' ')
const { streamText, generateText, generateObject, jsonSchema, stepCountIs } = await import(`ai-${version}`)
const { createOpenAICompatible } = await import(`compatible-${version}`)
const { createOpenAI } = api === 'responses' ? await import(`ai-openai-${version}`) : {}
const { createOpenResponses } = api === 'open-responses' ? await import(`open-responses-${version}`) : {}
const settings = version === '4' ? [{}, { includeUsage: true }] : [] // whose provider does not hand it on
const find = { description: 'Finds a pet.', parameters: jsonSchema(schema), inputSchema: jsonSchema(schema) } // by its old name and its new one

await gallery(async ({ base, model, tools, whole, loop, object, signal, onText, fetch }) => {
  const provider = createOpenAI?.({ baseURL: base, apiKey: 'any', fetch }) ??
    createOpenResponses?.({ name: 'pawstream', url: `${base}/responses`, fetch }) ??
    createOpenAICompatible({ name: 'pawstream', baseURL: base, includeUsage: true, supportsStructuredOutputs: true, fetch })
  const asked = { model: provider(model, ...settings), messages, maxRetries: 0, ...(tools && { tools: { find_pet: loop ? { ...find, execute: async input => findPet(input) } : find } }) }
  if (object) return await generateObject({ ...asked, schema: jsonSchema(petSchema), ...(version === '4' && { mode: 'json' }) })
  if (whole) return await generateText(asked)
  if (loop) {
    const streamed = streamText({ ...asked, ...(stepCountIs ? { stopWhen: stepCountIs(3) } : { maxSteps: 3 }) })
    await streamed.consumeStream()
    return { text: await streamed.text }
  }
  const got = { text: '', calls: [] }
  for await (const part of streamText({ ...asked, abortSignal: signal, onError() {} }).fullStream) {
    switch (part.type) {
      case 'text-delta': {
        const piece = part.text ?? part.textDelta
        got.text += piece
        onText?.(piece)
        break
      }
      case 'tool-call':
        got.calls.push({ name: part.toolName, arguments: JSON.stringify(part.input ?? part.args) })
        break
      case 'error':
        throw part.error.error ?? part.error
      case 'finish':
        got.finish = part.finishReason.replace('-', '_')
        got.usage = (part.totalUsage ?? part.usage).totalTokens
    }
  }
  return got
})
