/**
 * What the server is compared with: the least a Node process can do for an event. `serve`: node:http reads a request,
 * parses and validates its JSON and answers 202, then signs the bytes with HMAC-SHA256 and posts them with undici's
 * dispatch. `dispatch`: only the second half, in a closed loop. No store, no queue, no second try: a lower bound.
 */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { Ajv } from 'ajv';
import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import { machineMs } from './messages.ts';

export type BareOrder =
  | { readonly kind: 'serve'; readonly receiverPort: number; readonly lanes: number; readonly connections: number }
  | {
      readonly kind: 'dispatch';
      readonly receiverPort: number;
      readonly lanes: number;
      readonly connections: number;
      readonly events: number;
      readonly body: string;
    };

const secret = Buffer.from('bench-secret-bench-secret-bench!');
const validate = new Ajv({ strict: false }).compile({
  type: 'object',
  additionalProperties: false,
  required: ['kind', 'subject'],
  properties: {
    kind: { type: 'string', maxLength: 100 },
    subject: {
      type: 'object',
      required: ['type'],
      properties: { type: { type: 'string' }, externalId: { type: 'string', maxLength: 300 } },
    },
    changed: { type: 'array', items: { type: 'string', maxLength: 300 } },
    after: { type: ['object', 'null'] },
  },
});

let agent: Agent;
let sentCount = 0;

/** Signs and posts one body; calls back when the answer has ended. */
function post(receiverPort: number, lanes: number, body: Buffer, done: () => void): void {
  const lane = sentCount % lanes;
  sentCount += 1;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const id = `msg_${sentCount}`;
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest('base64');
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart: () => undefined,
    onResponseStart: () => undefined,
    onResponseData: () => undefined,
    onResponseEnd: done,
    onResponseError: (_controller, error) => {
      console.error(`bare: ${error.message}`);
      done();
    },
  };
  agent.dispatch(
    {
      origin: `http://127.0.1.${(lane % 250) + 1}:${receiverPort}`,
      path: `/lane/${String(lane).padStart(5, '0')}`,
      method: 'POST',
      headers: [
        ...['content-type', 'application/json', 'webhook-id', id],
        ...['webhook-timestamp', timestamp, 'webhook-signature', `v1,${signature}`],
      ],
      body,
    },
    handler,
  );
}

function serve(order: BareOrder & { kind: 'serve' }): void {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
      const valid = validate(JSON.parse(body.toString('utf8')));
      const answer = valid ? '{"results":[{"status":"applied"}]}' : '{"code":"invalid_request"}';
      response.writeHead(valid ? 202 : 422, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(answer),
      });
      response.end(answer);
      if (valid) post(order.receiverPort, order.lanes, body, () => undefined);
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.({ kind: 'listening', port: typeof address === 'object' && address !== null ? address.port : 0 });
  });
}

function dispatchLoop(order: BareOrder & { kind: 'dispatch' }): void {
  const body = Buffer.from(order.body);
  const startedAtMs = machineMs();
  let started = 0;
  let ended = 0;
  const one = (): void => {
    started += 1;
    post(order.receiverPort, order.lanes, body, () => {
      ended += 1;
      if (ended === order.events) process.send?.({ kind: 'dispatched', elapsedMs: machineMs() - startedAtMs });
      else if (started < order.events) one();
    });
  };
  for (let index = 0; index < order.connections; index += 1) one();
}

process.on('message', (order: BareOrder) => {
  agent ??= new Agent({ connections: Math.max(1, Math.ceil(order.connections / order.lanes)), pipelining: 1 });
  if (order.kind === 'serve') serve(order);
  else dispatchLoop(order);
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'listening', port: 0 });
