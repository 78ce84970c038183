/**
 * The receiver of a measurement: HTTP/1.1 by hand over node:net, because Node's own parser would cost more than what is
 * measured. It finds each event's number in the body, notes when its first byte came, and answers an empty 200; requests
 * under `/hang/` are read and never answered. Listens on all of 127.0.0.0/8, so that every lane can have its own origin.
 */
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { eventDigits, eventMark, laneDigits, machineMs } from './messages.ts';
import type { ReceiverOrder, ReceiverReady, ReceiverResult } from './messages.ts';

const answer = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
const headEnd = Buffer.from('\r\n\r\n');
const mark = Buffer.from(eventMark);
const nothing = Buffer.alloc(0);
const hangPath = Buffer.from('POST /hang/');

let firstEvent = 0;
let hangingLanes = 0;
let firstByteAtMs = new Float64Array(0);
let distinct = 0;
let requests = 0;
let lastAtMs = 0;
let awaited: { readonly events: number; readonly timer: NodeJS.Timeout } | null = null;

function digitsAt(buffer: Buffer, start: number, count: number): number {
  let value = 0;
  for (let index = start; index < start + count; index += 1) {
    const digit = (buffer[index] ?? 0) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function contentLength(buffer: Buffer, start: number, end: number): number {
  const head = buffer.toString('latin1', start, end);
  let at = head.indexOf('ontent-length: ');
  if (at < 0) at = head.indexOf('ontent-Length: ');
  return at < 0 ? 0 : Number.parseInt(head.slice(at + 15, at + 25), 10);
}

/** Lanes are told apart by path: `/lane/00042`. The first `hangingLanes` of them never get an answer, nor does `/hang/`. */
function hangs(buffer: Buffer, start: number): boolean {
  if (buffer.compare(hangPath, 0, hangPath.length, start, start + hangPath.length) === 0) return true;
  if (hangingLanes === 0) return false;
  const at = buffer.indexOf('/lane/', start, 'latin1');
  return at >= 0 && at < start + 64 && digitsAt(buffer, at + 6, laneDigits) < hangingLanes;
}

function note(buffer: Buffer, start: number, end: number, atMs: number): void {
  requests += 1;
  const at = buffer.indexOf(mark, start);
  if (at < 0 || at >= end) return;
  const event = digitsAt(buffer, at + mark.length, eventDigits) - firstEvent;
  if (event < 0 || event >= firstByteAtMs.length || firstByteAtMs[event] !== 0) return;
  firstByteAtMs[event] = atMs;
  distinct += 1;
  lastAtMs = atMs;
  if (awaited !== null && distinct >= awaited.events) tell();
}

function serve(socket: Socket): void {
  let kept = nothing;
  let keptSinceMs = 0;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const arrivedMs = machineMs();
    const buffer = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
    let startedMs = kept.length === 0 ? arrivedMs : keptSinceMs;
    let start = 0;
    while (start < buffer.length) {
      const bodyStart = buffer.indexOf(headEnd, start) + 4;
      if (bodyStart < 4) break;
      const end = bodyStart + contentLength(buffer, start, bodyStart);
      if (end > buffer.length) break;
      if (!hangs(buffer, start)) {
        note(buffer, bodyStart, end, startedMs);
        socket.write(answer);
      }
      start = end;
      startedMs = arrivedMs;
    }
    kept = start === buffer.length ? nothing : Buffer.from(buffer.subarray(start));
    keptSinceMs = startedMs;
  });
}

function tell(): void {
  if (awaited !== null) clearTimeout(awaited.timer);
  awaited = null;
  const result: ReceiverResult = { kind: 'received', distinct, requests, firstByteAtMs, lastAtMs };
  process.send?.(result);
}

process.on('message', (order: ReceiverOrder) => {
  if (order.kind === 'reset') {
    firstEvent = order.firstEvent;
    hangingLanes = order.hangingLanes;
    firstByteAtMs = new Float64Array(order.events);
    distinct = 0;
    requests = 0;
    lastAtMs = 0;
    return;
  }
  awaited = { events: order.events, timer: setTimeout(tell, order.withinMs) };
  if (distinct >= order.events) tell();
});
process.on('disconnect', () => process.exit(0));

const server = createServer({ noDelay: true }, serve);
server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, () => {
  const address = server.address();
  const ready: ReceiverReady = {
    kind: 'listening',
    port: typeof address === 'object' && address !== null ? address.port : 0,
  };
  process.send?.(ready);
});
