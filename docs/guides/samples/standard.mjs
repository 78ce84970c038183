// WEBHOOK_SECRET=whsec_… PORT=3000 node standard.mjs
import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

// Two secrets, separated by a blank, while one is being replaced. whsec_… is shared (v1), whpk_… a public key (v1a).
const secrets = process.env.WEBHOOK_SECRET.split(' ');
const toleranceSeconds = 300;

function isGenuine(body, headers) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (!id || !signatures || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > toleranceSeconds) return false;
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  return signatures.split(' ').some((entry) => secrets.some((secret) => fits(entry, secret, signed)));
}

function fits(entry, secret, signed) {
  const [version, text = ''] = entry.split(',');
  const signature = Buffer.from(text, 'base64');
  if (version === 'v1' && secret.startsWith('whsec_')) {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const wanted = createHmac('sha256', key).update(signed).digest();
    return signature.length === wanted.length && timingSafeEqual(signature, wanted);
  }
  if (version === 'v1a' && secret.startsWith('whpk_')) {
    const raw = Buffer.from(secret.slice('whpk_'.length), 'base64');
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
    return verify(null, signed, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
  }
  return false;
}

createServer(async (request, response) => {
  const body = await buffer(request); // the raw bytes: parse only after they are verified
  if (!isGenuine(body, request.headers)) return response.writeHead(400).end();
  const event = JSON.parse(body);
  console.log(event.type, event.data.subject.id);
  response.writeHead(204).end();
}).listen(Number(process.env.PORT), '127.0.0.1');
