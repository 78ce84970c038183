import { type ErasedPerson, erasurePhases } from '../../app/erasure-cases.ts';
import { limits } from '../../core/limits.ts';
import { ok, type Route, route } from '../route.ts';
import { boolean, integer, named, object, oneOf, optional, type Schema, string } from '../schema.ts';
import { byId, id, line, pageOf, pageOptions, pageQuery, shownPage, timeMs } from '../schemas/basics.ts';

const area = 'erasures';
const count = (description: string) => integer({ minimum: 0, description });

const personSchema: Schema<ErasedPerson> = object(
  {
    userId: optional(id('user')),
    actorId: optional(line(300, 'As a DAM reports it in `actor.id`')),
    email: optional(line(320)),
    name: optional(line(300)),
  },
  {
    description:
      'What the person is known by; at least one. A user of the workspace brings id, address and name along, and is removed',
  },
);

const erasureInputSchema = named(
  'ErasureInput',
  object({
    asset: optional(line(400, 'Our id or `external:ID`; one of `asset` and `person`')),
    person: optional(personSchema),
    tellSeconds: optional(
      integer({
        minimum: 0,
        maximum: limits.erasureTellSecondsMax,
        description:
          'Of an asset: how long receivers may be told of its deletion before what is still owed is cancelled. Default 3,600',
      }),
    ),
    dryRun: optional(boolean({ description: 'Counts, and writes nothing' })),
  }),
);

const erasureSchema: Schema = named(
  'Erasure',
  object({
    id: id('erasure'),
    of: oneOf(['asset', 'person']),
    assetId: optional(id('asset')),
    state: oneOf(['running', 'done']),
    phase: oneOf(erasurePhases),
    startedAtMs: timeMs(),
    endedAtMs: optional(timeMs()),
    by: string({ description: 'type:id of who began it' }),
    cancelled: count('Deliveries that were still owed and were cancelled'),
    rows: count('Of what is there now: changed or removed'),
    past: count('Of what is remembered: emptied or removed'),
  }),
);

const estimateSchema: Schema = named(
  'ErasureEstimate',
  object({
    of: oneOf(['asset', 'person']),
    assetId: optional(id('asset')),
    userId: optional(id('user')),
    changes: count('That hold something of it'),
    deliveries: count('Of an asset: made for its changes'),
    pending: count('Of these still owed'),
    rows: count('Of what is there now'),
    complete: boolean({
      description: `False where more than ${limits.erasureCountedMax} rows would have had to be looked at`,
    }),
  }),
);

const beginErasure = route({
  method: 'POST',
  path: '/v1/erasures',
  operation: 'beginErasure',
  area,
  summary: 'Erase an asset or a person for good, out of the past as well; cannot be undone',
  description:
    'An asset is deleted past the trash, receivers are told for `tellSeconds`, what is then owed is cancelled; its states leave all changes, and its deliveries lose ' +
    'their bytes, attempts and answers. A person is replaced by `erased` wherever a value is one of the texts given, whatever its case; addresses, and names of several ' +
    'words, inside longer texts too. What stays is a record without anything personal. Needs `assets:write` for an asset, `keys:write` for a person.',
  scope: 'settings:write',
  body: erasureInputSchema,
  answers: {
    200: { description: 'What it would come to (dryRun)', schema: estimateSchema },
    202: { description: 'It has begun', schema: erasureSchema },
  },
  errors: ['forbidden', 'conflict', 'last_admin'],
  async handle({ caller, body }, { app }) {
    if (body.dryRun === true) return ok(await app.erasures.estimate(caller, body));
    return { status: 202, json: await app.erasures.begin(caller, body) };
  },
});

const listErasures = route({
  method: 'GET',
  path: '/v1/erasures',
  operation: 'listErasures',
  area,
  summary: 'List erasures, newest first',
  scope: 'settings:read',
  query: pageQuery,
  answers: { 200: { description: 'A page of erasures', schema: pageOf(erasureSchema) } },
  errors: ['invalid_cursor'],
  async handle({ caller, query }, { app }) {
    return ok(shownPage(await app.erasures.list(caller, pageOptions(query))));
  },
});

const getErasure = route({
  method: 'GET',
  path: '/v1/erasures/{id}',
  operation: 'getErasure',
  area,
  summary: 'Show how far an erasure has come',
  scope: 'settings:read',
  params: byId('erasure'),
  answers: { 200: { description: 'The erasure', schema: erasureSchema } },
  async handle({ caller, params }, { app }) {
    return ok(await app.erasures.get(caller, params.id));
  },
});

export const erasureRoutes: readonly Route[] = [beginErasure, listErasures, getErasure];
