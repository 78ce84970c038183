/** Deliveries that the real server signed and sent, as their receivers got them: bytes and headers. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
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

const shared = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const token = (): string => randomBytes(16).toString('base64');

type KeyPair = { readonly private_: string; readonly public_: string };

function keyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = (der: Buffer): string => der.subarray(-32).toString('base64');
  return {
    private_: `whsk_${raw(privateKey.export({ format: 'der', type: 'pkcs8' }))}`,
    public_: `whpk_${raw(publicKey.export({ format: 'der', type: 'spki' }))}`,
  };
}

/** Starts a server, has one change delivered to an inbox by each webhook, and reads what arrived. */
export async function makeRealDeliveries(): Promise<RealDeliveries> {
  await using server = await startRealServer();
  const pair = keyPair();
  const senders = {
    v1: { dialect: 'standard', secret: shared() },
    v1a: { dialect: 'standard', secret: pair.private_ },
    woodwing: { dialect: 'woodwing', secret: token() },
  };
  const inboxes = new Map<string, string>();
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
    v1a: await delivery('v1a', pair.public_, keyPair().public_),
    woodwing: await delivery('woodwing', senders.woodwing.secret, token()),
  };
}

function bodyOf(request: Record<string, unknown>): Buffer {
  return Buffer.from(text(request['bodyBase64']), 'base64');
}
