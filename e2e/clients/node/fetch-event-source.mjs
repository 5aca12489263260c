// Microsoft's fetch-event-source: it follows by POST, and goes on by itself.
import { Adder, gallery, messages, tool } from './lib.mjs'

const page = { addEventListener() {}, removeEventListener() {}, hidden: false }
Object.assign(globalThis, { window: globalThis, document: page }) // it is made for browsers
const loaded = await import('@microsoft/fetch-event-source')
const { fetchEventSource } = loaded.default ?? loaded

await gallery(async ({ base, model, tools, signal, onText, fetch = globalThis.fetch }) => {
  const sum = new Adder(onText)
  let ended = false
  await fetchEventSource(`${base}/chat/completions`, {
    method: 'POST', fetch, signal, openWhenHidden: true,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ model, messages, stream: true, stream_options: { include_usage: true }, ...(tools && { tools: [tool] }) }),
    async onopen(response) {
      if (!response.ok) throw Object.assign(new Error(`status ${response.status}`), { fatal: true })
    },
    onmessage({ data }) {
      if (data === '[DONE]') {
        ended = true
        return
      }
      try {
        sum.add(JSON.parse(data))
      } catch (err) {
        throw Object.assign(err, { fatal: true })
      }
    },
    onerror(err) {
      if (err.fatal) throw err
      return 10
    },
  })
  if (!ended && !signal?.aborted) throw new Error('it ended without an end')
  return sum
}, 'whole', 'loop', 'object') // it reads streams, and is no client of the API
