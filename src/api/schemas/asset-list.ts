/** The list of assets: what it may be asked, and how it answers. */
import type { AssetListQuery } from '../../app/app.ts';
import { assetKinds, unavailabilities } from '../../core/asset.ts';
import { limits } from '../../core/limits.ts';
import { array, boolean, integer, named, nullable, object, oneOf, optional, type Schema, string } from '../schema.ts';
import { assetPath, assetViewSchema } from './asset.ts';
import { cursor, limit, line, timeMs } from './basics.ts';

const word = (description: string): Schema<string> => line(300, description);

export const assetListQuery: Schema<Partial<AssetListQuery>> = object({
  limit: optional(limit),
  cursor: optional(cursor),
  q: optional(
    string({
      minLength: 1,
      maxLength: limits.searchCharactersMax,
      description: 'A search: words, "phrases", beginnings*, field:value, ranges, AND, OR, NOT and parentheses',
      examples: ['spring (flower OR blossom) metadata.status:approved created:>=2026-01-01'],
    }),
  ),
  externalId: optional(line(300)),
  kind: optional(oneOf(assetKinds)),
  folder: optional({ ...assetPath, description: 'In this folder or below it' }),
  exact: optional(boolean({ description: 'With folder: not below it' })),
  tag: optional(word('Has this tag')),
  label: optional(word('Has this label')),
  collection: optional(word('Is in this collection')),
  archived: optional(boolean()),
  checkedOut: optional(boolean({ description: 'Somebody has checked it out, or nobody has' })),
  availability: optional(
    oneOf(['available', ...unavailabilities], { description: 'By its dates of publication and expiry' }),
  ),
  nameContains: optional(word('Part of the name, whatever its case')),
  createdFromMs: optional(timeMs('Created then or later')),
  createdToMs: optional(timeMs('Created before')),
  updatedFromMs: optional(timeMs('Last written then or later')),
  updatedToMs: optional(timeMs('Last written before')),
  order: optional(
    oneOf(['newest', 'oldest', 'updated', 'name'], {
      description: 'By creation, newest first where absent; by the last write, latest first; by name',
    }),
  ),
  count: optional(boolean({ description: 'Say how many there are, in `total`' })),
});

/** A page of a search. */
export const assetListPage = named(
  'AssetListPage',
  object({
    data: array(assetViewSchema),
    nextCursor: nullable(string()),
    complete: boolean({
      description:
        'False: what was written in the last moments may be missing; or the index is being made and so many assets were ' +
        'looked at that the page ended before it was full: go on behind `nextCursor`',
    }),
    total: optional(
      object({
        value: integer({ minimum: 0 }),
        is: oneOf(['exact', 'atLeast', 'atMost', 'soFar'], {
          description:
            'atMost: not each of them was looked at; atLeast: counting took too long; soFar: the index is behind (`complete` is false), so it may be more or fewer',
        }),
      }),
    ),
  }),
);
