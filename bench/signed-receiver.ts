/** The receiver of signed messages, a process of its own: it confirms what it is asked and counts what it is told. */
import { createServer } from 'node:http';

/** Sent to it; answered by `SignedCounts`. */
export type SignedOrder = { readonly kind: 'counts' };
export type SignedCounts = { readonly kind: 'counted'; readonly told: number; readonly confirmed: number };

let told = 0;
let confirmed = 0;

const server = createServer((request, response) => {
  if (request.headers['x-amz-sns-message-type'] !== 'SubscriptionConfirmation') {
    request.resume();
    request.on('end', () => {
      told += 1;
      response.end();
    });
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.end();
    const { SubscribeURL } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly SubscribeURL: string };
    void fetch(SubscribeURL).then(() => {
      confirmed += 1;
    });
  });
});

process.on('message', (_order: SignedOrder) => {
  const counts: SignedCounts = { kind: 'counted', told, confirmed };
  process.send?.(counts);
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ kind: 'listening', port: typeof address === 'object' && address !== null ? address.port : 0 });
});
