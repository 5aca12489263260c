// OpenAI's own client, of the version that is named.
import { Adder, findPet, gallery, messages, petSchema, schema, tool } from './lib.mjs'

const name = process.argv[2]
const { default: OpenAI } = await import(name)

await gallery(async ({ base, model, tools, whole, loop, object, signal, onText, fetch }) => {
  const client = new OpenAI({ baseURL: base, apiKey: 'any', maxRetries: 0, fetch })
  const helpers = name.startsWith('openai-4') ? client.beta.chat.completions : client.chat.completions
  if (object) {
    const format = { type: 'json_schema', json_schema: { name: 'pet', strict: true, schema: petSchema } }
    const completion = await helpers.parse({ model, messages, response_format: format })
    return { object: completion.choices[0].message.parsed }
  }
  if (loop) {
    const run = { ...tool.function, parameters: schema, parse: JSON.parse, function: findPet }
    return { text: await helpers.runTools({ model, messages, stream: true, tools: [{ type: 'function', function: run }] }).finalContent() }
  }
  if (whole) {
    const completion = await client.chat.completions.create({ model, messages })
    return { text: completion.choices[0].message.content }
  }
  const stream = await client.chat.completions.create(
    { model, messages, stream: true, stream_options: { include_usage: true }, ...(tools && { tools: [tool] }) },
    { signal },
  )
  const sum = new Adder(onText)
  for await (const chunk of stream) sum.add(chunk)
  return sum
}, ...(name === 'openai-4-20' ? ['object'] : [])) // whose helper is newer
