// Microsoft's fetch-event-source: an EventSource that POSTs. After a lost connection it
// sends its request again, with the id of the last event.
import { base, body, broken, cancel, check, input, raised, statusSoon } from './lib.mjs'

// What it takes a browser for.
globalThis.window = globalThis
globalThis.document = { hidden: false, addEventListener() {}, removeEventListener() {} }
const { EventStreamContentType, fetchEventSource } = await import('@microsoft/fetch-event-source')

// follow collects events until the stream ends cleanly.
async function follow(url, members, { signal, after, each = () => {}, again = false } = {}) {
  const result = { events: [], completions: [] }
  await fetchEventSource(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(after && { 'Last-Event-ID': after }) },
    body: body(members),
    signal,
    async onopen(response) {
      const type = response.headers.get('content-type')
      if (!type?.startsWith(EventStreamContentType)) throw new Error(`${response.status} ${await response.text()}`)
      result.completions.push(response.headers.get('x-completion-id'))
    },
    onmessage(e) {
      result.events.push([e.id, e.data])
      each(e)
    },
    onerror(err) {
      if (!again) throw err // else it waits as long as the stream said, and tries again
    },
  })
  return result
}

await check('cut', () => follow(broken, {}, { again: true }))

// Each connection is lost a byte later than the one before.
await check('cut at every byte of an event', async () => {
  const seen = async (url) => {
    const { events } = await follow(url, {}, { again: true })
    const [id] = events[0][0].split('.')
    // What differs between two completions of the same request.
    return JSON.stringify(events).replaceAll(id, '').replaceAll(/\\"created\\":\d+/g, '')
  }
  const want = await seen(base)
  const got = []
  while (got.length < input.sweep) { // some at a time, so that none waits for the others
    got.push(...(await Promise.all(Array.from({ length: input.together }, () => seen(input.swept)))))
  }
  return { equal: got.filter((events) => events === want).length, other: got.find((events) => events !== want) ?? null }
})

// The connection is lost between the last event and the end of the response.
await check('lost after the last event', async () => {
  const { events } = await follow(base)
  return await follow(base, {}, { after: events.at(-1)[0], again: true })
})

await check('unknown model', async () => {
  const err = await raised(() => follow(base, { model: 'gpt-4o' }))
  const [, status, text] = err.message.match(/^(\d+) (.*)$/)
  return { status: Number(status), code: JSON.parse(text).error.code }
})

await check('cancelled', async () => {
  let once = false
  const { events } = await follow(base, { max_tokens: undefined }, {
    each(e) {
      if (!once) cancel(e.id.split('.')[0])
      once = true
    },
  })
  return { last: JSON.parse(events.at(-1)[1]).error.message }
})

await check('left', async () => {
  const leave = new AbortController()
  let id
  await follow(base, { max_tokens: undefined, on_disconnect: 'cancel' }, {
    signal: leave.signal,
    each(e) {
      id = e.id.split('.')[0]
      leave.abort()
    },
  })
  return { status: await statusSoon(id, 'cancelled') }
})
