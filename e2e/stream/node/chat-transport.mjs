// The AI SDK's chat, by our transport: an answer, one that goes on after a reload and is stopped then, one that is resumed
// twice at once, and a chat that has nothing to resume.
import { AbstractChat } from 'ai'
import { chatTransport } from '../../../clients/js/ai.js'

const [question, slow] = process.argv.slice(2)
const { PAWSTREAM_URL: url } = process.env

class State {
  status = 'ready'
  constructor(messages) {
    this.messages = messages
  }
  pushMessage = (message) => (this.messages = [...this.messages, message])
  popMessage = () => (this.messages = this.messages.slice(0, -1))
  replaceMessage = (at, message) => (this.messages = this.messages.with(at, message))
  snapshot = (thing) => structuredClone(thing)
}
class Chat extends AbstractChat {
  constructor(id, base, messages = []) {
    super({ id, transport: chatTransport({ url: base, storage }), state: new State(messages), onError: (error) => console.error(error) })
  }
  get text() {
    return this.lastMessage?.role === 'assistant' ? this.lastMessage.parts.map(({ text = '' }) => text).join('') : ''
  }
  async has(letters) {
    while (this.text.length < letters) await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const kept = new Map()
const storage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, text) => kept.set(name, text), removeItem: (name) => kept.delete(name) }
const result = {}
const ids = (chat) => JSON.parse(kept.get(`pawstream.chat.${chat}`)).id
const reloaded = (chat, base) => new Chat(chat.id, base, structuredClone(chat.messages))

const whole = new Chat('whole', url)
await whole.sendMessage({ text: question })
Object.assign(result, { whole: whole.text, wholeStatus: whole.status, wholeKept: kept.size, pets: whole.lastMessage.parts.some(({ type }) => type === 'data-pets') })

const first = new Chat('stopped', slow)
first.sendMessage({ text: question })
await first.has(20)
result.stoppedId = ids('stopped')
const second = reloaded(first, slow)
const resuming = second.resumeStream()
await second.has(first.text.length + 20)
await second.stop()
await resuming
Object.assign(result, { stoppedStatus: second.status, stoppedMessages: second.messages.length, stoppedText: second.text })

const twice = new Chat('twice', slow)
twice.sendMessage({ text: question })
await twice.has(20)
const again = reloaded(twice, slow)
const one = again.resumeStream()
await again.has(40)
await Promise.all([one, again.resumeStream()])
Object.assign(result, { twice: again.text, twiceMessages: again.messages.length })

const none = new Chat('none', url)
await none.resumeStream()
Object.assign(result, { noneStatus: none.status, noneMessages: none.messages.length, stoppedKept: kept.size })
console.log(JSON.stringify(result))
process.exit() // the chats before the reloads still read
