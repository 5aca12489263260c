// OpenAI's own client, of the version that input.package names.
import { base, broken, cancel, check, input, max_tokens, messages, model, raised, statusSoon, tokens } from './lib.mjs'

const { default: OpenAI } = await import(input.package)
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'any', maxRetries: 0 })
const params = { model, messages, stream: true, stream_options: { include_usage: true } }

// sum adds chunks up; each is one event, so their number is the place in the stream.
async function sum(stream, into = { text: '', chunks: 0 }) {
  for await (const chunk of stream) {
    into.id = chunk.id
    into.chunks++
    if (chunk.usage) into.usage = chunk.usage
    for (const choice of chunk.choices) {
      into.text += choice.delta.content ?? ''
      into.finish_reason = choice.finish_reason ?? into.finish_reason
    }
  }
  return into
}

const answer = ({ text, finish_reason, usage }) => ({ text, finish_reason, usage: tokens(usage) })

await check('stream', async () => answer(await sum(await client.chat.completions.create({ ...params, max_tokens }))))

await check('whole', async () => {
  const { choices, usage } = await client.chat.completions.create({ model, messages, max_tokens })
  return { text: choices[0].message.content, finish_reason: choices[0].finish_reason, usage: tokens(usage) }
})

await check('unknown model', async () => {
  const err = await raised(() => client.chat.completions.create({ ...params, model: 'gpt-4o' }))
  return { error: err.constructor.name, status: err.status, code: err.code, type: err.type, param: err.param, message: err.message }
})

// begins tells the first chunk that has text: one of each answer.
const begun = new Set()
function begins({ id, choices }) {
  if (!choices[0]?.delta.content || begun.has(id)) return false
  begun.add(id)
  return true
}

await check('cancelled', async () => {
  const stream = await client.chat.completions.create(params)
  const err = await raised(async () => {
    for await (const chunk of stream) if (begins(chunk)) await cancel(chunk.id)
  })
  return { error: err.constructor.name, code: err.code, message: err.message }
})

await check('left', async () => {
  const stream = await client.chat.completions.create({ ...params, on_disconnect: 'cancel' })
  for await (const chunk of stream) {
    if (!begins(chunk)) continue
    stream.controller.abort()
    return { status: await statusSoon(chunk.id, 'cancelled') }
  }
})

// The API of stored completions.
await check('stored', async () => {
  const stored = client.chat.completions
  const { id } = await stored.create({ model, messages, max_tokens, store: true, metadata: { pet: 'cat' } })
  const kept = await stored.retrieve(id)
  const updated = await stored.update(id, { metadata: { pet: 'cat', test: id } })
  const list = await stored.list({ metadata: { test: id } })
  const asked = await stored.messages.list(id)
  const gone = (await (stored.delete ?? stored.del).call(stored, id)).deleted
  const err = await raised(() => stored.retrieve(id))
  return {
    text: kept.choices[0].message.content,
    metadata: [kept.metadata.pet, updated.metadata.test === id],
    listed: list.data.map((c) => c.id === id),
    asked: asked.data.map(({ role, content }) => ({ role, content })),
    gone,
    error: err.code,
  }
})

// The client shows no event ids, but they can be counted.
await check('cut', async () => {
  const fragile = new OpenAI({ baseURL: `${broken}/v1`, apiKey: 'any', maxRetries: 0 })
  const all = { text: '', chunks: 0 }
  for (let cuts = 0, headers = {}; ; cuts++) {
    try {
      await sum(await fragile.chat.completions.create({ ...params, max_tokens }, { headers }), all)
      return { ...answer(all), cut: cuts > 1 }
    } catch (err) {
      if (!all.chunks || cuts > 20) throw err
      headers = { 'Last-Event-ID': `${all.id}.${all.chunks - 1}` }
    }
  }
})
