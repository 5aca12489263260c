// LangChain's client of OpenAI.
import { ChatOpenAI } from '@langchain/openai'
import { base, broken, cancel, check, max_tokens, model, noting, question, raised, statusSoon } from './lib.mjs'

function chat(options, baseURL = base, fetch = globalThis.fetch) {
  return new ChatOpenAI({ model, apiKey: 'any', maxRetries: 0, streamUsage: true, configuration: { baseURL: `${baseURL}/v1`, fetch }, ...options })
}

const answer = ({ content, response_metadata, usage_metadata }) => ({
  text: content,
  finish_reason: response_metadata.finish_reason,
  usage: {
    prompt_tokens: usage_metadata.input_tokens,
    completion_tokens: usage_metadata.output_tokens,
    total_tokens: usage_metadata.total_tokens,
  },
})

await check('stream', async () => {
  let all
  for await (const chunk of await chat({ maxTokens: max_tokens }).stream(question)) all = all ? all.concat(chunk) : chunk
  return answer(all)
})

await check('whole', async () => answer(await chat({ maxTokens: max_tokens }).invoke(question)))

await check('unknown model', async () => {
  const err = await raised(() => chat({ model: 'gpt-4o' }).stream(question))
  return { error: err.name, status: err.status, code: err.code, message: err.message.split('\n')[0] }
})

await check('cancelled', async () => {
  const fetch = noting()
  const err = await raised(async () => {
    let once = false
    for await (const _ of await chat({}, base, fetch).stream(question)) {
      if (!once) await cancel(fetch.id)
      once = true
    }
  })
  return { error: err.name, code: err.code, message: err.message }
})

await check('left', async () => {
  const fetch = noting()
  const leave = new AbortController()
  const left = chat({ modelKwargs: { on_disconnect: 'cancel' } }, base, fetch)
  await raised(async () => {
    for await (const _ of await left.stream(question, { signal: leave.signal })) leave.abort()
  })
  return { status: await statusSoon(fetch.id, 'cancelled') }
})

await check('cut', async () => {
  const err = await raised(async () => {
    for await (const _ of await chat({ maxTokens: max_tokens }, broken).stream(question));
  })
  return { raised: err instanceof Error }
})
