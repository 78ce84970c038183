/** A receiver written from Brandfolder's pages alone, as strict as the strictest that was read. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

type Arrival = { readonly body: Buffer; readonly headers: IncomingMessage['headers']; readonly method: string };
export type Receiver = AsyncDisposable & { readonly url: string; readonly arrivals: Arrival[]; answer: number };

/** Refuses what is not exactly the vendor's payload, as a receiver does that maps it onto records of its own. */
export async function startStrictReceiver(): Promise<Receiver> {
  const arrivals: Arrival[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      arrivals.push({ body, headers: request.headers, method: request.method ?? '' });
      response.writeHead(isExact(body) ? receiver.answer : 400).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/callback`,
    arrivals,
    answer: 200,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}

export type Payload = {
  readonly data: { readonly attributes: { readonly [name: string]: string }; readonly webhook_id: string };
};

export function payloadOf(body: Buffer): Payload {
  return JSON.parse(body.toString()) as Payload;
}

/** Every key there, no other, each a text that is not empty: the two real receivers of VENDORS in one. */
export function isExact(body: Buffer): boolean {
  const value = payloadOf(body);
  const same = (object: object, names: readonly string[]): boolean =>
    JSON.stringify(Object.keys(object)) === JSON.stringify(names);
  return (
    same(value, ['data']) &&
    same(value.data, ['attributes', 'webhook_id']) &&
    same(value.data.attributes, ['key', 'event_time', 'event_type', 'brandfolder_key', 'organization_key']) &&
    [...Object.values(value.data.attributes), value.data.webhook_id].every(
      (one) => typeof one === 'string' && one !== '',
    ) &&
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/.test(value.data.attributes['event_time'] ?? '') &&
    ['asset.create', 'asset.update', 'asset.delete'].includes(value.data.attributes['event_type'] ?? '')
  );
}
