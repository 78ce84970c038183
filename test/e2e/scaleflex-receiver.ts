/** A receiver, or a token endpoint, of one test: keeps what arrives and answers as it is told to. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Arrival = { readonly path: string; readonly headers: IncomingMessage['headers']; readonly body: Buffer };
export type Peer = AsyncDisposable & {
  readonly url: string;
  readonly arrivals: Arrival[];
  answer: (arrival: Arrival) => readonly [status: number, body: string];
};

export async function startPeer(answer: Peer['answer'] = () => [200, '']): Promise<Peer> {
  const arrivals: Arrival[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const arrival = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) };
      arrivals.push(arrival);
      const [status, body] = peer.answer(arrival);
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const peer: Peer = {
    url: `http://127.0.0.1:${port}`,
    arrivals,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return peer;
}
