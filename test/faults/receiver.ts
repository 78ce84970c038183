/**
 * The receiver of a fault run, a process of its own: it keeps the ledger of what arrived while the server is being
 * killed, answers after a short wait so that attempts are in flight, answers some with 503, and can itself kill the
 * server at the two worst moments: when a request has come and when its answer has just left. It is told the server's
 * process id by its parent, which started both.
 */
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { seededFractions } from '../support/seeded.ts';
import type { Arrived } from './ledger.ts';

export type ReceiverOrder =
  | { readonly kind: 'arm'; readonly pid: number; readonly when: 'request' | 'answer'; readonly afterRequests: number }
  | { readonly kind: 'disarm' }
  /** From now on every request is answered 200 at once. */
  | { readonly kind: 'calm' }
  | { readonly kind: 'open' }
  | { readonly kind: 'ledger' };

export type ReceiverAnswer =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'open'; readonly requests: number; readonly arrived: number }
  | { readonly kind: 'struck'; readonly openRequests: number }
  | {
      readonly kind: 'ledger';
      readonly arrived: readonly Arrived[];
      readonly failedAnswers: ReadonlyMap<string, number>;
    };

const arrived: Arrived[] = [];
const failedAnswers = new Map<string, number>();
let openRequests = 0;
let calm = false;
let armed: { pid: number; when: 'request' | 'answer'; left: number } | null = null;
const fraction = seededFractions(Number(process.argv[2] ?? 1));

function say(answer: ReceiverAnswer): void {
  process.send?.(answer);
}

function strikeIf(when: 'request' | 'answer'): void {
  if (armed === null || armed.when !== when) return;
  armed.left -= 1;
  if (armed.left > 0) return;
  process.kill(armed.pid, 'SIGKILL');
  armed = null;
  say({ kind: 'struck', openRequests });
}

function answer(response: ServerResponse, status: number): void {
  openRequests -= 1;
  response.writeHead(status, { 'content-length': 0 });
  response.end();
  // `end` has handed the bytes to the kernel when the connection keeps up, which on loopback it does.
  if (status === 200) strikeIf('answer');
}

function receive(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  openRequests += 1;
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('error', () => request.destroy());
  response.on('error', () => response.destroy());
  let ended = false;
  request.on('close', () => {
    if (!ended) openRequests -= 1;
  });
  request.on('end', () => {
    ended = true;
    const body = Buffer.concat(chunks);
    const event = /awfault(\d{8})/.exec(body.toString('latin1'))?.[1];
    const messageId = String(request.headers['webhook-id'] ?? '');
    if (event !== undefined) {
      arrived.push({
        event: Number(event),
        lane: request.url ?? '',
        messageId,
        bodySha256: createHash('sha256').update(body).digest('hex'),
      });
    }
    strikeIf('request');
    if (calm) return answer(response, 200);
    const failing = fraction() < 0.05;
    if (failing && event !== undefined) failedAnswers.set(messageId, (failedAnswers.get(messageId) ?? 0) + 1);
    setTimeout(() => answer(response, failing ? 503 : 200), Math.floor(fraction() * 25));
  });
}

process.on('message', (order: ReceiverOrder) => {
  switch (order.kind) {
    case 'arm':
      armed = { pid: order.pid, when: order.when, left: order.afterRequests };
      break;
    case 'disarm':
      armed = null;
      break;
    case 'calm':
      calm = true;
      break;
    case 'open':
      say({ kind: 'open', requests: openRequests, arrived: arrived.length });
      break;
    case 'ledger':
      say({ kind: 'ledger', arrived, failedAnswers });
      break;
    default:
      order satisfies never;
  }
});
process.on('disconnect', () => process.exit(0));

const server = createServer(receive);
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  say({ kind: 'listening', port: typeof address === 'object' && address !== null ? address.port : 0 });
});
