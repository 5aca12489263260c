// LangChain's client of OpenAI, of the package that is named, by either API.
import { findPet, gallery, petSchema, tool } from './lib.mjs'

const [name, api] = process.argv[2].split(' ')
const { ChatOpenAI } = await import(name)
const { HumanMessage, ToolMessage } = await import('@langchain/core/messages')

await gallery(async ({ base, model, tools, whole, loop, object, signal, onText, fetch }) => {
  let chat = new ChatOpenAI({
    model, apiKey: 'any', maxRetries: 0, streamUsage: true, useResponsesApi: api === 'responses', configuration: { baseURL: base, fetch },
  })
  if (object) return { object: await chat.withStructuredOutput(petSchema, { name: 'pet', method: 'jsonSchema' }).invoke('Which pet?') }
  if (tools) chat = chat.bindTools([tool])
  if (whole) return { text: (await chat.invoke('Which pet?')).text }
  if (loop) {
    const history = [new HumanMessage('Which pet?')]
    history.push(await chat.invoke(history))
    for (const { id, args } of history[1].tool_calls) history.push(new ToolMessage({ tool_call_id: id, content: findPet(args) }))
    return { text: (await chat.invoke(history)).text }
  }
  let all
  for await (const chunk of await chat.stream('Which pet?', { signal })) {
    all = all ? all.concat(chunk) : chunk
    if (chunk.text) onText?.(chunk.text)
  }
  const calls = all.tool_calls.map(({ name, args }) => ({ name, arguments: JSON.stringify(args) }))
  const { finish_reason, status } = all.response_metadata // the Responses API has a status alone
  return {
    text: all.text, usage: all.usage_metadata?.total_tokens, calls,
    finish: finish_reason ?? (status === 'completed' ? (calls.length > 0 ? 'tool_calls' : 'stop') : status),
  }
})
