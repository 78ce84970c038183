import { fetchStates, type FetchInput } from '../../app/app.ts';
import { limits } from '../../core/limits.ts';
import { array, integer, named, nullable, object, oneOf, optional, raw, type Schema, string } from '../schema.ts';
import { assetInputFields } from './asset.ts';
import { id, line, problemItemSchema, timeMs } from './basics.ts';

export const fetchInputSchema: Schema<FetchInput> = named(
  'FetchInput',
  object({
    url: string({
      minLength: 1,
      maxLength: limits.urlCharactersMax,
      description: 'Of the file itself, http or https: redirects are not followed, private addresses are refused',
      examples: ['https://dam.example.com/files/4711.jpg'],
    }),
    asset: optional(
      line(
        320,
        'Gets the file as its next version, by id or `external:ID`; absent: the asset of externalId, else a new one',
      ),
    ),
    ...assetInputFields,
  }),
);

export const fetchSchema: Schema<unknown> = named(
  'Fetch',
  object({
    id: id('fetch'),
    state: oneOf(fetchStates),
    url: string(),
    bytes: integer({ minimum: 0, description: 'Fetched so far' }),
    bytesTotal: nullable(integer({ minimum: 0, description: 'As announced' })),
    tries: integer({ minimum: 0 }),
    result: optional(
      oneOf(['created', 'version', 'unchanged'], { description: '`unchanged`: the asset has these very bytes' }),
    ),
    assetId: optional(string()),
    error: optional(object({ code: string(), detail: string() })),
    nextTryAtMs: optional(timeMs()),
    createdAtMs: timeMs(),
    endedAtMs: optional(timeMs()),
  }),
);

export const fetchResultSchema: Schema<unknown> = named(
  'FetchResult',
  raw({
    oneOf: [
      object({ status: oneOf(['accepted']), fetch: fetchSchema }),
      object({
        status: oneOf(['rejected']),
        code: string(),
        detail: string(),
        problems: optional(array(problemItemSchema)),
      }),
    ],
  }),
);

export const foundContentSchema: Schema<unknown> = named(
  'FoundContent',
  object({
    sha256: string(),
    assets: array(object({ id: id('asset'), externalId: optional(string()), name: string(), path: string() }), {
      description: 'Up to ten',
    }),
  }),
);
