// PORT=3100 SENDER=127.0.0.1 TOKEN=… node docs/guides/receivers/cloudevents.mjs
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { HTTP } from 'cloudevents';

const { PORT, SENDER, TOKEN } = process.env;
const seen = new Set();

createServer(async (request, response) => {
  if (request.method === 'OPTIONS') {
    // May you send here? Only consent counts, not the status; and no more than 600 a minute.
    const known = request.headers['webhook-request-origin'] === SENDER;
    const consent = { Allow: 'POST, OPTIONS', 'WebHook-Allowed-Origin': SENDER, 'WebHook-Allowed-Rate': '600' };
    return response.writeHead(known ? 200 : 403, known ? consent : {}).end();
  }
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return response.writeHead(401).end();
  const body = String(await buffer(request));
  const event = HTTP.toEvent({ headers: request.headers, body });
  const name = `${event.source} ${event.id}`;
  if (!seen.has(name)) console.log(event.type, event.subject, event.data.changed.join());
  seen.add(name);
  response.writeHead(204).end();
}).listen(Number(PORT), '127.0.0.1');
