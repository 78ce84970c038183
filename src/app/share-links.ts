/**
 * Share links: made, listed, prolonged, revoked. Making and ending one is a change that webhooks are told of; because a
 * link lets strangers in, it is in the audit as well. An expiry that passes ends it by a duty, once; a visitor is turned
 * away from the very moment on. What visitors see is in `share-visits.ts`.
 */
import { createHmac } from 'node:crypto';
import { changedFields } from '../core/difference.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { asShareState, originalName, readShareLink, type ShareLinkState } from '../core/share-link.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller, Idempotency, Written } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { type IdempotentCalls, replay as answered } from './idempotency.ts';
import type { Passwords } from './passwords.ts';
import { notFound, unfit } from './refusals.ts';
import { accessWrite, type EndedLink, newAccess, readEndedLink, storedAccess, usesOf } from './share-access.ts';
import type { ShareLinkCases, ShareLinkInput, ShareLinkPatch, ShareLinkView } from './share-cases.ts';
import { accessKeyOf, endLink, expiryDuty, linkChange, linkKeyOf } from './share-link-end.ts';
import { assertKnownFiles, folderOf, targetOf } from './share-target.ts';
import { shareToken } from './share-token.ts';

export type ShareLinkDeps = Pick<AppDeps, 'storage' | 'clock' | 'ids' | 'settings' | 'engine'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
  readonly passwords: Passwords;
  readonly linkKey: () => Uint8Array;
};

export function createShareLinks(deps: ShareLinkDeps): ShareLinkCases {
  const { storage } = deps;

  const find = async (caller: Caller, id: string): Promise<Found> => {
    const { workspaceId } = caller;
    const [row, access] = await storage.resources([linkKeyOf(workspaceId, id), accessKeyOf(workspaceId, id)]);
    const link = row === undefined || row === null ? null : readShareLink(row.state);
    const ended = readEndedLink(access);
    if (ended !== null && sees(caller, ended)) throw goneLink(ended);
    // Reported by a DAM that serves its links itself: told of, but not ours to show.
    if (row === undefined || row === null || link === null || !sees(caller, link)) throw notFound('the share link');
    return { row, link, access: access ?? null };
  };

  return {
    create: (caller, input, idempotency) => createLink(deps, caller, { input, idempotency }),

    get: async (caller, id) => viewOf(deps, await find(caller, id)),

    async list(caller, { asset, folder, collection, state = 'active', ...page }) {
      const { workspaceId } = caller;
      const own = caller.scopes.has('assets:read') ? {} : { createdBy: caller.actor.id };
      const where = {
        ...own,
        ...(folder === undefined ? {} : { folder: folderOf(folder) }),
        ...(collection === undefined ? {} : { collection }),
      };
      const contains = asset === undefined ? {} : { contains: { assets: asset } };
      if (state !== 'active') {
        const type = 'share_access';
        const found = await storage.read.resources({
          ...page,
          workspaceId,
          type,
          where: { ...where, ended: state },
          ...contains,
        });
        return { items: found.items.flatMap((row) => endedView(deps, row)), nextCursor: found.nextCursor };
      }
      const found = await storage.read.resources({ ...page, workspaceId, type: 'share_link', where, ...contains });
      const access = await storage.resources(found.items.map(({ id }) => accessKeyOf(workspaceId, id)));
      const items = found.items.flatMap((row, at) => {
        const link = readShareLink(row.state);
        return link === null ? [] : [viewOf(deps, { row, link, access: access[at] ?? null })];
      });
      return { items, nextCursor: found.nextCursor };
    },

    async update(caller, id, patch) {
      await find(caller, id);
      return updateLink(deps, caller, { id, patch });
    },

    async remove(caller, id) {
      const { link } = await find(caller, id);
      assertMayChange(caller, link);
      await endLink(deps, { workspaceId: caller.workspaceId, id, end: 'revoked', caller });
    },
  };
}

type Found = { readonly row: Resource; readonly link: ShareLinkState; readonly access: Resource | null };

/** Who may read all assets sees all links; who holds grants sees those he made. */
function sees({ scopes, actor }: Caller, link: ShareLinkState): boolean {
  return scopes.has('assets:read') || link.createdBy === actor.id;
}

function assertMayChange({ scopes, actor }: Caller, link: ShareLinkState): void {
  if (!scopes.has('assets:write') && link.createdBy !== actor.id) throw notFound('the share link');
}

function viewOf({ settings, linkKey }: ShareLinkDeps, { row, link, access }: Found): ShareLinkView {
  return {
    id: row.id,
    url: `${settings.publicUrl()}/share/${shareToken(row.id, linkKey())}`,
    ...link,
    version: row.version,
    uses: usesOf(access),
    createdAtMs: row.createdAtMs,
    updatedAtMs: row.updatedAtMs,
    state: 'active',
  };
}

function endedView(deps: ShareLinkDeps, row: Resource): readonly ShareLinkView[] {
  const ended = readEndedLink(row);
  if (ended === null) return [];
  const { ended: state, endedAtMs, createdAtMs = row.createdAtMs, ...rest } = ended;
  const { password: _, views: _views, downloads: _downloads, lastUsedAtMs: _at, ...link } = rest;
  const shown = viewOf(deps, { row: { ...row, createdAtMs, updatedAtMs: endedAtMs }, link, access: row });
  return [{ ...shown, state, endedAtMs }];
}

function goneLink({ ended, endedAtMs }: EndedLink): AssetwireError {
  const how = ended === 'expired' ? 'it expired' : 'it was revoked';
  return new AssetwireError('gone', {
    detail: `Find the share link: ${how} at ${new Date(endedAtMs).toISOString()}`,
    mend: 'Make another one: an ended link never opens again, so that whoever was given it has it no more',
  });
}

// --- Making one -----------------------------------------------------------------------------------------------------

type Creation = { readonly input: ShareLinkInput; readonly idempotency: Idempotency | undefined };

async function createLink(
  deps: ShareLinkDeps,
  caller: Caller,
  { input, idempotency }: Creation,
): Promise<Written<ShareLinkView>> {
  const { workspaceId } = caller;
  const { ids, committer, passwords, idempotent } = deps;
  const link = await newLink(deps, caller, input);
  const password = input.password === undefined ? null : await passwords.hash(input.password, passwordOf(link));
  // What is kept of the request must not let anybody try passwords faster than their hash does.
  const key = idempotency === undefined ? undefined : { ...idempotency, fingerprint: sealed(deps, idempotency) };
  const written = await idempotent.run<ShareLinkView>(workspaceId, key, async (row) => {
    const id = ids.next('shareLink');
    const access = accessWrite(id, null, { ...newAccess, password });
    const made = await committer.write<Written<ShareLinkView>>(linkKeyOf(workspaceId, id), (_, atMs) => {
      const state = asShareState(link);
      const view = (): ShareLinkView => {
        const row: Resource = {
          ...linkKeyOf(workspaceId, id),
          version: 1,
          state,
          createdAtMs: atMs,
          updatedAtMs: atMs,
        };
        return viewOf(deps, { row, link, access: null });
      };
      const change = linkChange(deps, {
        workspaceId,
        id,
        version: 1,
        atMs,
        actor: caller.actor,
        before: null,
        after: state,
      });
      const note = { action: 'share_link.created', target: `share_link:${id}`, after: state };
      return {
        kind: 'write',
        plan: {
          state,
          changes: [change],
          resources: [access, auditWrite({ ids, caller }, note, atMs)],
          duties: expiryDuty(deps, { workspaceId, id, expiresAtMs: link.expiresAtMs }),
          ...(row === undefined ? {} : { idempotency: () => row(201, withoutUrl(view())) }),
        },
        answer: () => ({ status: 201, body: view() }),
      };
    });
    return made.kind === 'done' ? made.answer : answered<ShareLinkView>(made.row, key?.fingerprint ?? '');
  });
  // The store keeps no URL, so that of a repeated answer is made anew.
  const url = `${deps.settings.publicUrl()}/share/${shareToken(written.body.id, deps.linkKey())}`;
  return { ...written, body: { ...written.body, url } };
}

function withoutUrl({ url: _, ...view }: ShareLinkView): object {
  return view;
}

function sealed({ linkKey }: ShareLinkDeps, { fingerprint }: Idempotency): string {
  return createHmac('sha256', linkKey()).update(`assetwire share request\0${fingerprint}`).digest('base64');
}

function passwordOf({ name }: Pick<ShareLinkState, 'name'>) {
  return { email: '', name, charactersMin: limits.sharePasswordCharactersMin };
}

async function newLink(deps: ShareLinkDeps, caller: Caller, input: ShareLinkInput): Promise<ShareLinkState> {
  const target = await targetOf(deps, caller, input);
  if (input.renditions !== undefined) assertKnownFiles(input.renditions, target);
  const { name = target.name, allow = 'download', renditions, expiresAtMs = null, password } = input;
  assertFuture(expiresAtMs, deps.clock.nowMs());
  assertUseful(allow, renditions);
  return {
    name,
    ...target.shared,
    allow,
    ...(renditions === undefined ? {} : { renditions: [...new Set(renditions)] }),
    expiresAtMs,
    hasPassword: password !== undefined,
    createdBy: caller.actor.id,
  };
}

function assertFuture(expiresAtMs: number | null, nowMs: number): void {
  if (expiresAtMs === null || expiresAtMs > nowMs) return;
  throw unfit('/expiresAtMs', 'a time to come, in Unix milliseconds', 'one that has passed');
}

function assertUseful(allow: ShareLinkState['allow'], renditions: readonly string[] | undefined): void {
  if (allow === 'preview' && renditions?.every((name) => name === originalName) === true)
    throw unfit('/renditions', 'a rendition to look at: a preview never shows the original', 'none');
}

// --- Changing and ending one ----------------------------------------------------------------------------------------

async function updateLink(
  deps: ShareLinkDeps,
  caller: Caller,
  { id, patch }: { readonly id: string; readonly patch: ShareLinkPatch },
): Promise<ShareLinkView> {
  const { workspaceId } = caller;
  const { ids, clock, committer, passwords } = deps;
  if (patch.expiresAtMs !== undefined) assertFuture(patch.expiresAtMs, clock.nowMs());
  const { password } = patch;
  const hash =
    typeof password === 'string' ? await passwords.hash(password, passwordOf({ name: patch.name ?? '' })) : null;
  const written = await committer.writeAlone<ShareLinkView>(
    linkKeyOf(workspaceId, id),
    [accessKeyOf(workspaceId, id)],
    (current, atMs, { others: [access = null] }) => {
      const link = current === null ? null : readShareLink(current.state);
      if (current === null || link === null) throw notFound('the share link');
      assertMayChange(caller, link);
      const next = patched(link, patch);
      assertUseful(next.allow, next.renditions);
      const state = asShareState(next);
      const changedPassword = password !== undefined;
      if (!changedPassword && changedFields(current.state, state).length === 0)
        return { kind: 'nothing', answer: viewOf(deps, { row: current, link, access }) };
      const note = { action: 'share_link.changed', target: `share_link:${id}`, before: current.state, after: state };
      const row: Resource = { ...current, version: current.version + 1, state, updatedAtMs: atMs };
      return {
        kind: 'write',
        plan: {
          state,
          changes: [],
          resources: [
            ...(changedPassword ? [accessWrite(id, access, { ...storedAccess(access), password: hash })] : []),
            auditWrite({ ids, caller }, note, atMs),
          ],
          duties:
            next.expiresAtMs === link.expiresAtMs
              ? []
              : expiryDuty(deps, { workspaceId, id, expiresAtMs: next.expiresAtMs }),
        },
        answer: () => viewOf(deps, { row, link: next, access }),
      };
    },
  );
  if (written.kind === 'duplicate') throw new TypeError('A change of a share link carries no idempotency row');
  return written.answer;
}

function patched(link: ShareLinkState, patch: ShareLinkPatch): ShareLinkState {
  const { renditions: before, ...rest } = link;
  const renditions = patch.renditions === undefined ? before : (patch.renditions ?? undefined);
  return {
    ...rest,
    ...(patch.name === undefined ? {} : { name: patch.name }),
    ...(patch.allow === undefined ? {} : { allow: patch.allow }),
    ...(renditions === undefined ? {} : { renditions: [...new Set(renditions)] }),
    ...(patch.expiresAtMs === undefined ? {} : { expiresAtMs: patch.expiresAtMs }),
    ...(patch.password === undefined ? {} : { hasPassword: patch.password !== null }),
  };
}
