/** Schemas of the trash, of copies and of check-out. */
import type { CopyInput, RestoreInput, TrashQuery } from '../../app/app.ts';
import { limits } from '../../core/limits.ts';
import { boolean, integer, named, nullable, object, oneOf, optional, record, type Schema, string } from '../schema.ts';
import { aliasName, assetPath, externalIdField } from './asset.ts';
import { assetStateSchema } from './asset-state.ts';
import { cursor, id, limit, line, timeMs } from './basics.ts';

/** The asset's own id: what lies in the trash has no other. */
export const trashReference: Schema<{ readonly reference: string }> = object({ reference: id('asset') });

export const trashListQuery: Schema<Partial<TrashQuery>> = object({
  limit: optional(limit),
  cursor: optional(cursor),
  externalId: optional(line(300, 'The external id it had')),
  nameContains: optional(line(300, 'Part of the name, whatever its case')),
  trashedFromMs: optional(timeMs('Put there then or later')),
  trashedToMs: optional(timeMs('Put there before')),
  order: optional(oneOf(['newest', 'oldest'], { description: 'By when it was put there; newest first where absent' })),
});

export const restoreSchema: Schema<RestoreInput> = named(
  'TrashRestore',
  object({
    path: optional({ ...assetPath, description: 'Another folder than the one it lay in' }),
    externalId: optional(nullable({ ...externalIdField, description: 'Instead of the one it had; null for none' })),
    aliases: optional(
      record(nullable(line(300)), {
        maxProperties: 20,
        propertyNames: aliasName,
        description: 'As in a patch: null takes one away that belongs to another asset by now',
      }),
    ),
  }),
);

export const trashedAssetSchema: Schema<unknown> = named(
  'TrashedAsset',
  object({
    id: id('asset'),
    externalId: optional(string()),
    version: integer({ minimum: 1, description: 'It goes on behind this one when it comes back' }),
    trashedAtMs: timeMs(),
    deleteAtMs: timeMs('When it is deleted for good'),
    trashedBy: object({ type: oneOf(['user', 'key', 'source', 'system']), id: string(), name: optional(string()) }),
    bytes: integer({ minimum: 0, description: 'Of its versions and renditions' }),
    state: assetStateSchema,
  }),
);

export const trashUsageSchema: Schema<unknown> = named(
  'TrashUsage',
  object({
    assets: integer({ minimum: 0 }),
    bytes: integer({ minimum: 0 }),
    complete: boolean({
      description: `False where there are more than ${limits.trashCountedMax}, which were not counted`,
    }),
  }),
);

export const copySchema: Schema<CopyInput> = named(
  'AssetCopy',
  object({
    path: optional({ ...assetPath, description: 'The folder of the copy; that of the original where absent' }),
    name: optional(line(500, 'Where absent that of the original, with "copy" in it where it lies beside that')),
    externalId: optional(externalIdField),
    fromVersion: optional(integer({ minimum: 1, description: 'The version to copy; the active one where absent' })),
    metadata: optional(
      boolean({ description: 'Whether info, metadata, tags, labels and collections come along; true where absent' }),
    ),
  }),
);

export const deleteQuery: Schema<{ readonly permanently?: boolean }> = object({
  permanently: optional(
    boolean({
      description: 'For good: past the trash, or out of it. Needs the scope for all assets, a grant is not enough',
    }),
  ),
});
