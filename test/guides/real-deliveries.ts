/** Deliveries that the real server signed and sent, as their receivers got them: bytes and headers. */
import { randomBytes } from 'node:crypto';
import { eventually, rows, startRealServer, text } from '../e2e/real-server.ts';

export type SignedDelivery = {
  /** What the receiver is given to verify with. */
  readonly secret: string;
  /** What another webhook's receiver would have. */
  readonly wrongSecret: string;
  readonly body: Buffer;
  /** Lower-case names. */
  readonly headers: { readonly [name: string]: string };
};

export type RealDeliveries = {
  /** Standard Webhooks by a shared secret, by a public key; WoodWing. */
  readonly v1: SignedDelivery;
  readonly v1a: SignedDelivery;
  readonly woodwing: SignedDelivery;
};

/** A shared secret of Standard Webhooks. */
export const shared = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const token = (): string => randomBytes(16).toString('base64');

/** A private key of Standard Webhooks: the seed of an ed25519 key. */
const private_ = (): string => `whsk_${randomBytes(32).toString('base64')}`;

/** Starts a server, has one change delivered to an inbox by each webhook, and reads what arrived. */
export async function makeRealDeliveries(): Promise<RealDeliveries> {
  await using server = await startRealServer();
  const senders = {
    v1: { dialect: 'standard', secret: shared() },
    v1a: { dialect: 'standard', secret: private_() },
    woodwing: { dialect: 'woodwing', secret: token() },
  };
  const inboxes = new Map<string, string>();
  let publicKey = '';
  for (const [name, { dialect, secret }] of Object.entries(senders)) {
    const inbox = text((await server.call('/v1/inboxes', { body: {} })).json['id']);
    inboxes.set(name, inbox);
    const url = text((await server.call(`/v1/inboxes/${inbox}`)).json['url']);
    const created = await server.call('/v1/webhooks', {
      body: {
        name,
        dialect,
        secret,
        target: { transport: 'http', url },
        events: dialect === 'standard' ? ['*'] : ['asset_update_metadata'],
      },
    });
    if (created.status !== 201) throw new Error(`${name}: ${created.status} ${created.text}`);
    // What the receiver of an ed25519 webhook verifies with is shown with the webhook, now and later.
    if (name === 'v1a') publicKey = publicKeyOf(created.json['secrets']);
  }
  // Letters beyond ASCII, a quote and a slash: what is serialised anew would differ.
  const subject = { type: 'asset', externalId: 'dam-4711' };
  for (const metadata of [{ status: 'Draft' }, { status: 'Final', by: 'Zoë "Z" Müller / 日本' }]) {
    const after = { name: 'flower-ü.jpg', path: '/press', metadata };
    await server.call('/v1/changes', { body: { kind: 'asset.metadata_changed', subject, after } });
  }
  const delivery = async (name: string, secret: string, wrongSecret: string): Promise<SignedDelivery> => {
    const path = `/v1/inboxes/${inboxes.get(name) ?? ''}/requests`;
    const last = await eventually(
      () => server.call(path).then(({ json }) => rows(json).find((request) => bodyOf(request).includes('Final'))),
      (request) => request !== undefined,
      `${name} has arrived`,
    );
    const request = last ?? {};
    const headers = Object.fromEntries(
      (request['headers'] as [string, string][]).map(([header, value]) => [header.toLowerCase(), value]),
    );
    return { secret, wrongSecret, body: bodyOf(request), headers };
  };
  return {
    v1: await delivery('v1', senders.v1.secret, shared()),
    v1a: await delivery('v1a', publicKey, shared()),
    woodwing: await delivery('woodwing', senders.woodwing.secret, token()),
  };
}

function bodyOf(request: Record<string, unknown>): Buffer {
  return Buffer.from(text(request['bodyBase64']), 'base64');
}

function publicKeyOf(secrets: unknown): string {
  const [first]: unknown[] = Array.isArray(secrets) ? secrets : [];
  if (typeof first !== 'object' || first === null || !('publicKey' in first)) throw new Error('No public key is shown');
  return text(first.publicKey);
}
