/**
 * IN-21: calls made from our own OpenAPI document, seeded: missing, extra, wrong, at the bounds, strange and huge. No
 * answer may be 5xx, none of a status the document does not name, and every success must fit its schema (TN-15).
 * A failing run prints its seed: FUZZ_SEED=n node --test test/e2e/fuzz.test.ts
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Ajv2020, Ajv2020 as Ajv } from 'ajv/dist/2020.js';
import { errorTable } from '../../src/core/errors.ts';
import { allRoutes, samplePath } from '../../src/api/testing/test-server.ts';
import { errorsOf } from '../../src/api/route-errors.ts';
import type { Route } from '../../src/api/route.ts';
import { seededFractions } from '../support/seeded.ts';
import { eventually, type RealServer, rows, startRealServer, type Tenant, uploadOptions } from './real-server.ts';

const calls = 2_000;
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_122);

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('fuzz');
  await furnish();
});
after(() => server[Symbol.asyncDispose]());

/** One of everything, so that there is something to list, show and change. */
async function furnish(): Promise<void> {
  const inbox = await tenant.ask('/v1/inboxes', { method: 'POST' });
  const target = { transport: 'http', url: inbox['url'] };
  const webhook = await tenant.ask('/v1/webhooks', {
    body: { name: 'w', dialect: 'standard', target, events: ['*'], filter: { folder: ['/'] } },
  });
  const asset = (await tenant.upload('a.txt', Buffer.from('hello'), { externalId: 'external-1' })).json;
  await eventually(
    () => tenant.ask('/v1/deliveries?states=delivered'),
    (page) => rows(page).length > 0,
    'a delivery',
  );
  const replay = await tenant.ask('/v1/replays', { body: { fromMs: 0, toMs: Date.now(), webhookId: webhook['id'] } });
  for (const made of [inbox, webhook, asset, replay]) learn(JSON.stringify(made));
  for (const path of ['/v1/deliveries', '/v1/changes']) learn((await tenant.call(path)).text);
}

const fraction = seededFractions(seed);
const pick = <T>(items: readonly T[]): T => items[Math.floor(fraction() * items.length)] as T;

const strange: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 53,
  1e308,
  '',
  ' ',
  '*',
  '\u0000',
  '\u202e',
  '😀',
  'é'.normalize('NFD'),
  "'; DROP TABLE resource;--",
  '%_\\',
  '$1',
  '../../etc/passwd',
  '{{7*7}}',
  '${process.env}',
  '<script>alert(1)</script>',
  'a'.repeat(5_000),
  [],
  [[[[]]]],
  {},
  { __proto: 1, constructor: { prototype: {} }, toString: 1, hasOwnProperty: 1 },
];

/** What some fields must be for a call to get past the door. */
const fitting: Readonly<Record<string, readonly unknown[]>> = {
  url: ['https://example.com/hook', 'https://example.com/other', 'http://10.0.0.1/', 'nonsense'],
  dialect: ['standard', 'standard', 'standard', 'none'],
  events: [['*'], ['*'], ['asset.created'], ['no.such.event']],
  filter: [{ folder: ['/'] }, { field: 'name', equals: 'x' }, { nonsense: 1 }],
  policy: [{}, { timeoutMs: 5_000 }, { timeoutMs: -1 }],
  headers: [[], [['x-team', 'dam']], [['host', 'x']]],
  settings: [{}],
  secret: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'short'],
  externalId: ['external-1', 'external-2', 'ü'],
  fromMs: [0],
  toMs: [Date.now()],
  name: ['a.jpg', 'name', ''],
  path: ['/', '/a/b', 'relative'],
};

/** A value that fits the schema, mostly. */
function sample(schema: unknown, depth = 0): unknown {
  if (typeof schema !== 'object' || schema === null) return pick(strange);
  if (fraction() < 0.04) return pick(strange);
  const {
    enum: values,
    oneOf,
    anyOf,
    type,
    properties,
    required,
    items,
    prefixItems,
    pattern,
    minimum,
    maximum,
    maxLength,
    maxItems,
  } = Object.fromEntries(Object.entries(schema));
  if (Array.isArray(values)) return pick(values);
  if (Array.isArray(oneOf)) return sample(pick(oneOf), depth);
  if (Array.isArray(anyOf)) return sample(pick(anyOf), depth);
  const kind: unknown = Array.isArray(type) ? pick(type) : type;
  if (kind === 'object') return sampleObject(properties, required, depth);
  if (kind === 'array') {
    if (Array.isArray(prefixItems)) return prefixItems.map((item) => sample(item, depth + 1));
    const count =
      fraction() < 0.03 && typeof maxItems === 'number' ? Math.min(maxItems + 1, 1_100) : Math.floor(fraction() * 3);
    return Array.from({ length: count }, () => sample(items, depth + 1));
  }
  if (kind === 'integer' || kind === 'number')
    return pick(
      [minimum, maximum, Number(minimum ?? 0) + 1, Number(maximum ?? 100) + 1, 0, 1, 50, Date.now()]
        .map(Number)
        .filter((each) => !Number.isNaN(each)),
    );
  if (kind === 'boolean') return fraction() < 0.5;
  if (typeof pattern === 'string' && /^\^[a-z]+_/.test(pattern))
    return `${/[a-z]+/.exec(pattern)?.[0]}_01m8${'0123456789abcdefghjkmn'}`;
  if (fraction() < 0.05 && typeof maxLength === 'number') return 'x'.repeat(Math.min(maxLength + 1, 20_000));
  return pick([
    'a',
    'name',
    'external-1',
    '/folder',
    'standard',
    'https://example.com/hook',
    'asset.created',
    'x-name',
    'value',
  ]);
}

function sampleObject(properties: unknown, required: unknown, depth: number): object {
  const result: Record<string, unknown> = {};
  if (typeof properties !== 'object' || properties === null || depth > 6)
    return fraction() < 0.5
      ? {}
      : { any: pick(strange), info: { title: pick(strange) }, name: 'n', tags: ['t'], path: '/p' };
  for (const [name, schema] of Object.entries(properties)) {
    const needed = Array.isArray(required) && required.includes(name);
    if (needed ? fraction() < 0.98 : fraction() < 0.3) {
      const known_ = Object.hasOwn(fitting, name) && fraction() < 0.9 ? fitting[name] : undefined;
      result[name] = known_ === undefined ? sample(schema, depth + 1) : pick(known_);
    }
  }
  if (fraction() < 0.03) result[pick(['extra', 'workspaceId', 'constructor', 'toString'])] = pick(strange);
  return result;
}

function queryOf(route: Route): string {
  const properties: unknown = route.query?.['properties'];
  if (typeof properties !== 'object' || properties === null) return fraction() < 0.03 ? '?x=1' : '';
  const parts = Object.entries(properties)
    .filter(() => fraction() < 0.3)
    .map(([name, schema]) => {
      const value = sample(schema);
      const shown = Array.isArray(value) ? value.join(',') : typeof value === 'string' ? value : JSON.stringify(value);
      return `${name}=${encodeURIComponent((shown ?? '').toWellFormed())}`;
    });
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** Ids that really exist, learnt from answers, so that calls get further than 404. */
const known = new Map<string, string[]>();

function learn(text: string): void {
  for (const [id = '', prefix = ''] of text.matchAll(/\b(ast|wh|chg|dlv|inb|rpl)_[0-9a-z]{26}\b/g)) {
    const list = known.get(prefix) ?? [];
    if (list.length < 50 && !list.includes(id)) known.set(prefix, [...list, id]);
  }
}

function pathOf(route: Route): string {
  return samplePath(route).replace(/\b([a-z]{2,3})_[0-9a-z]{26}\b/, (id, prefix: string) => {
    const list = known.get(prefix);
    if (prefix === 'ast' && fraction() < 0.2)
      return encodeURIComponent(`external:${pick(['external-1', 'ü', "a'b", 'x/y'])}`);
    // Seldom delete what exists: soon nothing would be left to call anything on.
    return list === undefined || fraction() < (route.method === 'DELETE' ? 0.95 : 0.15) ? id : pick(list);
  });
}

const validators: Ajv2020 = new Ajv({ strict: false, discriminator: true, validateFormats: false });
const compiled = new Map<object, ReturnType<Ajv2020['compile']>>();

function misfit(schema: object, value: unknown): string | undefined {
  const validate = compiled.get(schema) ?? validators.compile(schema);
  compiled.set(schema, validate);
  return validate(value) ? undefined : JSON.stringify(validate.errors?.slice(0, 3));
}

test(`IN-21 ${calls} calls made from our own document: none is answered 5xx, with a status it does not name, or in another shape`, async () => {
  // Keys stay out: a fuzzer that revokes its own key tests nothing any more.
  const routes = allRoutes().filter(
    ({ streaming, operation }) => streaming !== true && operation !== 'revokeKey' && operation !== 'createSession',
  );
  const statuses = new Map<number, number>();
  const wrong: string[] = [];
  const succeeded = new Set<string>();
  for (let count = 0; count < calls; count++) {
    const route = pick(routes);
    const path = pathOf(route) + queryOf(route);
    const headers: Record<string, string> =
      fraction() < 0.1 ? { 'idempotency-key': pick(['k1', 'k2', 'a b', 'ü', 'x'.repeat(300)]) } : {};
    const options =
      route.upload !== undefined
        ? uploadOptions(
            pick(['a.jpg', '../x', 'ü.png', '']),
            Buffer.from(pick(['x', '', 'hello'])),
            fraction() < 0.5 ? Object(sample(assetPart(route))) : undefined,
          )
        : route.body === undefined
          ? { method: route.method }
          : {
              method: route.method,
              body:
                fraction() < 0.03
                  ? pick(['', '{', '[]', 'null', '"x"', '1'])
                  : JSON.stringify(sample(route.body) ?? null),
              headers,
            };
    const answer = await tenant.call(path, options);
    learn(answer.text);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    const where = `call ${count}: ${route.method} ${path.slice(0, 200)} ${JSON.stringify(options).slice(0, 600)} → ${answer.status} ${answer.text.slice(0, 400)}`;
    if (answer.status >= 500) wrong.push(where);
    const declared = route.answers[answer.status];
    if (answer.status < 300) succeeded.add(route.operation);
    if (declared === undefined) {
      const allowed = new Set(errorsOf(route).map((code) => errorTable[code].status as number));
      if (!allowed.has(answer.status)) wrong.push(`undocumented status: ${where}`);
      const code = String(answer.json['code']);
      if (!Object.hasOwn(errorTable, code)) wrong.push(`unknown code: ${where}`);
      else if (!errorsOf(route).some((each) => each === code)) wrong.push(`undocumented code ${code}: ${where}`);
    } else if (declared.schema !== undefined && declared.contentType === undefined) {
      const problem = misfit(declared.schema, answer.json);
      if (problem !== undefined) wrong.push(`shape ${problem}: ${where}`);
    }
  }
  console.log(
    `IN-21 expanded: ${calls} calls, seed ${seed}, statuses ${JSON.stringify(Object.fromEntries([...statuses].sort(([a], [b]) => a - b)))}`,
  );
  assert.deepEqual([...new Set(wrong)].slice(0, 12), [], `FUZZ_SEED=${seed}`);
  const never = routes.map(({ operation }) => operation).filter((operation) => !succeeded.has(operation));
  // A fuzzer whose calls are all refused at the door finds nothing: behind nearly every door it must have been.
  console.log(`IN-21 answered well at least once: all but ${never.join(', ')}`);
  assert.ok(never.length <= 8, `${never.join(', ')}; FUZZ_SEED=${seed}`);
});

function assetPart(route: Route): unknown {
  const properties: unknown = route.upload?.schema['properties'];
  return typeof properties === 'object' && properties !== null ? Reflect.get(properties, 'asset') : {};
}
