/**
 * What visitors of a share link see and fetch. The token of the URL is the authority: it says which link, the link says
 * what. Everything is looked up when it is asked for, so that an asset that was deleted, has expired or lies elsewhere now
 * is not shown from that moment on (HARDENING TN-12).
 */
import type { AssetFile, AssetState, Rendition } from '../core/asset.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { originalName, readShareLink, sharesAsset, sharesFile, type ShareLinkState } from '../core/share-link.ts';
import type { Resource } from '../storage/contract/resources.ts';
import { assertAvailable, openFile } from './asset-content.ts';
import { assetState } from './asset-views.ts';
import type { AppDeps } from './dependencies.ts';
import type { Passwords } from './passwords.ts';
import { type StoredAccess, storedAccess } from './share-access.ts';
import type { SharedAsset, ShareCredentials, SharedFile, ShareVisitCases } from './share-cases.ts';
import { isShareProof, proofLifetimeMs, readShareToken, shareProof } from './share-token.ts';
import type { ShareUsesCounter } from './share-uses.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';
import { workspaceState } from './workspace-state.ts';

export type ShareVisitDeps = Pick<AppDeps, 'storage' | 'blobs' | 'clock' | 'logger'> & {
  readonly passwords: Passwords;
  readonly throttle: SignInThrottle;
  readonly linkKey: () => Uint8Array;
  readonly shareUses: ShareUsesCounter;
};

export function createShareVisits(deps: ShareVisitDeps): ShareVisitCases {
  const { linkKey, shareUses } = deps;
  return {
    async visit(token, credentials, { cursor } = {}) {
      const found = await find(deps, token);
      if (!(await isUnlocked(deps, found, credentials))) return { state: 'locked' };
      const { link, id, workspaceId } = found;
      const page = await sharedPage(deps, found, cursor);
      shareUses.count({ workspaceId, id }, 'views');
      const { name, allow, expiresAtMs, assets } = link;
      return { state: 'open', name, allow, expiresAtMs, single: assets?.length === 1, ...page };
    },

    async unlock(token, password, from) {
      const found = await find(deps, token);
      const { access, id } = found;
      if (access.password === null) return { proof: '', lifetimeMs: 0 };
      if (!(await isPassword(deps, found, { password, ...(from === undefined ? {} : { from }) }))) return null;
      const expiresAtMs = deps.clock.nowMs() + proofLifetimeMs;
      return {
        proof: shareProof({ id, passwordHash: access.password }, expiresAtMs, linkKey()),
        lifetimeMs: proofLifetimeMs,
      };
    },

    async content(token, credentials, { assetId, name, wanted }) {
      const found = await find(deps, token);
      if (!(await isUnlocked(deps, found, credentials))) throw locked();
      const { link, workspaceId } = found;
      const [only, second] = link.assets ?? [];
      const id = assetId ?? (second === undefined ? only : undefined);
      if (id === undefined) throw missing('the file: there are several, so name one');
      const state = await sharedState(deps, found, id);
      const file = fileNamed(link, { id, state }, name);
      return openFile(deps, { workspaceId, name: fileNameOf(state, file), file }, wanted);
    },

    downloaded(token) {
      const id = readShareToken(token, linkKey());
      if (id !== null) shareUses.count({ workspaceId: null, id }, 'downloads');
    },
  };
}

type Found = {
  readonly id: string;
  readonly workspaceId: string;
  readonly link: ShareLinkState;
  readonly access: StoredAccess;
};

/** The link of a token, in a workspace that is open. */
async function find({ storage, clock, linkKey }: ShareVisitDeps, token: string): Promise<Found> {
  const id = readShareToken(token, linkKey());
  const [row] = id === null ? [] : await storage.findByAlias('share_access', id);
  if (id === null || row === undefined) throw missing('the share link: there is none at this address');
  const { workspaceId } = row;
  const access = storedAccess(row);
  const [linked, workspace] = await storage.resources([
    { workspaceId, type: 'share_link', id },
    { workspaceId, type: 'workspace', id: workspaceId },
  ]);
  const link = linked === undefined || linked === null ? null : readShareLink(linked.state);
  if (link === null || access.ended !== undefined) throw ended(access.ended ?? 'revoked');
  if (link.expiresAtMs !== null && link.expiresAtMs <= clock.nowMs()) throw ended('expired');
  // One that is disabled or being erased gives out nothing, and says nothing of itself.
  if (workspaceState(workspace) !== 'active') throw missing('the share link: there is none at this address');
  return { id, workspaceId, link, access };
}

// --- The password ---------------------------------------------------------------------------------------------------

async function isUnlocked(deps: ShareVisitDeps, found: Found, credentials: ShareCredentials): Promise<boolean> {
  const { proof, password } = credentials;
  const { id, access } = found;
  if (access.password === null) return true;
  const { clock, linkKey } = deps;
  const proven = { id, passwordHash: access.password };
  if (proof !== undefined && isShareProof(proof, proven, { key: linkKey(), nowMs: clock.nowMs() })) return true;
  return password !== undefined && isPassword(deps, found, { ...credentials, password });
}

/** Guesses are slowed down per link, wherever they come from, as those of a person's password are. */
async function isPassword(
  { passwords, throttle, logger }: ShareVisitDeps,
  { id, workspaceId, access }: Found,
  { password, from }: ShareCredentials & { readonly password: string },
): Promise<boolean> {
  const name = `share ${id}`;
  throttle.assertMayTry(name);
  if (await passwords.matches(password, access.password)) {
    throttle.right(name);
    return true;
  }
  if (throttle.wrong(name))
    logger.warn('share.guessing_throttled', { workspaceId, linkId: id, address: from?.address ?? null });
  return false;
}

// --- What is behind it ----------------------------------------------------------------------------------------------

async function sharedPage(
  deps: ShareVisitDeps,
  found: Found,
  cursor: string | undefined,
): Promise<{ readonly assets: readonly SharedAsset[]; readonly nextCursor: string | null }> {
  const { storage } = deps;
  const { workspaceId, link } = found;
  const { assets, folder, collection } = link;
  const [only, second] = assets ?? [];
  if (only !== undefined && second === undefined)
    return { assets: [sharedAsset(link, only, await sharedState(deps, found, only))], nextCursor: null };
  const page =
    assets === undefined
      ? await storage.read.assets({
          workspaceId,
          limit: limits.sharePageAssets,
          ...(folder === undefined ? {} : { folder }),
          ...(collection === undefined ? {} : { collection }),
          ...(cursor === undefined ? {} : { cursor }),
        })
      : await namedPage(deps, { workspaceId, assets, cursor });
  const nowMs = deps.clock.nowMs();
  const shown = page.items.filter((row) => isAvailable(assetState(row), nowMs));
  return { assets: shown.map((row) => sharedAsset(link, row.id, assetState(row))), nextCursor: page.nextCursor };
}

type NamedPage = {
  readonly workspaceId: string;
  readonly assets: readonly string[];
  readonly cursor: string | undefined;
};

/** Those that are still there, in the order in which they were named; the cursor counts them. */
async function namedPage({ storage }: ShareVisitDeps, { workspaceId, assets, cursor = '0' }: NamedPage) {
  const from = /^\d{1,4}$/.test(cursor) ? Number(cursor) : 0;
  const to = from + limits.sharePageAssets;
  const rows = await storage.resources(assets.slice(from, to).map((id) => ({ workspaceId, type: 'asset', id })));
  const items = rows.filter((row): row is Resource => row !== null);
  return { items, nextCursor: to < assets.length ? String(to) : null };
}

async function sharedState({ storage, clock }: ShareVisitDeps, found: Found, id: string): Promise<AssetState> {
  const { workspaceId, link } = found;
  const [row] = await storage.resources([{ workspaceId, type: 'asset', id }]);
  const state = row === undefined || row === null ? null : assetState(row);
  if (state !== null && sharesAsset(link, id, state)) {
    assertAvailable(state, clock.nowMs(), 'the file');
    return state;
  }
  if (link.assets?.includes(id) === true) throw new AssetwireError('gone', { detail: 'Find the file: it was deleted' });
  throw missing('the file: it is not behind this link');
}

function isAvailable(state: AssetState, nowMs: number): boolean {
  try {
    assertAvailable(state, nowMs, 'the file');
    return true;
  } catch (error) {
    if (error instanceof AssetwireError) return false;
    throw error;
  }
}

/** Pictures of a version that is not active any more are not kept, so only its original can be fetched. */
function renditionsOf({ versions: fixed }: ShareLinkState, id: string, state: AssetState): readonly Rendition[] {
  const number = fixed?.[id];
  const active = state.versions.find((one) => one.active)?.number;
  return number === undefined || number === active ? state.renditions : [];
}

function originalOf({ versions: fixed }: ShareLinkState, id: string, state: AssetState): AssetFile | undefined {
  const number = fixed?.[id];
  return number === undefined ? state.file : state.versions.find((one) => one.number === number)?.file;
}

function sharedAsset(link: ShareLinkState, id: string, state: AssetState): SharedAsset {
  const renditions = renditionsOf(link, id, state).filter(
    (one) => one.blob !== undefined && sharesFile(link, one.title),
  );
  const original = originalOf(link, id, state);
  const files: SharedFile[] = renditions.map((one) => fileView(one.title, one));
  if (original?.blob !== undefined && sharesFile(link, originalName)) files.unshift(fileView(originalName, original));
  return {
    id,
    name: state.name,
    kind: state.kind,
    ...(original?.durationMs === undefined ? {} : { durationMs: original.durationMs }),
    preview: largestPicture(renditions)?.title ?? null,
    files: link.allow === 'preview' ? files.filter((one) => one.mimeType.startsWith('image/')) : files,
  };
}

function fileView(name: string, { mimeType, bytes, widthPx, heightPx }: AssetFile): SharedFile {
  return {
    name,
    mimeType,
    bytes,
    ...(widthPx === undefined ? {} : { widthPx }),
    ...(heightPx === undefined ? {} : { heightPx }),
  };
}

function largestPicture(renditions: readonly Rendition[]): Rendition | undefined {
  return renditions
    .filter(({ mimeType }) => mimeType.startsWith('image/'))
    .reduce<Rendition | undefined>(
      (best, one) => ((best?.widthPx ?? -1) >= (one.widthPx ?? 0) ? best : one),
      undefined,
    );
}

type Asset = { readonly id: string; readonly state: AssetState };

function fileNamed(link: ShareLinkState, { id, state }: Asset, name: string | undefined): AssetFile | Rendition {
  const { files, preview } = sharedAsset(link, id, state);
  const wanted = name ?? files.find((one) => one.name === originalName)?.name ?? preview;
  const allowed = wanted !== null && files.some((one) => one.name === wanted);
  const file =
    wanted === originalName
      ? originalOf(link, id, state)
      : renditionsOf(link, id, state).find(({ title }) => title === wanted);
  if (!allowed || file === undefined) {
    const names = files.map((one) => one.name).join(', ');
    throw new AssetwireError('not_found', {
      detail: 'Find the file: the link does not offer it',
      ...(names === '' ? {} : { mend: `There are ${names}` }),
    });
  }
  return file;
}

/** What it is saved as: a rendition is called after its asset, so that several do not overwrite each other. */
function fileNameOf({ name }: AssetState, file: AssetFile | Rendition): string {
  if (!('title' in file)) return name;
  const dot = file.name.lastIndexOf('.');
  const stem = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : name;
  return `${stem}-${file.title}${dot < 0 ? '' : file.name.slice(dot)}`;
}

// --- Refusals -------------------------------------------------------------------------------------------------------

function missing(what: string): AssetwireError {
  return new AssetwireError('not_found', {
    detail: `Find ${what}`,
    mend: 'Ask whoever gave you the link for a new one',
  });
}

function ended(end: 'revoked' | 'expired'): AssetwireError {
  return new AssetwireError('gone', {
    detail: end === 'expired' ? 'Open the share link: it has expired' : 'Open the share link: it was revoked',
    mend: 'Ask whoever gave you the link for a new one',
  });
}

function locked(): AssetwireError {
  return new AssetwireError('share_locked', {
    detail: 'Open the share link with its password: none was sent, or a wrong one',
  });
}
