/**
 * Comments, annotations and approval: they lie in the asset's own state (`info.comments`, `info.approval`), so that a change tells
 * them as they were and as they are, and a DAM that pushes states may bring its own. Few and short; an asset has a limit.
 */
import type { AssetState } from '../core/asset.ts';
import { AssetwireError } from '../core/errors.ts';
import { isList, isObject, ownValue } from '../core/json-equality.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import type { AssetCases, AssetView, Caller } from './app.ts';
import { type WriteDeps, writeAsset } from './asset-write.ts';
import type { ApprovalView, CommentCases, CommentInput, CommentPatch, CommentView } from './comment-cases.ts';
import { covers, placeOf, refused } from './granted-assets.ts';
import { listPage } from './list-page.ts';
import { notFound, unfit } from './refusals.ts';

/** `assets` are those that callers may see: what lies outside their grants is not found. */
export function createComments(deps: WriteDeps, assets: Pick<AssetCases, 'get'>): CommentCases {
  const write = async (
    caller: Caller,
    reference: string,
    decide: (state: AssetState, atMs: number) => AssetState,
  ): Promise<AssetView> => {
    const { id } = await assets.get(caller, reference);
    const { body } = await writeAsset(
      deps,
      { caller, reference: id, options: {}, row: undefined, status: 200 },
      (state, atMs) => {
        if (!covers(caller, 'assets:write', placeOf({ id, state }))) throw refused();
        return decide(state, atMs);
      },
    );
    return body;
  };

  return {
    async list(caller, reference, query) {
      const all = commentsOf((await assets.get(caller, reference)).state).map(commentView);
      // By age; those of another DAM may have neither time nor id, so their place in the list decides.
      const placed = all.map((comment, at) => ({ comment, at }));
      const page = listPage(placed, ({ at }) => at, query);
      return { ...page, items: page.items.map(({ comment }) => comment) };
    },
    get: async (caller, reference, id) => found(commentsOf((await assets.get(caller, reference)).state), id),

    async add(caller, reference, input) {
      const id = deps.ids.next('comment');
      const { state } = await write(caller, reference, (before, atMs) => {
        const all = commentsOf(before);
        if (all.length >= limits.commentsPerAssetMax) throw tooMany(all.length);
        if (input.replyTo !== undefined) found(all, input.replyTo, '/replyTo');
        return withComments(before, [...all, newComment(input, { id, caller, atMs })], atMs);
      });
      return found(commentsOf(state), id);
    },

    async update(caller, reference, { id, ...patch }) {
      const { state } = await write(caller, reference, (before, atMs) => {
        const all = commentsOf(before);
        found(all, id);
        const comments = all.map((one) => (idOf(one) === id ? patched(one, patch, atMs) : one));
        return withComments(before, comments, atMs);
      });
      return found(commentsOf(state), id);
    },

    async remove(caller, reference, id) {
      await write(caller, reference, (before, atMs) => {
        const all = commentsOf(before);
        found(all, id);
        return withComments(
          before,
          all.filter((one) => idOf(one) !== id),
          atMs,
        );
      });
    },

    approval: async (caller, reference) => approvalView((await assets.get(caller, reference)).state),

    async decide(caller, reference, decision) {
      const { state } = await write(caller, reference, (before, atMs) => {
        const { approval, ...rest } = before.info;
        if (decision === null) return approval === undefined ? before : { ...before, info: rest, modifiedAtMs: atMs };
        const { status, note } = decision;
        const said: JsonObject = { status, ...signed(caller, atMs), ...(note === undefined ? {} : { note }) };
        return { ...before, info: { ...rest, approval: said }, modifiedAtMs: atMs };
      });
      return approvalView(state);
    },
  };
}

function commentsOf({ info }: AssetState): readonly JsonObject[] {
  const { comments } = info;
  return isList(comments) ? comments.filter(isObject) : [];
}

function withComments(state: AssetState, comments: readonly JsonObject[], atMs: number): AssetState {
  const { comments: _, ...rest } = state.info;
  return { ...state, info: comments.length === 0 ? rest : { ...rest, comments }, modifiedAtMs: atMs };
}

function idOf(comment: JsonObject): string | null {
  const id = ownValue(comment, 'id');
  return typeof id === 'string' ? id : null;
}

function found(comments: readonly JsonObject[], id: string, at?: string): CommentView {
  const one = comments.find((comment) => idOf(comment) === id);
  if (one !== undefined) return commentView(one);
  throw at === undefined ? notFound('the comment') : unfit(at, 'the id of a comment on this asset', id);
}

type Making = { readonly id: string; readonly caller: Caller; readonly atMs: number };

function newComment({ text, replyTo, ...place }: CommentInput, { id, caller, atMs }: Making): JsonObject {
  const { atMs: createdAtMs, ...who } = signed(caller, atMs);
  return {
    id,
    text,
    ...who,
    createdAtMs: createdAtMs ?? atMs,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...withoutUndefined(place),
  };
}

function signed({ actor }: Caller, atMs: number): JsonObject {
  return { by: actor.id, ...(actor.name === undefined ? {} : { byName: actor.name }), atMs };
}

function withoutUndefined(fields: { readonly [name: string]: JsonValue | undefined }): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined),
  );
}

function patched(comment: JsonObject, { text, resolved, ...place }: CommentPatch, atMs: number): JsonObject {
  const fields = new Map(Object.entries(comment));
  for (const [name, value] of Object.entries({ text, ...place })) {
    if (value === null) fields.delete(name);
    else if (value !== undefined) fields.set(name, value);
  }
  if (resolved === true) fields.set('resolved', true);
  if (resolved === false) fields.delete('resolved');
  fields.set('updatedAtMs', atMs);
  return Object.fromEntries(fields);
}

/** What another DAM has said is shown as far as it says it in our words. */
function commentView(comment: JsonObject): CommentView {
  const { region, page, atMs } = comment;
  const place = {
    ...(isRegion(region) ? { region } : {}),
    ...(typeof page === 'number' ? { page } : {}),
    ...(typeof atMs === 'number' ? { atMs } : {}),
  };
  const text = ownValue(comment, 'text');
  return {
    id: idOf(comment),
    kind: Object.keys(place).length === 0 ? 'comment' : 'annotation',
    text: typeof text === 'string' ? text : '',
    ...textsIn(comment, ['by', 'byName', 'replyTo']),
    ...numbersIn(comment, ['createdAtMs', 'updatedAtMs']),
    resolved: comment['resolved'] === true,
    ...place,
  };
}

function isRegion(value: JsonValue | undefined): value is NonNullable<CommentView['region']> {
  return isObject(value) && ['x', 'y', 'width', 'height'].every((side) => typeof ownValue(value, side) === 'number');
}

function approvalView({ info }: AssetState): ApprovalView {
  const { approval } = info;
  if (isObject(approval)) {
    const status = ownValue(approval, 'status');
    return {
      status: typeof status === 'string' ? status : null,
      ...textsIn(approval, ['by', 'byName', 'note']),
      ...numbersIn(approval, ['atMs']),
    };
  }
  if (typeof approval === 'string') return { status: approval };
  return { status: approval === undefined || approval === null ? null : JSON.stringify(approval) };
}

function textsIn<Name extends string>(from: JsonObject, names: readonly Name[]): { readonly [Key in Name]?: string } {
  const values: { [name: string]: string } = {};
  for (const name of names) {
    const value = ownValue(from, name);
    if (typeof value === 'string') values[name] = value;
  }
  return values as { readonly [Key in Name]?: string };
}

function numbersIn<Name extends string>(from: JsonObject, names: readonly Name[]): { readonly [Key in Name]?: number } {
  const values: { [name: string]: number } = {};
  for (const name of names) {
    const value = ownValue(from, name);
    if (typeof value === 'number') values[name] = value;
  }
  return values as { readonly [Key in Name]?: number };
}

function tooMany(count: number): AssetwireError {
  return new AssetwireError('limit_reached', {
    detail: `Keep at most ${limits.commentsPerAssetMax} comments on one asset: there are ${count}`,
    mend: 'Delete some first',
  });
}
