/** Bynder's five protocols. Each endpoint is asked first: the demo takes the link out of the question and follows it, as a receiver would. */
import type { InboxView } from '../../../app/app.ts';
import type { SigningKeyView } from '../../../app/signing-keys.ts';
import { ownValue } from '../../../core/json-equality.ts';
import type { JsonObject } from '../../../core/json.ts';
import { type Arrival, type DemoDialect, type DemoStage, headerOf, type Told } from '../demo-dialect.ts';
import { demoKeys } from '../peers/queue.ts';
import { verifySns } from './verify-sns.ts';

const shared = { dialect: 'bynder', event: 'asset_bank.media.create' } as const;
const queue = { place: '111122223333/demo', arn: 'arn:aws:sqs:eu-central-1:111122223333:demo' } as const;
const robot = 'robot@demo.example';
const reader = 'reader@demo.example';

/** Where a question arrived says whose it is: one key signs for all webhooks of a workspace. */
type Place = (arrival: Arrival, inbox: InboxView) => boolean;
const atInbox =
  (url: 'url' | 'tlsUrl'): Place =>
  (arrival, inbox) =>
    arrival.place === undefined && headerOf(arrival, 'host') === new URL(inbox[url]).host;
const at =
  (place: string): Place =>
  (arrival) =>
    arrival.place === place;

export const bynderDemos: readonly DemoDialect[] = [
  {
    ...shared,
    over: 'http',
    consents: 'the SubscribeURL in the message',
    proof: 'certificate',
    consent: (stage) => visit(stage, atInbox('url')),
    verify: async (arrival, _told, stage) =>
      arrival.verification.result === 'verified' && (await isSigned(arrival, stage)),
  },
  {
    ...shared,
    over: 'https',
    consents: 'the SubscribeURL in the message',
    proof: 'certificate',
    webhook: ({ inbox }) => ({ target: { transport: 'http', url: inbox.tlsUrl } }),
    consent: (stage) => visit(stage, atInbox('tlsUrl')),
    verify: async (arrival, _told, stage) =>
      arrival.verification.result === 'verified' && (await isSigned(arrival, stage)),
  },
  {
    ...shared,
    over: 'sqs',
    consents: 'the SubscribeURL in the queue',
    proof: 'certificate',
    webhook: () => ({ target: { transport: 'sqs', queue: queue.arn }, credentials: { kind: 'aws', ...demoKeys } }),
    consent: (stage) => visit(stage, at(queue.place)),
    verify: (arrival, _told, stage) => isSigned(arrival, stage),
  },
  {
    ...shared,
    over: 'email-json',
    consents: 'the SubscribeURL in the mail',
    proof: 'certificate',
    webhook: () => ({ target: { transport: 'email', address: robot }, settings: { emailFormat: 'json' } }),
    consent: (stage) => visit(stage, at(robot)),
    verify: (arrival, _told, stage) => isSigned(arrival, stage),
  },
  {
    ...shared,
    over: 'email',
    consents: 'the button behind the link in the mail',
    proof: 'asked back',
    webhook: () => ({ target: { transport: 'email', address: reader } }),
    consent: (stage) => pressButton(stage, at(reader)),
    verify: isTold,
  },
];

/** Follows the link in the question of SNS. By the address that the demo itself knows: what the link names is the same server. */
async function visit(stage: DemoStage, isHere: Place): Promise<void> {
  const link = await linkIn(stage, (arrival) => {
    const document = isHere(arrival, stage.inbox) ? documentOf(arrival) : null;
    const url = ownValue(document ?? {}, 'SubscribeURL');
    return typeof url === 'string' ? url : null;
  });
  const { pathname, search } = new URL(link);
  await stage.client.get(`${pathname}${search}`);
}

/** The link in a mail for people leads to a page; the button on it confirms. */
async function pressButton(stage: DemoStage, isHere: Place): Promise<void> {
  const link = await linkIn(stage, (arrival) =>
    isHere(arrival, stage.inbox) ? (/https?:\S+\/confirmation\.html\?\S+/.exec(textOf(arrival))?.[0] ?? null) : null,
  );
  const { pathname, search } = new URL(link);
  await stage.client.send('POST', `${pathname}${search}`);
}

async function linkIn({ requests, next }: DemoStage, find: (arrival: Arrival) => string | null): Promise<string> {
  for (;;) {
    for (const arrival of requests) {
      const link = find(arrival);
      if (link !== null) return link;
    }
    await next();
  }
}

async function isSigned(arrival: Arrival, { client }: DemoStage): Promise<boolean> {
  const { data } = await client.get<{ readonly data: readonly SigningKeyView[] }>('/v1/signing-keys', {});
  const bodyBase64 = Buffer.from(documentText(arrival)).toString('base64');
  return data.some(({ certificate }) => verifySns({ bodyBase64, bodyCut: arrival.bodyCut }, certificate));
}

/** A mail for people carries no signature: who reads it asks for the media that it names. */
async function isTold(arrival: Arrival, _told: Told, { client }: DemoStage): Promise<boolean> {
  const id = /^Media ID: ([0-9A-F-]+)$/m.exec(textOf(arrival))?.[1];
  if (id === undefined) return false;
  const media = await client.get<JsonObject>(`/bynder/api/v4/media/${id}/`, {});
  return media['id'] === id;
}

function textOf({ bodyBase64 }: Arrival): string {
  return Buffer.from(bodyBase64, 'base64').toString();
}

/** A mail of Email-JSON ends with SNS's footer. */
function documentText(arrival: Arrival): string {
  return textOf(arrival).split('\n\n--\n')[0] ?? '';
}

function documentOf(arrival: Arrival): JsonObject | null {
  try {
    const value: unknown = JSON.parse(documentText(arrival));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}
