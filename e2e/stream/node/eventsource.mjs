// The browsers' EventSource, as the package eventsource has it: it follows a
// completion that somebody created, reconnects by itself, and stops at a 204.
import { EventSource } from 'eventsource'
import { body, broken, cancel, check, completions, statusSoon } from './lib.mjs'

// create starts a completion and does not wait for its answer.
async function create(members) {
  const response = await fetch(completions, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: body(members) })
  return { id: response.headers.get('x-completion-id'), stop: () => response.body.cancel() }
}

// follow collects what an EventSource dispatches until it gives up.
function follow(url, each = () => {}) {
  return new Promise((resolve) => {
    const source = new EventSource(url)
    const result = { events: [], opened: 0, lost: 0 }
    source.onopen = () => result.opened++
    source.onmessage = (e) => {
      result.events.push([e.lastEventId, e.data])
      each(source)
    }
    source.onerror = (e) => {
      if (source.readyState !== EventSource.CLOSED) {
        result.lost++
        return
      }
      resolve({ ...result, code: e.code })
    }
  })
}

await check('cut', async () => {
  const { id, stop } = await create()
  stop()
  return { id, ...(await follow(`${broken}/v1/chat/completions/${id}`)) }
})

await check('cancelled', async () => {
  const { id, stop } = await create({ max_tokens: undefined })
  stop()
  let once = false
  const { events, code } = await follow(`${completions}/${id}`, () => {
    if (!once) cancel(id)
    once = true
  })
  return { last: JSON.parse(events.at(-1)[1]).error.message, code }
})

await check('unknown completion', async () => {
  const { code } = await follow(`${completions}/chatcmpl-unknown`)
  return { code }
})

await check('left', async () => {
  const { id, stop } = await create({ max_tokens: undefined, on_disconnect: 'cancel' })
  const source = new EventSource(`${completions}/${id}`)
  await new Promise((resolve) => (source.onmessage = resolve))
  await stop()
  const before = await statusSoon(id, 'in_progress')
  source.close()
  return { before, status: await statusSoon(id, 'cancelled') }
})
