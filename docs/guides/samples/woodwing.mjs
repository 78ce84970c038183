// WEBHOOK_SECRET=… PORT=3000 node woodwing.mjs
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

// The token as it is, not decoded: it only looks like base64.
const secretToken = process.env.WEBHOOK_SECRET;

function isGenuine(body, headers) {
  const wanted = createHmac('sha256', secretToken).update(body).digest('hex');
  const given = headers['x-hook-signature'] ?? '';
  return given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}

createServer(async (request, response) => {
  const body = await buffer(request);
  if (!isGenuine(body, request.headers)) return response.writeHead(400).end();
  const event = JSON.parse(body);
  console.log(event.type, event.assetId);
  response.writeHead(204).end();
}).listen(Number(process.env.PORT), '127.0.0.1');
