/**
 * Keys that messages are signed with in their body, with the certificates that receivers verify by. One is made when the
 * first webhook of a dialect that needs it is; another takes its place when somebody says so.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { AssetwireError } from '../core/errors.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { createRsaKey } from '../runtime/rsa-key.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Resource, ResourceWrite } from '../storage/contract/resources.ts';
import type { Caller } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { LinkMaker } from './links.ts';
import type { Matching } from './matching.ts';
import { notFound, unfit } from './refusals.ts';
import {
  certificateAlias,
  formerKeptMs,
  isKept,
  type KeyRing,
  ringKey,
  sealingPlace,
  signingKeyKey,
  signingKeyState,
  storedRing,
  storedSigningKey,
  type StoredSigningKey,
} from './signing-key-state.ts';

export type SigningKeyView = {
  readonly id: string;
  readonly name: string;
  readonly dialect: string;
  readonly algorithm: 'rsa-2048';
  /** `former`: it signs nothing new; what was signed with it may still arrive. */
  readonly state: 'present' | 'former';
  /** Where receivers fetch the certificate. */
  readonly certificateUrl: string;
  /** X.509, PEM. */
  readonly certificate: string;
  /** SHA-256 of the certificate, lower-case hex. */
  readonly fingerprint: string;
  readonly createdAtMs: number;
  /** When the certificate runs out. */
  readonly expiresAtMs: number;
  readonly retiredAtMs: number | null;
  /** Until when a former one is kept, and its certificate served. */
  readonly keptUntilMs: number | null;
};

export interface SigningKeyCases {
  /** Present ones first, former ones behind each. */
  list(caller: Caller, page: { readonly limit: number; readonly cursor?: string }): Promise<Page<SigningKeyView>>;
  get(caller: Caller, id: string): Promise<SigningKeyView>;
  /**
   * Makes a key, which signs from now on; the one before it is kept, or with `withdrawFormer` gone at once with all before
   * it. Throws `invalid_request` where no dialect has keys of this name.
   */
  rotate(caller: Caller, input: { readonly name: string; readonly withdrawFormer?: boolean }): Promise<SigningKeyView>;
  /** A former key is gone at once, and its certificate. Throws `signing_key_in_use` for the one that signs. */
  withdraw(caller: Caller, id: string): Promise<void>;
  /** For whoever asks: by what its file is called after. Throws `not_found`. */
  certificate(alias: string): Promise<{ readonly certificate: string }>;
}

export interface SigningKeyMaking extends SigningKeyCases {
  /** Makes what the dialect's messages need to be signed and the workspace has not. */
  ensure(workspaceId: string, dialect: Dialect): Promise<void>;
}

export type SigningKeyDeps = Pick<
  AppDeps,
  'storage' | 'vault' | 'ids' | 'clock' | 'dialects' | 'engine' | 'signingKeys'
> & {
  readonly committer: Committer;
  readonly matching: Pick<Matching, 'outdated'>;
  readonly links: LinkMaker;
};

/** Receivers that look at its dates refuse a certificate that has run out; rotating makes another. */
const certificateValidMs = 10 * 365 * 24 * 3_600_000;
/** Former keys that are kept, so that rotating in a loop fills nothing. */
const formerMax = 20;

type KeyName = { readonly name: string; readonly dialect: string; readonly certificatePath: string };

export function createSigningKeys(deps: SigningKeyDeps): SigningKeyMaking {
  const { storage, clock } = deps;
  const names: readonly KeyName[] = [...deps.dialects.values()].flatMap(({ manifest }) =>
    (manifest.signingKeys ?? []).map(({ name, certificatePath }) => ({ name, certificatePath, dialect: manifest.id })),
  );

  const view = (row: Resource): SigningKeyView => {
    const stored = storedSigningKey(row);
    const known = names.find(({ name }) => name === stored.name);
    const certificate = new X509Certificate(stored.certificatePem);
    const path = (known?.certificatePath ?? '').replace('{key}', certificateAlias(row.id));
    return {
      id: row.id,
      name: stored.name,
      dialect: known?.dialect ?? '',
      algorithm: stored.algorithm,
      state: stored.retiredAtMs === null ? 'present' : 'former',
      certificateUrl: deps.links(row.workspaceId, known?.dialect ?? '').dialect(path),
      certificate: stored.certificatePem,
      fingerprint: createHash('sha256').update(certificate.raw).digest('hex'),
      createdAtMs: row.createdAtMs,
      expiresAtMs: certificate.validToDate.getTime(),
      retiredAtMs: stored.retiredAtMs,
      keptUntilMs: stored.retiredAtMs === null ? null : stored.retiredAtMs + formerKeptMs,
    };
  };

  const rows = async (workspaceId: string): Promise<readonly Resource[]> => {
    const rings = await storage.resources(names.map(({ name }) => ringKey(workspaceId, name)));
    const ids = rings.flatMap((ring) => (ring === null ? [] : [storedRing(ring).present, ...storedRing(ring).former]));
    const found = ids.length === 0 ? [] : await storage.resources(ids.map((id) => signingKeyKey(workspaceId, id)));
    return found.filter((row) => row !== null).filter((row) => isKept(storedSigningKey(row), clock.nowMs()));
  };

  const find = async (workspaceId: string, id: string): Promise<Resource> => {
    const row = (await rows(workspaceId)).find((candidate) => candidate.id === id);
    if (row === undefined) throw notFound('the signing key');
    return row;
  };

  return {
    list: async ({ workspaceId }, page) => pageOf((await rows(workspaceId)).map(view), page),
    get: async ({ workspaceId }, id) => view(await find(workspaceId, id)),

    async rotate(caller, { name, withdrawFormer = false }) {
      if (!names.some((known) => known.name === name)) {
        throw unfit('/name', `one of ${names.map((known) => known.name).join(', ')}`, name.slice(0, 63));
      }
      const id = await makeKey(deps, caller, { name, withdrawFormer });
      return view(await find(caller.workspaceId, id));
    },

    withdraw: (caller, id) => withdraw(deps, caller, id),

    async certificate(alias) {
      const [row] = await storage.findByAlias('signing_key', alias);
      if (row === undefined || !isKept(storedSigningKey(row), clock.nowMs())) throw notFound('the certificate');
      return { certificate: storedSigningKey(row).certificatePem };
    },

    async ensure(workspaceId, { manifest }) {
      for (const { name } of manifest.signingKeys ?? []) {
        const [ring] = await storage.resources([ringKey(workspaceId, name)]);
        if (ring === undefined || ring === null) await makeKey(deps, { ...system, workspaceId }, { name, first: true });
      }
    },
  };
}

/** There are few: a page goes on behind the key that its cursor names. */
function pageOf(
  keys: readonly SigningKeyView[],
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Page<SigningKeyView> {
  const from = cursor === undefined ? 0 : keys.findIndex(({ id }) => id === cursor) + 1;
  if (cursor !== undefined && from === 0) {
    throw new AssetwireError('invalid_cursor', {
      detail: 'Go on where the last page ended: this cursor is of no page',
    });
  }
  const items = keys.slice(from, from + limit);
  return { items, nextCursor: from + limit < keys.length ? (items.at(-1)?.id ?? null) : null };
}

const system = { actor: { type: 'system', id: 'assetwire' }, keyId: 'system' } as const;

type Maker = Pick<Caller, 'workspaceId' | 'actor' | 'keyId' | 'from'>;
type Wanted = {
  readonly name: string;
  readonly withdrawFormer?: boolean;
  /** Only where there is none: whoever else made one meanwhile was first. */
  readonly first?: boolean;
};

/** The id of the key that signs then. */
async function makeKey(deps: SigningKeyDeps, caller: Maker, wanted: Wanted): Promise<string> {
  const { ids, vault, clock, committer } = deps;
  const { workspaceId } = caller;
  const { name, withdrawFormer = false, first = false } = wanted;
  const id = ids.next('signingKey');
  const made = await createRsaKey({
    commonName: `Assetwire ${name}`,
    nowMs: clock.nowMs(),
    validMs: certificateValidMs,
  });
  const sealed = vault.seal(made.privateKeyPem, sealingPlace({ workspaceId, id }));
  const ring = ringKey(workspaceId, name);
  const before = (await deps.storage.resources([ring]))[0] ?? null;
  const known = before === null ? [] : [storedRing(before).present, ...storedRing(before).former];
  const written = await committer.writeAlone(
    ring,
    known.map((former) => signingKeyKey(workspaceId, former)),
    (current, atMs, { others }) => {
      if (first && current !== null) return { kind: 'nothing', answer: storedRing(current).present };
      if ((current === null ? null : storedRing(current).present) !== (known[0] ?? null)) throw rotatedMeanwhile();
      const key: StoredSigningKey = {
        name,
        algorithm: 'rsa-2048',
        certificatePem: made.certificatePem,
        sealed,
        retiredAtMs: null,
      };
      const { kept, writes } = formerWrites(others, atMs, withdrawFormer);
      const next: KeyRing = { present: id, former: kept };
      return {
        kind: 'write',
        plan: {
          state: { ...next },
          changes: [],
          resources: [
            {
              type: 'signing_key',
              id,
              expectedVersion: 0,
              state: signingKeyState(key),
              alias: certificateAlias(id),
            },
            ...writes,
            auditWrite(
              { ids, caller },
              { action: first ? 'signing_key.made' : 'signing_key.rotated', target: `signing_key:${id}` },
              atMs,
            ),
          ],
        },
        answer: () => id,
      };
    },
  );
  told(deps, workspaceId, withdrawFormer ? known : []);
  return written.kind === 'done' ? written.answer : id;
}

/** Former keys as they are after a rotation: the one that signed is retired, those whose time is over go. */
function formerWrites(
  rows: readonly (Resource | null)[],
  atMs: number,
  withdrawAll: boolean,
): { readonly kept: readonly string[]; readonly writes: readonly ResourceWrite[] } {
  const kept: string[] = [];
  const writes: ResourceWrite[] = [];
  for (const row of rows) {
    if (row === null) continue;
    const stored = storedSigningKey(row);
    const write = { type: 'signing_key', id: row.id, expectedVersion: row.version } as const;
    if (withdrawAll || !isKept(stored, atMs) || kept.length >= formerMax) writes.push({ ...write, state: null });
    else {
      kept.push(row.id);
      if (stored.retiredAtMs === null) {
        writes.push({ ...write, state: signingKeyState({ ...stored, retiredAtMs: atMs }) });
      }
    }
  }
  return { kept, writes };
}

async function withdraw(deps: SigningKeyDeps, caller: Caller, id: string): Promise<void> {
  const { workspaceId } = caller;
  const { storage, committer, ids } = deps;
  const key = signingKeyKey(workspaceId, id);
  const [row] = await storage.resources([key]);
  if (row === undefined || row === null || row.alias === undefined) throw notFound('the signing key');
  await committer.writeAlone(ringKey(workspaceId, storedSigningKey(row).name), [key], (current, atMs, { others }) => {
    const [present = null] = others;
    if (current === null || present === null) throw notFound('the signing key');
    const ring = storedRing(current);
    if (ring.present === id) {
      throw new AssetwireError('signing_key_in_use', { detail: 'Withdraw a former signing key: this one signs' });
    }
    return {
      kind: 'write',
      plan: {
        state: { ...ring, former: ring.former.filter((former) => former !== id) },
        changes: [],
        resources: [
          { type: 'signing_key', id, expectedVersion: present.version, state: null },
          auditWrite({ ids, caller }, { action: 'signing_key.withdrawn', target: `signing_key:${id}` }, atMs),
        ],
      },
      answer: () => undefined,
    };
  });
  told(deps, workspaceId, [id]);
}

/** What is committed from now on names the key that signs now. */
function told({ matching, signingKeys }: SigningKeyDeps, workspaceId: string, gone: readonly string[]): void {
  matching.outdated(workspaceId);
  for (const id of gone) signingKeys.forget(workspaceId, id);
}

function rotatedMeanwhile(): AssetwireError {
  return new AssetwireError('conflict', {
    detail: 'Rotate the present signing key: somebody else rotated it in this moment',
    mend: 'Look at the present key, and rotate again if that is still wanted',
  });
}
