// The clients that speak OpenAI's Responses API, each unchanged.
import { base, check, model, question, raised } from './lib.mjs'
import OpenAI from 'openai'
import { createOpenAI } from '@ai-sdk/openai'
import { generateText, streamText } from 'ai'
import { Agent, run, setDefaultOpenAIClient, setTracingDisabled } from '@openai/agents'

const baseURL = `${base}/v1`
const client = new OpenAI({ baseURL, apiKey: 'any', maxRetries: 0 })
const params = { model, input: question }
let last // response of the stream

await check('openai stream', async () => {
  let text = '', dense = true, n = 0
  for await (const event of await client.responses.create({ ...params, stream: true })) {
    dense &&= event.sequence_number === n++
    if (event.type === 'response.output_text.delta') text += event.delta
    last = { type: event.type, count: n, response: event.response }
  }
  return { text, dense, end: last.type, whole: last.response.output_text === text || last.response.output[0].content[0].text === text, usage: last.response.usage.total_tokens > 0 }
})

await check('openai helper', async () => {
  const response = await client.responses.stream(params).finalResponse()
  return { text: response.output_text, status: response.status }
})

await check('openai retrieve', async () => {
  let first, text = ''
  const { id } = last.response
  for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: 20 })) {
    first ??= event.sequence_number
    if (event.type === 'response.output_text.delta') text += event.delta
  }
  let left = 0
  for await (const _ of await client.responses.retrieve(id, { stream: true, starting_after: last.count - 1 })) left++
  const ahead = await raised(() => client.responses.retrieve(id, { stream: true, starting_after: last.count }))
  const followed = await client.responses.stream({ response_id: id }).finalResponse()
  return { first, rest: followed.output_text.endsWith(text) && text !== '', left, ahead: ahead.code, text: followed.output_text }
})

await check('openai background', async () => {
  let response = await client.responses.create({ ...params, background: true })
  const begun = response.status
  while (['queued', 'in_progress'].includes(response.status)) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    response = await client.responses.retrieve(response.id)
  }
  return { begun: begun === 'queued' || begun === 'in_progress', status: response.status, text: response.output_text }
})

await check('openai cancel', async () => {
  const { id } = await client.responses.create({ ...params, background: true })
  const { status } = await client.responses.cancel(id)
  const gone = await client.responses.delete(id)
  const err = await raised(() => client.responses.retrieve(id))
  return { status, deleted: gone?.deleted ?? true, code: err.code }
})

await check('openai refused', async () => {
  const tool = await raised(() => client.responses.create({ ...params, tools: [{ type: 'web_search' }] }))
  const previous = await raised(() => client.responses.create({ ...params, previous_response_id: 'resp_none' }))
  return { tool: [tool.status, tool.code, tool.param], previous: [previous.status, previous.code, previous.param] }
})

await check('ai', async () => {
  const openai = createOpenAI({ baseURL, apiKey: 'any' })
  const streamed = streamText({ model: openai(model), prompt: question, maxRetries: 0 })
  const text = await streamed.text
  const whole = await generateText({ model: openai(model), prompt: question, maxRetries: 0 })
  return { text, whole: whole.text, reason: await streamed.finishReason }
})

await check('agents', async () => {
  setTracingDisabled(true)
  setDefaultOpenAIClient(client)
  const agent = new Agent({ name: 'Pets', model })
  const streamed = await run(agent, question, { stream: true })
  for await (const _ of streamed) { /* to its end */ }
  await streamed.completed
  const whole = await run(agent, question)
  return { text: streamed.finalOutput, whole: whole.finalOutput }
})
