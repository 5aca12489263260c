// What many build today: a Node server that relays a model server's stream, and keeps it with
// resumable-stream on Redis for those who come back or follow along.
//
//   node server.mjs PORT ORIGIN REDIS      addresses as host:port
import http from 'node:http';
import { createClient } from 'redis';
import { createResumableStreamContext } from 'resumable-stream';

const [port, origin, redis] = process.argv.slice(2);
const client = () => createClient({ url: `redis://${redis}` }).connect();
const streams = createResumableStreamContext({ waitUntil: null, publisher: await client(), subscriber: await client() });
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
const path = '/v1/chat/completions';

// ask returns the origin's response to a request.
const ask = (req) =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': req.headers['content-length'] };
    const upstream = http.request(`http://${origin}${path}`, { method: 'POST', agent, headers }, resolve);
    upstream.on('error', reject);
    req.pipe(upstream);
  });

// begin asks the origin, and returns the stream under the id that its first event has.
async function begin(req) {
  const response = (await ask(req)).setEncoding('utf8');
  const texts = response[Symbol.asyncIterator]();
  const { value: first } = await texts.next();
  const [id] = /chatcmpl-\w{26}/.exec(first);
  return streams.createNewResumableStream(id, () => new ReadableStream({
    start: (controller) => controller.enqueue(first),
    pull: async (controller) => {
      const { value, done } = await texts.next();
      return done ? controller.close() : controller.enqueue(value);
    },
  }));
}

http.createServer(async (req, res) => {
  try {
    const stream = req.method === 'POST' ? await begin(req) : await streams.resumeExistingStream(req.url.slice(path.length + 1));
    if (!stream) return res.writeHead(404).end();
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    for await (const text of stream) res.write(text);
    res.end();
  } catch (error) {
    console.error(error);
    res.destroy();
  }
}).listen(Number(port), '127.0.0.1');
