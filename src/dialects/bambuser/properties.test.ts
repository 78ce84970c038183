/** Rules of the dialect over anything that may come: what others report, what strangers send back. */
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { type Change, type ChangeKind, changeKinds } from '../../core/change.ts';
import { eventsOf } from '../../core/event-table.ts';
import { encodeId, idFromBytes } from '../../core/id-encoding.ts';
import type { JsonObject } from '../../core/json.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { Links } from '../contract/message.ts';
import type { VendorRequest } from '../contract/vendor-route.ts';
import { sampleResponse } from '../testing/sample-outcomes.ts';
import { sampleLinks, sampleWebhook } from '../testing/sample-webhook.ts';
import { events } from './events.ts';
import { bambuserDialect } from './index.ts';
import { policy } from './policy.ts';
import { readResourceUri, resourceUri } from './resource-uri.ts';

const webhook = sampleWebhook(bambuserDialect);

function bodyOf(change: Change, links: Links = sampleLinks): string {
  const [notification] = bambuserDialect.notify(change, webhook, { nowMs: 0, draw: randomBytes });
  assert.ok(notification?.messageId !== undefined, `${change.kind} is not told`);
  const { body } = bambuserDialect.render({
    change,
    webhook,
    notification,
    messageId: notification.messageId,
    createdAtMs: 0,
    links,
  });
  assert.ok(body instanceof Uint8Array);
  return Buffer.from(body).toString();
}

const told = changeKinds.filter((kind) => eventsOf(events, kind).length > 0);
const checks = new Map(
  bambuserDialect.manifest.events.map(({ name, schema }) => [name, new Ajv2020({ strict: false }).compile(schema)]),
);

/** A state as a DAM may report it: known fields with any value, and others. */
const anyState = fc.dictionary(
  fc.constantFrom(
    ...[
      'type',
      'title',
      'author',
      'tags',
      'customData',
      'ingestChannel',
      'position',
      'startedAtMs',
      'durationMs',
      'widthPx',
    ],
    ...[
      'preview',
      'recording',
      'resourceUrl',
      'status',
      'name',
      'file',
      'info',
      'renditions',
      'embedded',
      'aliases',
      'x',
    ],
  ),
  fc.jsonValue(),
  { maxKeys: 12 },
);

test('whatever a state holds, the body is one of the vendor’s, to its schema, and the same every time', () => {
  fc.assert(
    fc.property(anyState, fc.constantFrom<ChangeKind>(...told), (state, kind) => {
      const sample = sampleChange(kind);
      const laid = { ...(state as JsonObject), ...(sample.subject.type === 'asset' ? { kind: 'image' } : {}) };
      const change = {
        ...sample,
        before: sample.before === null ? null : laid,
        after: sample.after === null ? null : laid,
      };
      const body = bodyOf(change);
      const document = JSON.parse(body) as { action: string; collection: string; eventId: string };
      const check = checks.get(`${document.collection}.${document.action}`);
      assert.ok(check?.(document), `${body} ${JSON.stringify(check?.errors)}`);
      assert.equal(JSON.stringify(document), body);
      const again = JSON.parse(bodyOf(change)) as object;
      assert.deepEqual({ ...again, eventId: '' }, { ...document, eventId: '' });
    }),
    { numRuns: 300 },
  );
});

test('eventIds are 64 bits of chance each, also for changes that are alike', () => {
  const ids = new Set(
    Array.from(
      { length: 2_000 },
      () => (JSON.parse(bodyOf(sampleChange('broadcast.started'))) as { eventId: string }).eventId,
    ),
  );
  assert.equal(ids.size, 2_000);
  for (const id of ids) assert.match(id, /^[0-9a-f]{16}$/);
});

test('of assets only pictures are told, whatever else happens to them', () => {
  const told_ = (change: Change): number =>
    bambuserDialect.notify(change, webhook, { nowMs: 0, draw: randomBytes }).length;
  for (const kind of changeKinds.filter((one) => one.startsWith('asset.'))) {
    const sample = sampleChange(kind);
    for (const other of ['video', 'audio', 'document', 'broadcast', 'other'])
      assert.equal(
        told_({
          ...sample,
          before: sample.before && { ...sample.before, kind: other },
          after: sample.after && { ...sample.after, kind: other },
        }),
        0,
      );
    assert.equal(told_(sample), eventsOf(events, kind).length, kind);
  }
});

test('200 is delivered; every other status comes again until attempts or age are at their end, and is dead then', () => {
  const judged = (status: number, attempt = 1, nowMs = 0) =>
    bambuserDialect.judge({
      outcome: sampleResponse(status),
      event: 'broadcast.add',
      attempt,
      createdAtMs: 0,
      nowMs,
      policy,
      chance: 0.5,
    });
  for (let status = 200; status <= 599; status += 1)
    assert.equal(judged(status).kind, status === 200 ? 'delivered' : 'retry', String(status));
  const attempts = policy.schedule.delaysMs.length + 1;
  assert.equal(judged(500, attempts).kind, 'dead');
  assert.equal(judged(500, 2, policy.schedule.ageMaxMs + 1).kind, 'dead');
});

/** Links that sign with a key, as the server does. */
function signing(key: string): Links {
  return {
    ...sampleLinks,
    signature: (text) => createHmac('sha256', key).update(text).digest('hex'),
  };
}

function requestFor(uri: string): VendorRequest {
  const { pathname, searchParams } = new URL(uri);
  const [, , , workspace = '', , id = ''] = pathname.split('/');
  return {
    parameters: { workspace: decodeURIComponent(workspace), id },
    query: Object.fromEntries(searchParams),
    headers: {},
    bearer: false,
    body: null,
    base: '',
    scopes: [],
    links: sampleLinks,
    nowMs: 0,
  };
}

test('what is read back from a signed address is what was signed, and nothing of it can be changed unseen', () => {
  const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => idFromBytes('broadcast', bytes));
  fc.assert(
    fc.property(id, fc.stringMatching(/^[a-z0-9-]{1,20}$/), fc.nat(4e9), (broadcastId, workspaceId, seconds) => {
      const links = signing('key');
      const uuid = encodeId(broadcastId, 'uuid');
      const uri = resourceUri({ links, workspaceId, uuid, ownUuid: uuid, signedAtMs: seconds * 1_000 });
      const read = readResourceUri(requestFor(uri))?.recording;
      assert.deepEqual([read?.workspaceId, read?.broadcastId], [workspaceId, broadcastId]);
      assert.equal(links.signature?.(read?.text ?? ''), read?.signature);
      assert.equal(read?.expiresAtMs, (seconds + 30 * 24 * 3_600) * 1_000);
      for (const [name, value] of [
        ['da_id', 'x'],
        ['da_timestamp', String(seconds + 1)],
        // The same number by another spelling is another address.
        ['da_timestamp', `0${seconds}`],
        ['da_ttl', `0${30 * 24 * 3_600}`],
        ['da_static', '0'],
        ['da_ttl', '0'],
        ['da_signature_method', 'NONE'],
        ['da_more', '1'],
      ] as const) {
        const changed = new URL(uri);
        changed.searchParams.set(name, value);
        const other = readResourceUri(requestFor(changed.href))?.recording;
        assert.ok(other === undefined || links.signature?.(other.text) !== other.signature, name);
      }
    }),
    { numRuns: 100 },
  );
});

test('the UUID of a former life stays as receivers have stored it, in either letter case; another text is none', () => {
  const idIn = (externalId: string): unknown => {
    const sample = sampleChange('broadcast.started');
    const change = { ...sample, subject: { ...sample.subject, externalId } };
    return (JSON.parse(bodyOf(change)) as { readonly payload: JsonObject }).payload['id'];
  };
  for (const id of ['9353eaec-794f-11e6-97c0-f19001529702', '9353EAEC-794F-11E6-97C0-F19001529702'])
    assert.equal(idIn(id), id);
  const { id } = sampleChange('broadcast.started').subject;
  for (const other of ['', '4711', '9353eaec794f11e697c0f19001529702']) assert.equal(idIn(other), encodeId(id, 'uuid'));
});
