/**
 * What a pooler in transaction mode does to its clients, as unkindly as it may: each transaction goes to another backend than
 * the one before it. Statements that were prepared, settings of the session and locks of the session are then somewhere else.
 * It speaks just enough of the protocol for that; there is no package that brings PgBouncer itself.
 */
import { createServer, connect, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export type TransactionPooler = {
  readonly url: string;
  /** Transactions that were handed to each backend. */
  readonly served: readonly number[];
  stop(): Promise<void>;
};

/** A backend: a real connection, used by one client for one transaction at a time. */
type Backend = {
  readonly n: number;
  readonly socket: Socket;
  client: Client | null;
  /** What it sends, as whole messages. */
  readonly reader: (chunk: Buffer) => readonly Buffer[];
};
type Client = {
  readonly socket: Socket;
  backend: Backend | null;
  last: number;
  readonly waiting: Buffer[];
  syncs: number;
};

const code = (letter: string): number => letter.charCodeAt(0);
const [sync, query, terminate, ready] = [code('S'), code('Q'), code('X'), code('Z')];

/** Cuts a stream into messages: a letter, a length that counts itself, the rest. */
function createReader(): (chunk: Buffer) => readonly Buffer[] {
  let held: Buffer = Buffer.alloc(0);
  return (chunk) => {
    held = Buffer.concat([held, chunk]);
    const messages: Buffer[] = [];
    for (;;) {
      const end = held.length < 5 ? Number.POSITIVE_INFINITY : 1 + held.readInt32BE(1);
      if (held.length < end) return messages;
      messages.push(held.subarray(0, end));
      held = held.subarray(end);
    }
  };
}

export async function createTransactionPooler(target: string, backends = 4): Promise<TransactionPooler> {
  const { hostname, port, username, pathname } = new URL(target);
  const served = new Array<number>(backends).fill(0);
  const pool: Backend[] = [];
  const queue: Client[] = [];
  const clients = new Set<Client>();
  let greeting: Buffer = Buffer.alloc(0);

  const next = (): void => {
    for (const client of [...queue]) {
      // Never the same twice, where there is another.
      const free = pool.filter((one) => one.client === null && one.n !== client.last);
      const backend = free.find(({ n }) => n > client.last) ?? free[0] ?? pool.find((one) => one.client === null);
      if (backend === undefined) return;
      queue.splice(queue.indexOf(client), 1);
      backend.client = client;
      client.backend = backend;
      client.last = backend.n;
      served[backend.n] = (served[backend.n] ?? 0) + 1;
      for (const message of client.waiting.splice(0)) backend.socket.write(message);
    }
  };
  const fromBackend = (backend: Backend, chunk: Buffer): void => {
    for (const message of backend.reader(chunk)) {
      const { client } = backend;
      if (client === null) continue;
      client.socket.write(message);
      if (message[0] !== ready) continue;
      client.syncs -= 1;
      if (message[5] !== code('I') || client.syncs > 0) continue;
      backend.client = null;
      client.backend = null;
      if (client.waiting.length > 0) queue.push(client);
      next();
    }
  };
  const fromClient = (client: Client, message: Buffer): void => {
    if (message[0] === terminate) return void client.socket.end();
    if (message[0] === sync || message[0] === query) client.syncs += 1;
    if (client.backend !== null) return void client.backend.socket.write(message);
    client.waiting.push(message);
    if (!queue.includes(client)) queue.push(client);
    next();
  };
  for (let n = 0; n < backends; n += 1) {
    const opened = await openBackend({
      host: hostname,
      port: Number(port),
      user: username,
      database: pathname.slice(1),
    });
    greeting = opened.greeting;
    const backend: Backend = { n, socket: opened.socket, client: null, reader: createReader() };
    opened.socket.on('data', (chunk: Buffer) => fromBackend(backend, chunk));
    pool.push(backend);
  }
  const server = createServer((socket) => {
    const client: Client = { socket, backend: null, last: -1, waiting: [], syncs: 0 };
    const reader = createReader();
    let greeted = false;
    clients.add(client);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clients.delete(client);
      // A transaction that its client has left is rolled back, as poolers do.
      const { backend } = client;
      if (backend !== null) backend.socket.write(Buffer.concat([Buffer.from('Q'), textMessage('ROLLBACK')]));
    });
    socket.on('data', (chunk: Buffer) => {
      if (greeted) for (const message of reader(chunk)) fromClient(client, message);
      else {
        // The client's startup message is answered with what the server said to ours.
        greeted = true;
        socket.write(greeting);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `postgres://${username}@127.0.0.1:${own}${pathname}`,
    served,
    stop: () =>
      new Promise((resolve) => {
        for (const { socket } of clients) socket.destroy();
        for (const { socket } of pool) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function textMessage(text: string): Buffer {
  const bytes = Buffer.from(`${text}\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + bytes.length);
  return Buffer.concat([length, bytes]);
}

type Place = { readonly host: string; readonly port: number; readonly user: string; readonly database: string };

/** Opens a connection by trust; everything that the server says up to its readiness. */
function openBackend({ host, port, user, database }: Place): Promise<{ socket: Socket; greeting: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => {
      const parameters = Buffer.from(`user\0${user}\0database\0${database}\0client_encoding\0UTF8\0\0`);
      const header = Buffer.alloc(8);
      header.writeInt32BE(8 + parameters.length, 0);
      header.writeInt32BE(196_608, 4);
      socket.write(Buffer.concat([header, parameters]));
    });
    const reader = createReader();
    const said: Buffer[] = [];
    socket.once('error', reject);
    const listen = (chunk: Buffer): void => {
      for (const message of reader(chunk)) {
        said.push(message);
        if (message[0] === code('E')) reject(new Error(message.toString('latin1')));
        if (message[0] !== ready) continue;
        socket.off('data', listen);
        resolve({ socket, greeting: Buffer.concat(said) });
      }
    };
    socket.on('data', listen);
  });
}
