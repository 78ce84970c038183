/** A receiver of Bambuser's webhooks that keeps to the vendor's page, restated from real ones. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Document = {
  readonly action: string;
  readonly collection: string;
  readonly payload: { readonly [field: string]: unknown };
  readonly eventId: string;
};
export type Arrival = {
  readonly text: string;
  readonly document: Document;
  readonly headers: IncomingMessage['headers'];
};
export type Receiver = AsyncDisposable & {
  readonly url: string;
  readonly arrivals: Arrival[];
  /** What did not fit, in the words of the receiver that minds. */
  readonly complaints: string[];
  answers: number[];
};

const broadcastFields = [
  ...['author', 'created', 'customData', 'height', 'id', 'ingestChannel', 'lat', 'length', 'lon', 'positionAccuracy'],
  ...['positionType', 'preview', 'resourceUri', 'tags', 'title', 'type', 'width'],
];
const imageFields = [
  ...['added', 'author', 'created', 'customData', 'derivatives', 'height', 'id', 'ingestChannel', 'lat', 'lon'],
  ...['originalFilename', 'title', 'url', 'width'],
];
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What a receiver that keeps to the vendor's page finds wrong with a notification. */
function faultOf({ document, headers }: Arrival, raw: string): string | null {
  if (JSON.stringify(document) !== raw) return 'not compact JSON';
  if (!/^application\/json/.test(headers['content-type'] ?? '')) return 'no JSON';
  if (headers['content-length'] !== String(Buffer.byteLength(raw))) return 'no Content-Length';
  if (Object.keys(document).join() !== 'action,collection,payload,eventId') return 'another frame';
  if (!/^[0-9a-f]{16}$/.test(document.eventId)) return `eventId ${document.eventId}`;
  const { collection, action, payload } = document;
  if (!uuid.test(String(payload['id']))) return `id ${String(payload['id'])}`;
  const fields = Object.keys(payload);
  if (action === 'remove') return fields.join() === 'id' ? null : `remove with ${fields.join()}`;
  if (action === 'extract') return fields.join() === 'id,status' ? null : `extract with ${fields.join()}`;
  const wanted =
    collection === 'image' ? imageFields : broadcastFields.filter((name) => name !== 'preview' || 'preview' in payload);
  if (fields.join() !== wanted.join()) return `${collection} ${action} with ${fields.join()}`;
  // The Symfony receiver: an add has a resourceUri, an update a type.
  if (collection === 'broadcast' && !String(payload['resourceUri']).includes('da_signature=')) return 'no resourceUri';
  if (collection === 'broadcast' && !['live', 'archived'].includes(String(payload['type']))) return 'no type';
  const seconds = Number(payload['created']);
  return Number.isInteger(seconds) && seconds > 1e9 && seconds < 1e10 ? null : 'created is no unix second';
}

/** Verifies each notification by asking for it before it answers, as the vendor's page says. */
export async function startReceiver(
  ask: (eventId: string) => Promise<{ status: number; text: string }>,
): Promise<Receiver> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString();
      const arrival = { text: raw, document: JSON.parse(raw) as Document, headers: request.headers };
      const fault = faultOf(arrival, raw);
      if (fault !== null) receiver.complaints.push(fault);
      void ask(arrival.document.eventId).then((answer) => {
        if (answer.status !== 200 || answer.text !== raw)
          receiver.complaints.push(`GET /events/${arrival.document.eventId}: ${answer.status}`);
        receiver.arrivals.push(arrival);
        response
          .writeHead((receiver.answers.length > 1 ? receiver.answers.shift() : receiver.answers[0]) ?? 200)
          .end('true');
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/bambuser/webhooks`,
    arrivals: [],
    complaints: [],
    answers: [200],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return receiver;
}
