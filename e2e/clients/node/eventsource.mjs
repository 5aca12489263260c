// An EventSource, of the package that is named: it follows by GET, and reconnects by itself.
import { Adder, created, gallery } from './lib.mjs'

const name = process.argv[2]
if (name === 'reconnecting-eventsource') globalThis.EventSource = (await import('eventsource')).EventSource // which it needs one of

const loaded = await import(name)
const exported = loaded.default ?? loaded
const Source = loaded.EventSource ?? exported.EventSourcePolyfill ?? exported.default ?? exported

await gallery(async ({ base, model, signal, onText, fetch }) => {
  const { url, leave } = await created({ base, model, signal, fetch })
  const sum = new Adder(onText)
  await new Promise((done, failed) => {
    const source = new Source(url)
    const end = (settle, what) => {
      source.close()
      settle(what)
    }
    signal?.addEventListener('abort', () => end(done))
    source.onmessage = ({ data }) => {
      leave() // from here on there is no other reader
      if (data === '[DONE]') return end(done)
      try {
        sum.add(JSON.parse(data))
      } catch (err) {
        end(failed, err)
      }
    }
    source.onerror = event => {
      if (source.readyState === 2) end(failed, new Error(event.message ?? 'it gives up'))
    }
  })
  return sum
}, 'whole', 'loop', 'object') // it follows what somebody else has asked for
