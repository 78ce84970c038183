import type { PushedState, StatePush } from '../../app/app.ts';
import { isObject } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import type { JsonLine } from '../json-body.ts';
import { ok, type Route, route } from '../route.ts';
import { array, boolean, object, optional, raw, type Schema } from '../schema.ts';
import { assetStateItemSchema } from '../schemas/asset.ts';
import { id } from '../schemas/basics.ts';
import { pushResultSchema } from '../schemas/sync.ts';
import { problemsOf } from '../validation.ts';

type Batch = { readonly assets: readonly unknown[]; readonly sync?: string; readonly dryRun?: boolean };

const bodyBytesMax = 8 * 1024 * 1024;
/** A batch of 1,000 states may have as many keys as that many ordinary states have. */
const batchKeysMax = 200_000;

const batchFields = {
  sync: optional(id('sync')),
  dryRun: optional(boolean({ description: 'Tell what it would come to; nothing is written' })),
};

/** What is checked of the whole: each state has problems of its own. */
const envelopeSchema: Schema<Batch> = object({
  assets: array(raw<unknown>({}), { minItems: 1, maxItems: limits.batchItemsMax }),
  ...batchFields,
});

const pushAssets = route({
  method: 'PUT',
  path: '/v1/assets',
  operation: 'pushAssets',
  area: 'assets',
  summary: 'Tell the full present states of up to 1,000 assets; what changed is computed',
  description:
    'Each state names its asset by `externalId` (made where there is none) or `id`, and has a result of its own, in order: one that does not fit ' +
    'fails none of the others. States of one asset count in their order. Pushing the same batch again changes nothing, so it may be repeated after any failure. ' +
    'With `sync` the states belong to a full sync: see `/v1/syncs`. As `application/x-ndjson` each line is a state; `sync` and `dryRun` then stand in the query. ' +
    'A line that is no JSON is rejected like any state that does not fit, with its number; where no line is an object nothing is taken (400).',
  scope: 'assets:write',
  idempotent: true,
  items: ({ body: { assets, dryRun }, query }) => ((dryRun ?? query.dryRun) === true ? 0 : assets.length),
  ndjson: 'assets',
  // Where the body is lines, there is no place in it for these.
  query: object(batchFields),
  body: raw<Batch>(
    object({
      assets: array(assetStateItemSchema, { minItems: 1, maxItems: limits.batchItemsMax }),
      ...batchFields,
    }),
  ),
  check: (body) => problemsOf(envelopeSchema, body),
  bodyBytesMax,
  jsonLimits: { jsonDepthMax: limits.jsonDepthMax, jsonKeysMax: batchKeysMax, jsonElementsMax: limits.jsonElementsMax },
  answers: { 200: { description: 'A result for each', schema: object({ results: array(pushResultSchema) }) } },
  errors: ['conflict', 'not_found'],
  async handle({ caller, body, lines, query = {}, idempotency }, { app }) {
    const { assets, ...options } = { ...body, ...query };
    const states = lines === undefined ? assets.map(stateOf) : lines.map(stateOfLine);
    const key = idempotency === undefined ? {} : { idempotency };
    return ok(await app.assets.pushMany(caller, { states, ...options, ...key }));
  },
});

function stateOfLine({ line, ...read }: JsonLine): PushedState {
  return read.error === undefined ? { ...stateOf(read.value), line } : { line, problems: read.error };
}

/** One item, or what is wrong with it and whose it is as far as that can be told. */
function stateOf(given: unknown): PushedState {
  const problems = problemsOf(assetStateItemSchema, given);
  if (problems.length === 0) {
    const {
      id: ours,
      externalId,
      ...push
    } = given as { readonly id?: string; readonly externalId?: string } & StatePush;
    return { ...(ours === undefined ? {} : { id: ours }), ...(externalId === undefined ? {} : { externalId }), push };
  }
  const said: JsonObject = isObject(given) ? given : {};
  const { externalId } = said;
  const isName =
    typeof externalId === 'string' && externalId !== '' && externalId.length <= limits.externalIdCharactersMax;
  return { ...(isName ? { externalId } : {}), problems };
}

export const assetStateRoutes: readonly Route[] = [pushAssets];
