// A reader as many pages have it: it splits at blank lines, and takes what follows "data: ". It asks
// for data alone.
import { Adder, gallery, messages, tool } from './lib.mjs'

await gallery(async ({ base, model, tools, signal, onText, fetch = globalThis.fetch }) => {
  const response = await fetch(`${base}/chat/completions`, {
    method: 'POST', signal,
    headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream; profile=plain' },
    body: JSON.stringify({ model, messages, stream: true, stream_options: { include_usage: true }, ...(tools && { tools: [tool] }) }),
  })
  if (!response.ok) throw new Error(`status ${response.status}`)
  const sum = new Adder(onText)
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of response.body) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n')
    rest = blocks.pop()
    for (const block of blocks) {
      const data = block.slice('data: '.length)
      if (data === '[DONE]') return sum
      sum.add(JSON.parse(data))
    }
  }
  throw new Error('it ended without an end')
}, 'whole', 'loop', 'object') // it reads streams, and is no client of the API
