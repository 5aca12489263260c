// Vercel's AI SDK.
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, streamText } from 'ai'
import { base, broken, cancel, check, max_tokens, messages, model, noting, statusSoon } from './lib.mjs'

function provider(baseURL, fetch) {
  return createOpenAICompatible({ name: 'pawstream', baseURL: `${baseURL}/v1`, includeUsage: true, fetch })
}

const common = { messages, maxRetries: 0, onError() {} } // errors are looked at below
const usual = { ...common, model: provider(base)(model), maxOutputTokens: max_tokens }

const answer = (text, finish_reason, usage) => ({
  text,
  finish_reason,
  usage: { prompt_tokens: usage.inputTokens, completion_tokens: usage.outputTokens, total_tokens: usage.totalTokens },
})

// failure reads a stream up to its error, which is a part of it, or thrown; before, if
// given, sees each piece of text.
async function failure(result, before) {
  try {
    for await (const part of result.fullStream) {
      if (part.type === 'text-delta') await before?.(part)
      if (part.type === 'error') return part.error
    }
  } catch (err) {
    return err
  }
}

await check('stream', async () => {
  const result = streamText(usual)
  let text = ''
  for await (const piece of result.textStream) text += piece
  return answer(text, await result.finishReason, await result.usage)
})

await check('whole', async () => {
  const { text, finishReason, usage } = await generateText(usual)
  return answer(text, finishReason, usage)
})

await check('unknown model', async () => {
  const err = await failure(streamText({ ...common, model: provider(base)('gpt-4o') }))
  return { error: err.name, status: err.statusCode, code: err.data.error.code, message: err.message }
})

await check('cancelled', async () => {
  const fetch = noting()
  let once = false
  const err = await failure(streamText({ ...common, model: provider(base, fetch)(model) }), async () => {
    if (!once) await cancel(fetch.id)
    once = true
  })
  return { message: err.message ?? err }
})

await check('left', async () => {
  const fetch = noting()
  const leave = new AbortController()
  const result = streamText({
    ...common,
    model: provider(base, fetch)(model),
    abortSignal: leave.signal,
    providerOptions: { pawstream: { on_disconnect: 'cancel' } },
  })
  for await (const part of result.fullStream) if (part.type === 'text-delta') leave.abort()
  return { status: await statusSoon(fetch.id, 'cancelled') }
})

await check('cut', async () => {
  const err = await failure(streamText({ ...usual, model: provider(broken)(model) }))
  return { raised: err instanceof Error }
})
