/** What a change becomes for a subscription, over changes that nobody thought of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Change, type ChangeKind, changeKinds } from '../../core/change.ts';
import { type HealthAction, healthy, observe } from '../../core/disable-rules.ts';
import { type ErrorCode, errorTable } from '../../core/errors.ts';
import { eventsOf } from '../../core/event-table.ts';
import type { JsonObject } from '../../core/json.ts';
import type { DisableRule } from '../../core/policy.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { VendorRequest } from '../contract/vendor-route.ts';
import { compileSchema } from '../testing/manifest-checks.ts';
import { sampleLinks, sampleWebhook } from '../testing/sample-webhook.ts';
import { events } from './events.ts';
import { brandfolderDialect } from './index.ts';
import { notify } from './notify.ts';
import { inactiveAfterHours, policy, retriesMax } from './policy.ts';
import { policyFor } from './properties.ts';
import { render } from './render.ts';

const libraries = ['default', 'brand', 'brand-two'] as const;
const vendorRequest: VendorRequest = {
  parameters: {},
  query: {},
  headers: {},
  body: null,
  base: '',
  scopes: [],
  links: sampleLinks,
  nowMs: 0,
};

const kind = fc.constantFrom(...changeKinds);
const library = fc.constantFrom(...libraries);

function inLibrary(state: JsonObject | null, key: string): JsonObject | null {
  if (state === null) return null;
  const { library: _, ...rest } = state;
  return key === 'default' ? rest : { ...rest, library: key };
}

function changeOf(of: ChangeKind, was: string, is: string): Change {
  const change = sampleChange(of);
  return { ...change, before: inLibrary(change.before, was), after: inLibrary(change.after, is) };
}

const about = (key: string) => sampleWebhook(brandfolderDialect, { settings: { resource_key: key } });

test('What happens in one brandfolder is told to subscriptions of that one and to nobody else', () => {
  fc.assert(
    fc.property(kind, library, library, (of, lies, wanted) => {
      const told = notify(changeOf(of, lies, lies), about(wanted)).map(({ event }) => event);
      const expected = of === 'asset.moved' || lies !== wanted ? [] : eventsOf(events, of);
      assert.deepEqual(told, expected);
    }),
  );
});

test('An asset that goes from one brandfolder to another is gone here and new there, once each', () => {
  fc.assert(
    fc.property(library, library, library, (was, is, wanted) => {
      const told = notify(changeOf('asset.moved', was, is), about(wanted)).map(({ event }) => event);
      if (was === is) assert.deepEqual(told, []);
      else if (wanted === is) assert.deepEqual(told, ['asset.create', 'asset.update']);
      else assert.deepEqual(told, wanted === was ? ['asset.delete'] : []);
    }),
  );
});

test('A move of which nobody says from where is an edit; of one within a brandfolder nothing is told', () => {
  const told = (changed: readonly string[], is: string) =>
    notify({ ...changeOf('asset.moved', 'brand', is), before: null, changed }, about('brand')).map(
      ({ event }) => event,
    );
  assert.deepEqual(told(['library', 'name', 'path'], 'brand'), ['asset.update']);
  assert.deepEqual(told(['path'], 'brand'), []);
  assert.deepEqual(told(['library', 'name', 'path'], 'default'), []);
});

test('Every kind of edit that the vendor names is an update, and none of them is anything else', () => {
  const edits: readonly ChangeKind[] = [
    'asset.ready',
    'asset.renamed',
    'asset.info_changed',
    'asset.metadata_changed',
    'asset.tags_changed',
    'asset.collections_changed',
    'asset.approval_changed',
    'asset.expiration_changed',
    'asset.availability_changed',
    'asset.comments_changed',
  ];
  for (const of of edits) assert.deepEqual(eventsOf(events, of), ['asset.update'], of);
});

test('An event of an asset at a moment is the same bytes whatever was changed, so one commit may tell it once', () => {
  assert.equal(brandfolderDialect.oncePerMoment, true);
  const webhook = about('default');
  const bodies = new Map<string, Set<string>>();
  const { subject, occurredAtMs } = sampleChange('asset.created');
  for (const of of changeKinds) {
    const change = { ...changeOf(of, 'default', 'default'), subject, occurredAtMs };
    for (const notification of notify(change, webhook)) {
      const input = { change, webhook, notification, messageId: `dlv_${of}`, createdAtMs: 0, links: sampleLinks };
      const made = bodies.get(notification.event) ?? new Set();
      bodies.set(notification.event, made.add(Buffer.from(render(input).body as Uint8Array).toString()));
    }
  }
  assert.deepEqual(
    [...bodies.values()].map(({ size }) => size),
    [1, 1, 1],
  );
});

test('Whatever the asset is called and whatever it holds, the body is the closed one of the vendor', () => {
  const validators = new Map(
    brandfolderDialect.manifest.events.map(({ name, schema }) => [name, compileSchema(schema)] as const),
  );
  const alias = fc.option(fc.string({ minLength: 1, maxLength: 50 }), { nil: undefined });
  fc.assert(
    fc.property(
      kind,
      alias,
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.date({ noInvalidDate: true }),
      (...drawn) => {
        const [of, given, metadata, date] = drawn;
        const atMs = Math.abs(date.getTime()) % Date.UTC(9_999, 11, 31);
        const sample = sampleChange(of);
        const filled = (state: JsonObject | null): JsonObject | null =>
          state === null
            ? null
            : {
                ...state,
                metadata: metadata as JsonObject,
                ...(given === undefined ? {} : { aliases: { brandfolder: given } }),
              };
        const change = { ...sample, occurredAtMs: atMs, before: filled(sample.before), after: filled(sample.after) };
        const webhook = about('default');
        for (const notification of notify(change, webhook)) {
          const input = { change, webhook, notification, messageId: 'dlv_1', createdAtMs: atMs, links: sampleLinks };
          const { body } = render(input);
          const text = new TextDecoder().decode(body as Uint8Array);
          const read = JSON.parse(text) as { data: { attributes: { key: string; event_time: string } } };
          const validate = validators.get(notification.event);
          assert.ok(validate?.(read), JSON.stringify(validate?.errors));
          assert.equal(Date.parse(`${read.data.attributes.event_time.slice(0, 23).replace(' ', 'T')}Z`), atMs);
          if (given !== undefined && change.subject.type === 'asset') assert.equal(read.data.attributes.key, given);
        }
      },
    ),
  );
});

test('There are 15 retries, each later than the one before it whatever the jitter, within the age of a delivery', () => {
  const { delaysMs, jitter, ageMaxMs } = policy.schedule;
  assert.equal(delaysMs.length, 15);
  for (const [at, delayMs] of delaysMs.entries()) {
    const before = delaysMs[at - 1];
    if (before !== undefined) assert.ok(delayMs * (1 - jitter) > before * (1 + jitter), String(at));
  }
  const longest = delaysMs.reduce((sum, delayMs) => sum + delayMs * (1 + jitter), 0);
  assert.ok(longest + 16 * policy.timeoutMs < ageMaxMs);
});

/** What becomes of a subscription to which one notification is sent until its retries are used up. */
function failing(rules: readonly DisableRule[], share: number): readonly HealthAction[] {
  const { delaysMs, jitter } = policy.schedule;
  let health = healthy;
  let nowMs = 1_000_000;
  const actions: HealthAction[] = [];
  for (const delayMs of [0, ...delaysMs]) {
    nowMs += delayMs * (1 + jitter * share);
    const step = observe(health, { kind: 'failure', status: 500 }, { rules, nowMs });
    health = step.health;
    actions.push(...step.actions);
  }
  return actions;
}

test('A subscription whose notification has used up its retries is made inactive, after a warning and not before the last', () => {
  for (const share of [-1, 0, 1]) {
    const actions = failing(policy.disable, share);
    assert.equal(actions.at(-1)?.kind, 'disable', String(share));
    assert.ok(
      actions.length >= 2 && actions.slice(0, -1).every(({ kind: action }) => action === 'warn'),
      String(share),
    );
  }
  // One success on the way, and it goes on.
  const later = observe(
    { ...healthy, failingSinceMs: 0, failures: 15, lastFailureAtMs: 1 },
    { kind: 'success' },
    { rules: policy.disable, nowMs: 200 * 3_600_000 },
  );
  assert.deepEqual(later.actions, []);
  assert.equal(later.health.failingSinceMs, null);
});

test('The threshold is the workspace’s to set, and never is a threshold', () => {
  assert.deepEqual(policyFor({}), {});
  assert.deepEqual(policyFor({ inactive_after_hours: -1 }), { disable: [] });
  assert.deepEqual(policyFor({ inactive_after_hours: 0 }), { disable: [] });
  const { disable = [] } = policyFor({ inactive_after_hours: 20 });
  assert.equal(failing(disable, 0).at(-1)?.kind, 'disable');
  assert.deepEqual(
    failing(policyFor({ inactive_after_hours: 100 }).disable ?? [], 0).filter(({ kind: is }) => is === 'disable'),
    [],
  );
  assert.equal(retriesMax, 15);
  assert.equal(inactiveAfterHours, 40);
});

test('Only an equal subscription is told as one that exists: other conflicts are not', () => {
  const create = brandfolderDialect.manage?.find(
    ({ method, path }) => method === 'POST' && path === '/api/v1/webhooks',
  );
  const titleOf = (code: ErrorCode): string => {
    const { status } = errorTable[code];
    const headers = { 'content-type': 'application/json' };
    const answer = create?.presentError?.(
      { code, status, detail: 'this' },
      { ...vendorRequest, headers, bearer: true },
    );
    return `${answer?.status ?? 0} ${(answer?.body as { errors: { title: string }[] }).errors[0]?.title ?? ''}`;
  };
  assert.equal(titleOf('already_exists'), '409 Subscription Already Exists');
  assert.equal(titleOf('limit_reached'), '400 Invalid Payload Provided');
  assert.equal(titleOf('too_many_requests'), '429 Too Many Requests');
  assert.equal(titleOf('conflict'), '409 Subscription Not Possible Now');
  assert.equal(titleOf('unauthenticated'), '403 Permission Denied for Provided Resource');
  assert.equal(titleOf('invalid_settings'), '400 Invalid Payload Provided');
});
