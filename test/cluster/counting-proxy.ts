/** A way to a PostgreSQL on which questions are counted: messages after which a client waits for an answer. */
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

export type CountingProxy = {
  /** The URL of the database by way of the proxy. */
  readonly url: string;
  readonly counts: { questions: number; statements: number };
  stop(): Promise<void>;
};

const startupBytes = 4;

export async function createCountingProxy(databaseUrl: string): Promise<CountingProxy> {
  const target = new URL(databaseUrl);
  const counts = { questions: 0, statements: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const count = createCounter(counts);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (bytes) => {
      count(bytes);
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => client.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    counts,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Reads the frames of one client: a start-up message without a type, then messages of a type and a length. */
function createCounter(counts: CountingProxy['counts']): (bytes: Buffer) => void {
  let waiting = Buffer.alloc(0);
  let started = false;
  return (bytes) => {
    waiting = Buffer.concat([waiting, bytes]);
    for (;;) {
      const head = started ? 1 : 0;
      if (waiting.length < head + startupBytes) return;
      const length = head + waiting.readUInt32BE(head);
      if (waiting.length < length) return;
      const type = started ? String.fromCharCode(waiting[0] ?? 0) : '';
      started = true;
      if (type === 'S' || type === 'Q') counts.questions += 1;
      if (type === 'E' || type === 'Q') counts.statements += 1;
      waiting = waiting.subarray(length);
    }
  };
}
