/**
 * The load generator of a measurement: a fixed number of keep-alive connections, one request at a time on each, HTTP/1.1
 * by hand over node:net. They take turns, and one that the server closes while it is idle is opened again, as any client does. Closed loop (the next request when an answer came) or open loop (requests fall due at a fixed
 * rate; latency counts from then, however busy the connections are).
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { machineMs } from './messages.ts';
import type { LoadOrder, LoadResult, TemplateField } from './messages.ts';

const tickMs = 1;

function writeDigits(buffer: Buffer, { offset, digits }: TemplateField, value: number): void {
  let left = value;
  for (let index = offset + digits - 1; index >= offset; index -= 1) {
    buffer[index] = 48 + (left % 10);
    left = Math.floor(left / 10);
  }
}

/** The length of the whole answer at the start of `text`, or 0 where it is not whole yet. */
function answerLength(text: string): number {
  const bodyStart = text.indexOf('\r\n\r\n') + 4;
  if (bodyStart < 4) return 0;
  const head = text.slice(0, bodyStart).toLowerCase();
  const at = head.indexOf('content-length: ');
  if (at >= 0) {
    const end = bodyStart + Number.parseInt(head.slice(at + 16, at + 28), 10);
    return end <= text.length ? end : 0;
  }
  if (!head.includes('transfer-encoding: chunked')) return bodyStart;
  const last = text.indexOf('0\r\n\r\n', bodyStart);
  return last < 0 ? 0 : last + 5;
}

function load(order: LoadOrder): Promise<LoadResult> {
  const { template, events, firstEvent, lanes } = order;
  const bytes = Buffer.from(template.text, 'latin1');
  const dueAtMs = new Float64Array(events);
  const ackAtMs = new Float64Array(events);
  const refused: Record<string, number> = {};
  const idle: Socket[] = [];
  const current = new Map<Socket, number>();
  let accepted = 0;
  let answered = 0;
  let sent = 0;
  let due = 0;
  const startedAtMs = machineMs();
  const gapMs = order.eventsPerSecond === undefined ? 0 : 1000 / order.eventsPerSecond;

  return new Promise((resolve, reject) => {
    const sockets: Socket[] = [];
    let timer: NodeJS.Timeout | undefined;

    const send = (socket: Socket): void => {
      const index = sent;
      sent += 1;
      const event = firstEvent + index;
      const request = Buffer.from(bytes);
      for (const field of template.fields) {
        const number = field.of === 'event' ? event : event % lanes;
        writeDigits(request, field, Math.floor(number / field.divide));
      }
      if (gapMs === 0) dueAtMs[index] = machineMs();
      current.set(socket, index);
      socket.write(request);
    };

    const finish = (): void => {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      resolve({ kind: 'loaded', accepted, refused, dueAtMs, ackAtMs, startedAtMs, endedAtMs: machineMs() });
    };

    const next = (socket: Socket): void => {
      if (answered === events) finish();
      else if (sent < (gapMs === 0 ? events : due)) send(socket);
      else idle.push(socket);
    };

    const onAnswer = (socket: Socket, status: string): void => {
      const index = current.get(socket) ?? 0;
      current.delete(socket);
      answered += 1;
      if (status.startsWith('2')) {
        accepted += 1;
        ackAtMs[index] = machineMs();
      } else refused[status] = (refused[status] ?? 0) + 1;
      next(socket);
    };

    const ports = [order.port, ...(order.morePorts ?? [])];
    let opened = 0;
    const open = (): void => {
      const socket = connect({ port: ports[opened++ % ports.length] ?? order.port, host: '127.0.0.1', noDelay: true });
      let kept = '';
      socket.on('connect', () => next(socket));
      socket.on('data', (chunk: Buffer) => {
        const text = kept + chunk.toString('latin1');
        if (!current.has(socket)) return;
        const length = answerLength(text);
        if (length === 0) {
          kept = text;
          return;
        }
        kept = text.slice(length);
        onAnswer(socket, text.slice(9, 12));
      });
      socket.on('error', reject);
      socket.on('close', () => {
        if (answered === events) return;
        if (current.has(socket)) return reject(new Error(`The server closed a connection under a request: ${kept}`));
        sockets.splice(sockets.indexOf(socket), 1);
        const at = idle.indexOf(socket);
        if (at >= 0) idle.splice(at, 1);
        open();
      });
      sockets.push(socket);
    };

    const release = (): void => {
      const nowDue = Math.min(events, Math.floor((machineMs() - startedAtMs) / gapMs));
      for (; due < nowDue; due += 1) dueAtMs[due] = startedAtMs + (due + 1) * gapMs;
      while (sent < due) {
        // The one that has waited longest: of those that never send anything a server takes leave after some seconds.
        const socket = idle.shift();
        if (socket === undefined) return;
        send(socket);
      }
    };

    for (let index = 0; index < order.connections; index += 1) open();
    if (gapMs > 0) timer = setInterval(release, tickMs);
  });
}

process.on('message', (order: LoadOrder) => {
  load(order).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(`load: ${String(error)}`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'listening', port: 0 });
