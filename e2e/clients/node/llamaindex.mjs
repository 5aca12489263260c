// LlamaIndex's client of OpenAI. It takes no signal, and its request goes on when its stream is left: the signal is its fetch's.
import { OpenAI } from '@llamaindex/openai'
import { tool as makeTool } from '@llamaindex/core/tools'
import { z } from 'zod'
import { findPet, gallery, messages, schema, tool } from './lib.mjs'

const { name, description } = tool.function
const pets = makeTool({ name, description, parameters: schema, execute: findPet })

const aborting = (fetch = globalThis.fetch, signal) => signal
  ? (url, init) => fetch(url, { ...init, signal: AbortSignal.any([init.signal, signal]) })
  : fetch

await gallery(async ({ base, model, tools, whole, loop, object, signal, onText, fetch }) => {
  const llm = new OpenAI({ model, baseURL: base, apiKey: 'any', maxRetries: 0, additionalSessionOptions: { fetch: aborting(fetch, signal) } })
  if (object) {
    const responseFormat = z.object({ name: z.string(), age: z.number().int() })
    return { object: JSON.parse((await llm.chat({ messages, responseFormat })).message.content) }
  }
  if (whole) return { text: (await llm.chat({ messages })).message.content }
  if (loop) {
    const history = [...messages]
    for (;;) {
      const { newMessages, toolCalls } = await llm.exec({ messages: history, tools: [pets] })
      history.push(...newMessages)
      if (toolCalls.length === 0) return { text: history.at(-1).content }
    }
  }
  const got = { text: '' }
  const calls = new Map() // by their ids: what has come of each is repeated
  const additionalChatOptions = { stream_options: { include_usage: true } }
  for await (const { raw, delta, options } of await llm.chat({ messages, stream: true, additionalChatOptions, ...(tools && { tools: [pets] }) })) {
    got.text += delta
    if (delta) onText?.(delta)
    for (const call of options?.toolCall ?? []) calls.set(call.id, { name: call.name, arguments: JSON.stringify(call.input) })
    got.finish = raw.choices[0]?.finish_reason ?? got.finish
    got.usage = raw.usage?.total_tokens
  }
  got.calls = [...calls.values()]
  return got
})
