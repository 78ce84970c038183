/** What vendors' routes may ask for of broadcasts, of pictures as their own view of assets, and of what was sent. */
import type { App, AssetView, Caller } from '../app/app.ts';
import type { BroadcastView } from '../app/broadcast-cases.ts';
import { AssetwireError } from '../core/errors.ts';
import type { SearchExpression } from '../core/search-expression.ts';
import { wordsOf } from '../core/search-words.ts';
import { notFound } from './problem.ts';
import { integer, object, optional, type Schema, string } from './schema.ts';
import { cursor, limit, line } from './schemas/basics.ts';

/** By the id that it had elsewhere, else by the one that it has here. */
export type VendorReference = { readonly id: string; readonly ownId?: string };

const reference = { id: line(400), ownId: optional(line(60)) };
export const referenceSchema: Schema<VendorReference> = object(reference);
export const clipOrderSchema = object({
  ...reference,
  clip: object({ fromMs: integer({ minimum: 0 }), toMs: integer({ minimum: 0 }) }),
});
export const listSchema = object({
  limit,
  cursor: optional(cursor),
  titleContains: optional(string({ minLength: 1, maxLength: 200 })),
  author: optional(string({ minLength: 1, maxLength: 200 })),
  fromMs: optional(integer({ minimum: 0 })),
  toMs: optional(integer({ minimum: 0 })),
});
export const messageSchema = object({ messageId: line(64) });

type Listed = {
  readonly limit: number;
  readonly cursor?: string;
  readonly titleContains?: string;
  readonly author?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
};

/** With the workspace, which payloads are made from. */
type Placed<View> = View & { readonly workspaceId: string };

const placed = <View>(caller: Caller, view: View): Placed<View> => ({ ...view, workspaceId: caller.workspaceId });

/** Receivers know those that they were told of. Throws `not_found`. */
async function toldBroadcast(app: App, caller: Caller, { id, ownId }: VendorReference): Promise<BroadcastView> {
  const found =
    (await orNull(() => app.broadcasts.get(caller, `external:${id}`))) ??
    (ownId === undefined ? null : await orNull(() => app.broadcasts.get(caller, ownId)));
  if (found === null || !isTold(found)) throw notFound('Find the broadcast: there is none of this id');
  return found;
}

function isTold({ state: { type } }: BroadcastView): boolean {
  return type === 'live' || type === 'archived';
}

async function orNull<View>(find: () => Promise<View>): Promise<View | null> {
  try {
    return await find();
  } catch (error) {
    if (error instanceof AssetwireError && (error.code === 'not_found' || error.code === 'gone')) return null;
    throw error;
  }
}

export async function getBroadcast(app: App, caller: Caller, asked: VendorReference): Promise<Placed<BroadcastView>> {
  return placed(caller, await toldBroadcast(app, caller, asked));
}

export async function listBroadcasts(app: App, caller: Caller, query: Listed) {
  const { items, nextCursor } = await app.broadcasts.list(caller, { ...query, told: true });
  return { items: items.map((view) => placed(caller, view)), nextCursor };
}

export async function clipBroadcast(
  app: App,
  caller: Caller,
  { clip, ...asked }: VendorReference & { readonly clip: { readonly fromMs: number; readonly toMs: number } },
) {
  const { id } = await toldBroadcast(app, caller, asked);
  return (await app.broadcasts.clip(caller, id, clip)).body;
}

export async function removeBroadcast(app: App, caller: Caller, asked: VendorReference) {
  const { id } = await toldBroadcast(app, caller, asked);
  await app.broadcasts.remove(caller, id);
  return {};
}

/** Throws `not_found` for what is no picture, too. `dialect` says in which former life the id may have been given. */
async function image(
  app: App,
  caller: Caller,
  { id, ownId, dialect }: VendorReference & { readonly dialect: string },
): Promise<AssetView> {
  const found =
    (await orNull(() => app.assets.get(caller, `alias:${dialect}:${id}`))) ??
    (ownId === undefined ? null : await orNull(() => app.assets.get(caller, ownId)));
  if (found === null || found.state.kind !== 'image') throw notFound('Find the image: there is none of this id');
  return found;
}

type OfDialect = { readonly dialect: string };

export async function getImage(app: App, caller: Caller, asked: VendorReference & OfDialect) {
  return placed(caller, await image(app, caller, asked));
}

export async function listImages(app: App, caller: Caller, { titleContains, fromMs, toMs, ...page }: Listed) {
  const of: SearchExpression[] = [{ op: 'value', field: 'kind', value: 'image', match: 'exact' }];
  if (titleContains !== undefined)
    of.push({ op: 'words', field: 'info.title', words: wordsOf(titleContains), prefix: true });
  const { items, nextCursor } = await app.assets.list(caller, {
    ...page,
    where: { op: 'all', of },
    ...(fromMs === undefined ? {} : { createdFromMs: fromMs }),
    ...(toMs === undefined ? {} : { createdToMs: toMs }),
  });
  return { items: items.map((view) => placed(caller, view)), nextCursor };
}

export async function removeImage(app: App, caller: Caller, asked: VendorReference & OfDialect) {
  const { id } = await image(app, caller, asked);
  await app.assets.remove(caller, id);
  return {};
}

/** The document that a receiver was sent under this id, to the byte. Throws `not_found`. */
export async function sentMessage(
  app: App,
  _caller: Caller,
  { messageId, dialect }: { readonly messageId: string } & OfDialect,
) {
  const body = await app.deliveries.ofMessage(messageId, dialect);
  return { body: Buffer.from(body).toString('utf8') };
}
