// OpenAI's own client by the Responses API, of the version that is named.
import { findPet, gallery, petSchema, tool } from './lib.mjs'

const { default: OpenAI } = await import(process.argv[2])
const { name, description, parameters } = tool.function
const pets = { type: 'function', name, description, parameters, strict: false }

await gallery(async ({ base, model, tools, whole, loop, object, resume, signal, onText, fetch }) => {
  const { responses } = new OpenAI({ baseURL: base, apiKey: 'any', maxRetries: 0, fetch })
  const asked = { model, input: 'Which pet?', ...(tools && { tools: [pets] }) }
  if (object) {
    const format = { type: 'json_schema', name: 'pet', strict: true, schema: petSchema }
    const parsed = await responses.parse({ ...asked, text: { format } })
    return { object: parsed.output_parsed }
  }
  if (whole) return { text: (await responses.create(asked)).output_text }
  if (loop) {
    const first = await responses.create(asked)
    const input = first.output.filter(item => item.type === 'function_call').map(call => (
      { type: 'function_call_output', call_id: call.call_id, output: findPet(JSON.parse(call.arguments)) }
    ))
    return { text: (await responses.create({ ...asked, input, previous_response_id: first.id })).output_text }
  }
  const got = { text: '' }
  let id, last
  const read = async events => {
    for await (const event of events) {
      last = event.sequence_number
      switch (event.type) {
        case 'response.created':
          id = event.response.id
          break
        case 'response.output_text.delta':
          got.text += event.delta
          onText?.(event.delta)
          break
        case 'response.completed':
          got.calls = event.response.output.filter(item => item.type === 'function_call').map(call => ({ name: call.name, arguments: call.arguments }))
          got.finish = got.calls.length > 0 ? 'tool_calls' : 'stop'
          got.usage = event.response.usage.total_tokens
      }
    }
    if (!got.finish && !signal?.aborted) throw new Error('it ended without an end')
  }
  const stream = await responses.create({ ...asked, stream: true }, { signal })
  if (!resume) {
    await read(stream)
    return got
  }
  got.resumed = '`retrieve` with `starting_after`'
  let lost = await read(stream).catch(err => err)
  for (let before = -1; lost && last > before; ) {
    before = last // it has to come further each time
    lost = await responses.retrieve(id, { stream: true, starting_after: last }).then(read).catch(err => err)
  }
  if (lost) throw lost
  return got
})
