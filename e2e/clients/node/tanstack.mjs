// TanStack AI, by either API.
import { chat, toolDefinition } from '@tanstack/ai'
import { createOpenaiChat, createOpenaiChatCompletions } from '@tanstack/ai-openai'
import { findPet, gallery, messages, petSchema, schema, tool } from './lib.mjs'

const adapter = process.argv[2] === 'responses' ? createOpenaiChat : createOpenaiChatCompletions
const { name, description } = tool.function
const pets = toolDefinition({ name, description, inputSchema: schema })

await gallery(async ({ base, model, tools, whole, loop, object, signal, onText, fetch }) => {
  const abortController = new AbortController()
  signal?.addEventListener('abort', () => abortController.abort())
  const asked = {
    adapter: adapter(model, 'any', { baseURL: base, maxRetries: 0, fetch }), messages, abortController, debug: false,
    ...(tools && { tools: [loop ? pets.server(findPet) : pets.client()] }),
  }
  if (object) return { object: await chat({ ...asked, outputSchema: petSchema }) }
  if (whole || loop) return { text: await chat({ ...asked, stream: false }) }
  const got = { text: '' }
  const calls = new Map()
  for await (const event of chat(asked)) {
    switch (event.type) {
      case 'TEXT_MESSAGE_CONTENT':
        got.text += event.delta
        onText?.(event.delta)
        break
      case 'TOOL_CALL_START':
        calls.set(event.toolCallId, { name: event.toolCallName, arguments: '' })
        break
      case 'TOOL_CALL_ARGS':
        calls.get(event.toolCallId).arguments += event.delta
        break
      case 'RUN_ERROR':
        throw new Error(event.message)
      case 'RUN_FINISHED':
        got.finish = event.metadata.tanstack.finishReason
        got.usage = event.usage?.totalTokens ?? got.usage
    }
  }
  got.calls = [...calls.values()]
  return got
})
