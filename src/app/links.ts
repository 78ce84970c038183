/**
 * Links inside payloads: opaque, the same every time a payload is rendered, good until the expiry they carry. A link is
 * what it points at (workspace, asset, version or rendition, expiry) with an HMAC; nothing is stored for it. A deleted
 * asset's links lead nowhere from that moment (HARDENING TN-12).
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { Links } from '../dialects/contract/message.ts';

/** The links of one dialect's payloads in one workspace. */
export type LinkMaker = (workspaceId: string, dialect: string) => Links;

export type LinkTarget = {
  readonly workspaceId: string;
  readonly assetId: string;
  readonly part:
    | { readonly kind: 'content'; readonly version?: number }
    | { readonly kind: 'rendition'; readonly title: string };
  /** Null: as long as the asset is there. */
  readonly expiresAtMs: number | null;
};

export type LinkSettings = {
  readonly publicUrl: () => string;
  readonly key: () => Uint8Array;
  readonly lifetimeMs: number;
  readonly places?: readonly LinkPlace[];
};

/** What lies below this path of a dialect's mount is reached elsewhere, without a slash at the end of either. */
export type LinkPlace = { readonly dialect: string; readonly path: string; readonly url: string };

/** 128 bits of HMAC-SHA256: a guess succeeds once in 2^128. */
const macBytes = 16;
const tokenCharactersMax = 1_024;

export function createLinkMaker({ publicUrl, key, lifetimeMs, places }: LinkSettings): LinkMaker {
  return (workspaceId, dialect) => {
    const at = (acceptedAtMs: number | null): Links => {
      const expiresAtMs = acceptedAtMs === null ? null : acceptedAtMs + lifetimeMs;
      const link = (assetId: string, part: LinkTarget['part']): string =>
        `${publicUrl()}/content/${linkToken({ workspaceId, assetId, part, expiresAtMs }, key())}`;
      return {
        content: (assetId, version) =>
          link(assetId, version === undefined ? { kind: 'content' } : { kind: 'content', version }),
        rendition: (assetId, title) => link(assetId, { kind: 'rendition', title }),
        signature: (text) => linkSignature({ workspaceId, dialect, text }, key()),
        lifetimeMs,
        dialect: (path) => {
          const whole = path.startsWith('/') ? path : `/${path}`;
          const elsewhere = places?.find((place) => place.dialect === dialect && whole.startsWith(place.path));
          return elsewhere === undefined
            ? `${publicUrl()}/${dialect}${whole}`
            : `${elsewhere.url}${whole.slice(elsewhere.path.length)}`;
        },
        at,
      };
    };
    return at(null);
  };
}

/** The same for the same target: JSON of a fixed order, its MAC behind it. */
export function linkToken({ workspaceId, assetId, part, expiresAtMs }: LinkTarget, key: Uint8Array): string {
  const which = part.kind === 'content' ? ['c', part.version ?? null] : ['r', part.title];
  const payload = Buffer.from(JSON.stringify([workspaceId, assetId, ...which, expiresAtMs]), 'utf8');
  return `${payload.toString('base64url')}.${mac(payload, key).toString('base64url')}`;
}

/** What a token points at; null where it is not one of ours, was altered or has expired. */
export function readLink(token: string, key: Uint8Array, nowMs: number): LinkTarget | null {
  if (token.length > tokenCharactersMax) return null;
  const dot = token.indexOf('.');
  if (dot < 0) return null;
  const payload = Buffer.from(token.slice(0, dot), 'base64url');
  const given = Buffer.from(token.slice(dot + 1), 'base64url');
  if (given.length !== macBytes || !timingSafeEqual(given, mac(payload, key))) return null;
  // One spelling only: base64url decoding is lenient, and a second text for the same link would pass every check by text.
  if (`${payload.toString('base64url')}.${given.toString('base64url')}` !== token) return null;
  const [workspaceId, assetId, kind, which, expiresAtMs] = JSON.parse(payload.toString('utf8')) as [
    string,
    string,
    'c' | 'r',
    string | number | null,
    number | null,
  ];
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return null;
  if (kind === 'r') return { workspaceId, assetId, part: { kind: 'rendition', title: String(which) }, expiresAtMs };
  return {
    workspaceId,
    assetId,
    part: typeof which === 'number' ? { kind: 'content', version: which } : { kind: 'content' },
    expiresAtMs,
  };
}

/** What was signed, for whom; hex. */
export function linkSignature(
  { workspaceId, dialect, text }: { readonly workspaceId: string; readonly dialect: string; readonly text: string },
  key: Uint8Array,
): string {
  return createHmac('sha256', keyOf(key))
    .update(`assetwire signed link v1\0${workspaceId}\0${dialect}\0`)
    .update(text)
    .digest('hex');
}

function mac(payload: Uint8Array, key: Uint8Array): Buffer {
  return createHmac('sha256', keyOf(key)).update('assetwire link v1\0').update(payload).digest().subarray(0, macBytes);
}

/** A key that is handed over as bytes costs five times what the HMAC itself does: it is made once. */
const keys = new WeakMap<Uint8Array, KeyObject>();

function keyOf(bytes: Uint8Array): KeyObject {
  let key = keys.get(bytes);
  if (key === undefined) {
    key = createSecretKey(bytes);
    keys.set(bytes, key);
  }
  return key;
}
