import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Change, changeKinds } from '../../core/change.ts';
import { eventsOf } from '../../core/event-table.ts';
import type { JsonObject } from '../../core/json.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { Webhook } from '../../core/webhook.ts';
import { describeDialect } from '../testing/conformance.ts';
import { sampleResponse } from '../testing/sample-outcomes.ts';
import { sampleLinks, sampleWebhook } from '../testing/sample-webhook.ts';
import { type Header, signatureHeaders } from '../testing/signature-headers.ts';
import { eventNames } from './events.ts';
import { knownFields } from './fields.ts';
import { woodwingDialect } from './index.ts';
import { policy } from './policy.ts';
import { verify } from './verify.ts';

const token = '8/+6zgwqUERB1q1oS3Xhxw==';

describeDialect({
  dialect: woodwingDialect,
  folder: import.meta.dirname,
  settings: { metadataToReturn: ['filename', 'folderPath', 'status'] },
  secrets: [token],
});

function signed(body: Uint8Array, secret = token): readonly Header[] {
  const requests = woodwingDialect.sign({
    body,
    messageId: 'dlv_1',
    webhook: sampleWebhook(woodwingDialect),
    secrets: [{ name: 'secretToken', version: 1, format: 'text' }],
    attemptAtMs: 0,
  });
  return signatureHeaders(requests, () => secret);
}

function webhookWith(settings: JsonObject, more: Partial<Webhook> = {}): Webhook {
  return sampleWebhook(woodwingDialect, { settings, ...more });
}

function bytes(change: Change, settings: JsonObject = {}): Buffer {
  const webhook = webhookWith(settings);
  const [notification] = woodwingDialect.notify(change, webhook, { nowMs: 0, draw: randomBytes });
  assert.ok(notification !== undefined, `${change.kind} is not told`);
  const { body } = woodwingDialect.render({
    change,
    webhook,
    notification,
    messageId: 'dlv_1',
    createdAtMs: 0,
    links: sampleLinks,
  });
  assert.ok(body instanceof Uint8Array);
  return Buffer.from(body);
}

function rendered(change: Change, settings: JsonObject = {}): JsonObject {
  return JSON.parse(bytes(change, settings).toString()) as JsonObject;
}

function isTold(change: Change, settings: JsonObject): boolean {
  return woodwingDialect.notify(change, webhookWith(settings), { nowMs: 0, draw: randomBytes }).length > 0;
}

test('SG-01 the vector that the vendor’s own sample accepts comes out byte for byte', () => {
  const body = Buffer.from(
    '{"timestamp":1510226364441,"type":"asset_update_metadata","assetId":"A1","metadata":{"status":"Final","filename":"flower-ü.jpg"},"changedMetadata":{"status":{"oldValue":"Draft","newValue":"Final"}}}',
  );
  assert.equal(body.length, 199);
  assert.deepEqual(signed(body), [
    ['X-Hook-Signature', '2b58073d3910c65ad262233742315085acd191972f82b57ab7828e34af963bfe'],
  ]);
  const change = sampleChange('asset.metadata_changed');
  const [before = {}, after = {}] = [change.before, change.after].map((state) => ({
    ...state,
    aliases: { woodwing: 'A1' },
  }));
  const vector = { ...change, before, after, occurredAtMs: 1_510_226_364_441 };
  assert.deepEqual(bytes(vector, { metadataToReturn: ['status', 'filename'] }), body);
});

test('SG-01 only the token’s own characters, over the raw body, in lower-case hex, verify', () => {
  const body = Buffer.from('{"a":1}');
  const result = (signature: string, key = token): string =>
    verify({
      headers: [['x-hook-signature', signature]],
      body,
      keys: [{ kind: 'secret', value: key }],
      nowMs: 0,
    }).result;
  const digest = createHmac('sha256', token).update(body).digest();
  assert.equal(result(digest.toString('hex')), 'verified');
  const wrong = [
    createHmac('sha256', Buffer.from(token, 'base64')).update(body).digest('hex'),
    digest.toString('base64'),
    digest.toString('hex').toUpperCase(),
    `sha256=${digest.toString('hex')}`,
    digest.toString('hex').slice(0, -2),
    `${digest.toString('hex')} `,
    '',
  ];
  for (const signature of wrong) assert.equal(result(signature), 'failed', signature);
  assert.equal(result(digest.toString('hex'), `${token}x`), 'failed');
  const arrived = signed(body).map(([name, value]) => [name.toLowerCase(), value] as const);
  const twice = [...arrived, ...arrived];
  assert.equal(verify({ headers: twice, body, keys: [{ kind: 'secret', value: token }], nowMs: 0 }).result, 'failed');
});

test('HX-09 what a receiver makes of the parsed body has the same bytes, whatever the metadata holds', () => {
  const anything = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { maxKeys: 12 });
  fc.assert(
    fc.property(anything, anything, (was, is) => {
      const change = sampleChange('asset.metadata_changed', {
        before: { ...sampleChange('asset.ready').after, metadata: was as JsonObject },
        after: { ...sampleChange('asset.ready').after, metadata: is as JsonObject },
        changed: [...new Set([...Object.keys(was), ...Object.keys(is)])].map((name) => `metadata.${name}`),
      });
      const body = bytes(change, { metadataToReturn: ['filename', ...Object.keys(is)] });
      const again = Buffer.from(JSON.stringify(JSON.parse(body.toString())));
      assert.deepEqual(again, body);
      assert.deepEqual(Object.keys(JSON.parse(body.toString()) as object), [
        'timestamp',
        'type',
        'assetId',
        'metadata',
        'changedMetadata',
      ]);
    }),
    { numRuns: 300 },
  );
});

test('IN-03 names of the prototype are fields like any other, and harm nothing', () => {
  const state = JSON.parse(
    '{"name":"x","path":"/","metadata":{"__proto__":{"polluted":1},"constructor":2}}',
  ) as JsonObject;
  const change = sampleChange('asset.metadata_changed', {
    before: { ...state, metadata: {} },
    after: state,
    changed: ['metadata.__proto__', 'metadata.constructor', 'toString'],
  });
  const text = bytes(change, {
    metadataToReturn: ['__proto__', 'constructor', 'toString', 'hasOwnProperty'],
  }).toString();
  assert.match(text, /"metadata":\{"__proto__":\{"polluted":1\},"constructor":2\}/);
  assert.match(text, /"changedMetadata":\{"__proto__":\{"oldValue":null,"newValue":\{"polluted":1\}\},"constructor":/);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test('All 16 events of the vendor are told, each from a change that could have happened', () => {
  const told = new Set(changeKinds.flatMap((kind) => eventsOf(woodwingDialect.events, kind)));
  assert.equal(eventNames.length, 16);
  assert.deepEqual([...told].sort(), [...eventNames].sort());
});

test('An asset that became ready is told as created with an empty changedMetadata, whatever inspection found', () => {
  const ready = sampleChange('asset.ready');
  const pending = { ...ready.after, inspection: { state: 'pending' }, file: { name: 'flower-ü.jpg', bytes: 5 } };
  const change = { ...ready, before: pending, changed: ['file', 'inspection'] };
  const body = rendered(change, { metadataToReturn: ['width', 'fileSize', 'nonsense'] });
  assert.equal(body['type'], 'asset_create');
  assert.deepEqual(body['changedMetadata'], {});
  assert.deepEqual(body['metadata'], { width: 4_000, fileSize: 482_113 });
});

test('Every field of the vendor’s own that is known has its value, and stands in the documentation', () => {
  const sample = sampleChange('asset.version_ready');
  const dates = { archiveAtMs: 3, publishAtMs: 1, expiresAtMs: 2, availability: 'expired' };
  const change = { ...sample, after: { ...sample.after, checkedOutBy: 'usr_1', checkedOutByName: 'ada', ...dates } };
  const page = readFileSync(join(import.meta.dirname, '../../../docs/concepts/dialects.md'), 'utf8');
  for (const field of knownFields) assert.ok(page.includes(`\`${field}\``), `docs/concepts/dialects.md: ${field}`);
  const { metadata } = rendered(change, {
    metadataToReturn: [
      'filename',
      'assetPath',
      'folderPath',
      'assetDomain',
      'extension',
      'mimeType',
      'fileSize',
      'width',
      'height',
      'tags',
      'labels',
      'assetCreated',
      'assetCreator',
      'assetModified',
      'checkedOutBy',
      'versionNumber',
      'previewState',
      ...Object.keys(dates),
      'status',
      'title',
    ],
  });
  for (const field of knownFields) assert.ok(Object.hasOwn(metadata as JsonObject, field), field);
  assert.deepEqual(metadata, {
    filename: 'flower-ü.jpg',
    assetPath: '/campaigns/spring/flower-ü.jpg',
    folderPath: '/campaigns/spring',
    assetDomain: 'image',
    extension: 'jpg',
    mimeType: 'image/jpeg',
    fileSize: 501_004,
    width: 4_000,
    height: 3_000,
    tags: ['flower', 'red'],
    labels: [],
    assetCreated: 1_795_167_000_000,
    assetCreator: 'ada',
    assetModified: 1_795_348_800_500,
    checkedOutBy: 'ada',
    versionNumber: 2,
    previewState: 'no',
    ...dates,
    status: 'Draft',
    title: 'A flower',
  });
});

test('A preview that was made is told once: previewState becomes yes', () => {
  const made = sampleChange('asset.renditions_made');
  assert.deepEqual(rendered(made)['changedMetadata'], { previewState: { oldValue: 'no', newValue: 'yes' } });
  assert.equal(isTold({ ...made, before: made.after }, {}), false);
});

test('Of an asset in the root the path begins with one slash', () => {
  const change = sampleChange('asset.moved', {
    after: { ...sampleChange('asset.moved').after, path: '/' },
  });
  const { changedMetadata } = rendered(change);
  assert.deepEqual((changedMetadata as JsonObject)['assetPath'], {
    oldValue: '/campaigns/spring/flower-ü.jpg',
    newValue: '/flower-ü.jpg',
  });
});

test('An id is 22 characters that the vendor’s filter takes, or the one the receiver knew before', () => {
  assert.match(JSON.stringify(rendered(sampleChange('asset.deleted'))['assetId']), /^"[A-Za-z0-9_-]{22}"$/);
  const gone = sampleChange('asset.deleted');
  const known = { ...gone, before: { ...gone.before, aliases: { woodwing: '4ovRzkGWaf79DgVMRpgSFl', bynder: 'x' } } };
  assert.equal(rendered(known)['assetId'], '4ovRzkGWaf79DgVMRpgSFl');
});

test('changedMetadataToReturn leaves the other changes out, and keeps the object', () => {
  const change = sampleChange('asset.renamed');
  const only = rendered(change, { changedMetadataToReturn: ['filename'] })['changedMetadata'];
  assert.deepEqual(Object.keys(only as JsonObject), ['filename']);
  assert.deepEqual(rendered(change, { changedMetadataToReturn: ['status'] })['changedMetadata'], {});
});

test('A projection names the metadata to return where no setting does', () => {
  const change = sampleChange('asset.metadata_changed');
  const render = (webhook: Webhook): JsonObject => {
    const input = { change, webhook, notification: { event: 'asset_update_metadata' }, messageId: 'm', createdAtMs: 0 };
    const { body } = woodwingDialect.render({ ...input, links: sampleLinks });
    return (JSON.parse(Buffer.from(body as Uint8Array).toString()) as { metadata: JsonObject }).metadata;
  };
  const projection = { fields: ['filename'] };
  assert.deepEqual(render(webhookWith({}, { projection })), { filename: 'flower-ü.jpg' });
  assert.deepEqual(render(webhookWith({ metadataToReturn: ['status'] }, { projection })), { status: 'Final' });
});

test('Trigger fields: told only where one of them changed; of what came or went, where one has a value', () => {
  const changed = sampleChange('asset.metadata_changed');
  assert.equal(isTold(changed, { triggerMetadataFields: ['status'] }), true);
  assert.equal(isTold(changed, { triggerMetadataFields: ['rating', 'filename'] }), false);
  assert.equal(isTold(sampleChange('asset.renamed'), { triggerMetadataFields: ['assetPath'] }), true);
  for (const kind of ['asset.ready', 'asset.deleted', 'asset.copied'] as const) {
    assert.equal(isTold(sampleChange(kind), { triggerMetadataFields: ['status'] }), true, kind);
    assert.equal(isTold(sampleChange(kind), { triggerMetadataFields: ['cf_none'] }), false, kind);
  }
  // Inspection changed the file and nothing else, but the asset is new to the receiver.
  const ready = sampleChange('asset.ready');
  const inspected = { ...ready, before: { ...ready.after, inspection: { state: 'pending' } }, changed: ['inspection'] };
  assert.equal(isTold(inspected, { triggerMetadataFields: ['status'] }), true);
  for (const kind of ['folder.created', 'share_link.removed'] as const) {
    assert.equal(isTold(sampleChange(kind), { triggerMetadataFields: ['status'] }), true, kind);
  }
});

test('Folders: with or without a slash, below counts, a part of a name does not, wildcards only where allowed', () => {
  const change = sampleChange('asset.moved');
  const within = (folders: readonly string[], enableWildcardSelection = false): boolean =>
    isTold(change, { foldersAndQuery: { folders, enableWildcardSelection } });
  for (const folder of ['campaigns', '/campaigns', '/campaigns/', 'campaigns/summer', '/'])
    assert.equal(within([folder]), true, folder);
  for (const folder of ['camp', '/campaigns/spring', 'campaigns/summer/deep', '*/summer'])
    assert.equal(within([folder]), false, folder);
  assert.equal(within(['nowhere', 'campaigns']), true);
  assert.equal(within(['*/summer'], true), true);
  assert.equal(within(['*/winter'], true), false);
  assert.equal(isTold(sampleChange('folder.created'), { foldersAndQuery: { folders: ['elsewhere'] } }), true);
});

test('RX-12 2xx is delivered, 3xx and 4xx are never tried again, everything else is', () => {
  for (let status = 100; status < 600; status += 1) {
    const verdict = woodwingDialect.judge({
      outcome: sampleResponse(status),
      event: 'asset_create',
      attempt: 1,
      createdAtMs: 0,
      nowMs: 0,
      policy,
      chance: 0.5,
    });
    const family = Math.floor(status / 100);
    const expected = family === 2 ? 'delivered' : family === 3 || family === 4 ? 'rejected' : 'retry';
    assert.equal(verdict.kind, expected, String(status));
  }
});

test('Eight retries with increasing delay within the age, no breaker, switched off by nothing unless told to', () => {
  const { delaysMs, jitter, ageMaxMs } = policy.schedule;
  assert.equal(delaysMs.length, 8);
  for (const [index, delayMs] of delaysMs.entries()) assert.ok(index === 0 || delayMs > (delaysMs[index - 1] ?? 0));
  assert.ok(delaysMs.reduce((sum, delayMs) => sum + delayMs * (1 + jitter), 0) < ageMaxMs);
  assert.deepEqual(policy.disable, [{ kind: 'window', failures: -1, windowMs: 10_000 }]);
  assert.deepEqual(policy.onEnable, { held: 'cancel', missed: 'skip' });
  assert.equal(policy.breaker, null);
});
