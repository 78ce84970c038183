/** The demo's own Amazon SQS, on the loopback: it takes messages for any queue as Amazon's does, from who has the demo's keys, and hands them over. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Arrival, DemoPeer } from '../demo-dialect.ts';
import { arrivalAt } from './arrival-at.ts';

/** Keys of no account: the demo's queue knows them, and nothing else does. */
export const demoKeys = {
  accessKeyId: 'AKIAASSETWIREDEMO001',
  secretAccessKey: 'the-demo-makes-its-own-queue-and-its-keys',
} as const;

type Entry = {
  readonly Id?: string;
  readonly MessageBody: string;
  readonly MessageAttributes?: { readonly [name: string]: { readonly StringValue?: string } };
};
type Call = Entry & { readonly QueueUrl: string; readonly Entries?: readonly Entry[] };

const callCharactersMax = 1_000_000;

export async function startDemoQueue(onArrival: (arrival: Arrival) => void): Promise<DemoPeer> {
  const server = createServer((request, response) => {
    const answered = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(body));
    };
    answerTo(request, onArrival).then(
      (body) => answered(200, body),
      (error: unknown) => answered(400, { __type: 'com.amazonaws.sqs#InvalidParameterValue', message: String(error) }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answerTo(request: IncomingMessage, onArrival: (arrival: Arrival) => void): Promise<object> {
  if (!(request.headers.authorization ?? '').startsWith(`AWS4-HMAC-SHA256 Credential=${demoKeys.accessKeyId}/`))
    throw new Error('The call must be signed with the keys of the demo');
  const { QueueUrl, Entries, ...single } = JSON.parse(await textOf(request)) as Call;
  const place = new URL(QueueUrl).pathname.slice(1);
  const taken = (Entries ?? [single]).map((entry) => {
    onArrival(arrivalOf(place, entry));
    const MD5OfMessageBody = createHash('md5').update(entry.MessageBody).digest('hex');
    return { MessageId: MD5OfMessageBody, MD5OfMessageBody, ...(entry.Id === undefined ? {} : { Id: entry.Id }) };
  });
  return Entries === undefined ? (taken[0] ?? {}) : { Successful: taken };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > callCharactersMax) throw new Error(`The call must have at most ${callCharactersMax} characters`);
  }
  return text;
}

/** `place` is `account/name`. */
function arrivalOf(place: string, { MessageBody, MessageAttributes = {} }: Entry): Arrival {
  const headers = Object.entries(MessageAttributes).map(([name, { StringValue = '' }]): readonly [string, string] => [
    name,
    StringValue,
  ]);
  return arrivalAt(place, { headers, text: MessageBody });
}
