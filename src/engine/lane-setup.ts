/**
 * What a lane needs to know of its webhook to send: made once per version of the webhook and its secrets, so that an
 * attempt only adds what is its own.
 */
import { AssetwireError } from '../core/errors.ts';
import type { DeliveryPolicy } from '../core/policy.ts';
import { resolvePolicy } from '../core/policy-resolution.ts';
import { secretFormatOf } from '../core/secret.ts';
import { type Credentials, type Target, tlsSecrets, type Webhook } from '../core/webhook.ts';
import type { Links, SecretReference } from '../dialects/contract/message.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { AwsKeys, TlsIdentity, TokenGrant, Transport } from '../transports/transport.ts';
import type { CurrentWebhook, OpenSecret } from './engine.ts';
import type { EngineDeps } from './engine-deps.ts';
import { type Header, hiddenValues, masked, maskedValue } from './masking.ts';
import { tokenGrant } from './token-grant.ts';

/** Why nothing can be sent at all; every attempt ends `refused-by-config` with it. */
export type Refusal = { readonly code: string; readonly detail: string };

export type LaneSetup = {
  readonly webhook: Webhook;
  readonly dialect: Dialect;
  readonly transport: Transport;
  readonly policy: DeliveryPolicy;
  readonly links: Links;
  readonly target: string;
  /** The same, as it may be shown: a token in its query masked. */
  readonly shownTarget: string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  /** The same on every attempt: custom headers, then credentials. */
  readonly ownHeaders: readonly Header[];
  readonly awsKeys: AwsKeys | undefined;
  /** One object for as long as this setup lasts: connections are kept by it. */
  readonly tls: TlsIdentity | undefined;
  /** What the transport fetches an access token with. */
  readonly authorization: TokenGrant | undefined;
  /** The same, as they may be shown. */
  readonly shownHeaders: readonly Header[];
  readonly signingRequired: boolean;
  /** Values that must not be stored should a receiver send them back (HARDENING RX-21). */
  readonly hidden: readonly string[];
  readonly secrets: readonly OpenSecret[];
  readonly references: readonly SecretReference[];
  /** When the oldest secret runs out and this must be made anew (wall clock); null: never. */
  readonly secretsUntilMs: number | null;
  readonly refusal: Refusal | null;
};

/** A lane whose webhook cannot even be understood: its dialect is unknown, or its transport is not there. */
export type Unusable = { readonly webhook: Webhook; readonly unusable: Refusal };

export function isUnusable(setup: LaneSetup | Unusable): setup is Unusable {
  return 'unusable' in setup;
}

export function makeLaneSetup(
  current: CurrentWebhook,
  deps: Pick<EngineDeps, 'dialects' | 'transports' | 'links'>,
  nowMs: number,
): LaneSetup | Unusable {
  const { webhook } = current;
  const dialect = deps.dialects.get(webhook.dialect);
  if (dialect === undefined) {
    return { webhook, unusable: { code: 'unknown-dialect', detail: `No dialect ${webhook.dialect} in this server` } };
  }
  const transport = deps.transports.get(webhook.target.transport);
  if (transport === undefined) {
    const detail = `No transport ${webhook.target.transport} in this server`;
    return { webhook, unusable: { code: 'unknown-transport', detail } };
  }
  const secrets = current.secrets.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs);
  const credentials = credentialHeaders(webhook, secrets);
  const tls = tlsIdentity(webhook, secrets);
  const own: Header[] = [...webhook.headers];
  if ('header' in credentials) own.push(credentials.header);
  return {
    webhook,
    dialect,
    transport,
    policy: policyOf(dialect, current),
    links: deps.links(webhook.workspaceId, webhook.dialect),
    target: withToken(targetOf(webhook.target), credentials, (token) => token),
    shownTarget: withToken(targetOf(webhook.target), credentials, () => maskedValue),
    method: webhook.target.transport === 'http' ? (webhook.target.method ?? 'POST') : 'POST',
    ownHeaders: own,
    awsKeys: 'awsKeys' in credentials ? credentials.awsKeys : undefined,
    tls: tls !== null && 'identity' in tls ? tls.identity : undefined,
    authorization: 'authorization' in credentials ? credentials.authorization : undefined,
    shownHeaders: [...own, ...('authorization' in credentials ? [tokenHeader] : [])].map(masked),
    signingRequired: dialect.manifest.signing.headers.length > 0,
    hidden: hiddenValues(own, secrets),
    secrets,
    references: secrets.map(({ name, version, value }) => ({ name, version, format: secretFormatOf(value) })),
    secretsUntilMs: secrets.reduce<number | null>(
      (first, { expiresAtMs }) => (expiresAtMs === null ? first : Math.min(first ?? expiresAtMs, expiresAtMs)),
      null,
    ),
    refusal: refusalOf(credentials) ?? refusalOf(tls),
  };
}

/** A stored override that no longer fits its bounds must not stop the lane: the dialect's own policy is then followed. */
function policyOf({ manifest }: Dialect, { webhook, policy }: CurrentWebhook): DeliveryPolicy {
  const own = { ...manifest.policy, ...manifest.policyByTransport?.[webhook.target.transport] };
  try {
    return resolvePolicy(own, { ...policy, ...webhook.policy });
  } catch (error) {
    if (error instanceof AssetwireError) return own;
    throw error;
  }
}

function targetOf(target: Target): string {
  switch (target.transport) {
    case 'http':
      return target.url;
    case 'sqs':
      return target.queue;
    case 'email':
      return target.address;
    default:
      return target satisfies never;
  }
}

type CredentialParts =
  | { readonly header: Header }
  /** Goes into the query, as RFC 6750 section 2.3 has it. */
  | { readonly token: string }
  /** The transport signs with them. */
  | { readonly awsKeys: AwsKeys }
  /** The transport fetches a token with it. */
  | { readonly authorization: TokenGrant }
  | { readonly refusal: Refusal }
  | { readonly none: true };

function withToken(target: string, credentials: CredentialParts, shown: (token: string) => string): string {
  if (!('token' in credentials)) return target;
  const [before = '', fragment] = target.split('#', 2);
  const joint = before.includes('?') ? '&' : '?';
  const url = `${before}${joint}access_token=${encodeURIComponent(shown(credentials.token))}`;
  return fragment === undefined ? url : `${url}#${fragment}`;
}

function credentialHeaders(webhook: Webhook, secrets: readonly OpenSecret[]): CredentialParts {
  const { credentials } = webhook;
  const valueOf = (name: string): string | undefined => secrets.find((secret) => secret.name === name)?.value;
  const missing = (name: string) => ({
    refusal: { code: 'secret-unavailable', detail: `The secret ${name} of the credentials is not there` },
  });
  switch (credentials.kind) {
    case 'none':
      return { none: true };
    case 'basic': {
      const password = valueOf(credentials.passwordSecret);
      if (password === undefined) return missing(credentials.passwordSecret);
      const pair = Buffer.from(`${credentials.username}:${password}`, 'utf8').toString('base64');
      return { header: ['Authorization', `Basic ${pair}`] };
    }
    case 'bearer': {
      const token = valueOf(credentials.tokenSecret);
      if (token === undefined) return missing(credentials.tokenSecret);
      return credentials.in === 'query' ? { token } : { header: ['Authorization', `Bearer ${token}`] };
    }
    case 'aws':
      return awsKeys(credentials, valueOf) ?? missing(credentials.secretKeySecret);
    case 'oauth2': {
      const made = tokenGrant(credentials, secrets);
      return 'absent' in made ? missing(made.absent) : made;
    }
    default:
      return credentials satisfies never;
  }
}

function awsKeys(
  { accessKeyId, secretKeySecret, sessionTokenSecret }: Extract<Credentials, { kind: 'aws' }>,
  valueOf: (name: string) => string | undefined,
): { readonly awsKeys: AwsKeys } | null {
  const secretAccessKey = valueOf(secretKeySecret);
  const sessionToken = sessionTokenSecret === undefined ? undefined : valueOf(sessionTokenSecret);
  if (secretAccessKey === undefined) return null;
  return { awsKeys: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } };
}

/** Never half of it: without its certificate a receiver would be told nothing, without its authority anybody would do. */
function tlsIdentity(
  { id, tls }: Webhook,
  secrets: readonly OpenSecret[],
): { readonly identity: TlsIdentity } | { readonly refusal: Refusal } | null {
  if (tls === undefined) return null;
  const valueOf = (name: string): string | undefined => secrets.find((secret) => secret.name === name)?.value;
  const certificatePem = valueOf(tlsSecrets.certificate);
  const keyPem = valueOf(tlsSecrets.key);
  const caPem = valueOf(tlsSecrets.authority);
  if (tls.certificate !== undefined && (certificatePem === undefined || keyPem === undefined)) {
    return { refusal: { code: 'secret-unavailable', detail: 'The client certificate or its key is not there' } };
  }
  if (tls.authority !== undefined && caPem === undefined) {
    return { refusal: { code: 'secret-unavailable', detail: 'The authority of the receiver is not there' } };
  }
  return {
    identity: {
      id,
      ...(tls.certificate === undefined || certificatePem === undefined ? {} : { certificatePem }),
      ...(tls.certificate === undefined || keyPem === undefined ? {} : { keyPem }),
      ...(tls.authority === undefined || caPem === undefined ? {} : { caPem }),
    },
  };
}

function refusalOf(parts: object | null): Refusal | null {
  return parts !== null && 'refusal' in parts ? (parts.refusal as Refusal) : null;
}

/** What a fetched token makes of it; the token itself never comes here. */
const tokenHeader: Header = ['Authorization', 'Bearer '];

/** What was done with a message, as it is shown: the method of the request, of the queue, of the mail server. */
export function shownMethod(setup: Pick<LaneSetup, 'transport' | 'method'> | null, method?: string): string {
  const kind = setup?.transport.kind ?? 'http';
  switch (kind) {
    case 'sqs':
      return 'SendMessage';
    case 'email':
      return 'MAIL';
    case 'http':
      return method ?? setup?.method ?? 'POST';
    default:
      return kind satisfies never;
  }
}
