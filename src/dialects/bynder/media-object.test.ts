import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Change, ChangeKind } from '../../core/change.ts';
import { changeKinds } from '../../core/change.ts';
import { eventsOf } from '../../core/event-table.ts';
import { idFromBytes } from '../../core/id-encoding.ts';
import { isObject } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import { sampleChange } from '../../core/sample-change.ts';
import { compileSchema } from '../testing/manifest-checks.ts';
import { sampleLinks } from '../testing/sample-webhook.ts';
import { canonicalEvent, eventNames, eventRows, events } from './events.ts';
import { mediaRoutes, presentMedia } from './manage-media.ts';
import { assetIdOf, mediaIdOf, mediaObject } from './media-object.ts';
import { eventsOff, properties } from './modules.ts';
import { messageSchema } from './payload-schema.ts';
import { messageOf } from './payload.ts';
import { noticeDays, wantsNotice } from './pre-archive.ts';

const id = 'ast_01kan4c4q0edkxrmnr6dgk2vfp';
const aliased = '2911199D-BA27-4E9B-94E0F070DA5DECAC';

/** The asset of the example on the vendor's page, with whole ids in place of the stars. */
const pageState: JsonObject = {
  kind: 'image',
  name: 'test.png',
  path: '/',
  file: { name: 'test.png', bytes: 1_670, mimeType: 'image/png', widthPx: 24, heightPx: 19, blob: 'b' },
  versions: [
    {
      number: 1,
      active: true,
      createdAtMs: Date.UTC(2019, 11, 10, 10, 35, 14, 999),
      file: { name: '', bytes: 1_670, mimeType: 'image/png', widthPx: 24, heightPx: 19, blob: 'b' },
    },
  ],
  renditions: [],
  info: { brandId: '8F72B94F-11AA-4F32-902E2501A6433462' },
  metadata: { Country: ['France', 'Germany', 'Belgium'] },
  tags: [],
  archived: false,
  createdAtMs: Date.UTC(2019, 11, 10, 10, 35, 13, 1),
  modifiedAtMs: Date.UTC(2020, 1, 7, 16, 30, 16, 500),
  createdBy: 'Integrations Bynder',
  aliases: { bynder: aliased },
};

const mediaOf = (state: JsonObject, given = id): JsonObject =>
  mediaObject({ id: given, workspaceId: 'default', state, links: sampleLinks });

test("the example of the vendor's page comes out field by field, in its order", () => {
  const { mediaItems, idHash, ...media } = mediaOf(pageState);
  assert.deepEqual(JSON.parse(JSON.stringify(media)), {
    userCreated: 'Integrations Bynder',
    limited: 0,
    watermarked: 0,
    activeOriginalFocusPoint: { x: 12, y: 9.5 },
    archive: 0,
    brandId: '8F72B94F-11AA-4F32-902E2501A6433462',
    copyright: '',
    datePublished: '2019-12-10T10:35:13Z',
    dateCreated: '2019-12-10T10:35:13Z',
    description: '',
    dateModified: '2020-02-07T16:30:16Z',
    extension: ['png'],
    fileSize: 1_670,
    height: 19,
    id: aliased,
    isPublic: 0,
    name: 'test',
    orientation: 'landscape',
    tags: [],
    type: 'image',
    width: 24,
    property_Country: ['France', 'Germany', 'Belgium'],
  });
  assert.deepEqual(Object.keys(mediaOf(pageState)), [
    ...['userCreated', 'limited', 'watermarked', 'mediaItems', 'activeOriginalFocusPoint', 'archive', 'brandId'],
    ...['copyright', 'datePublished', 'dateCreated', 'description', 'dateModified', 'extension', 'fileSize', 'height'],
    ...['id', 'idHash', 'isPublic', 'name', 'orientation', 'tags', 'type', 'width', 'property_Country'],
  ]);
  assert.match(typeof idHash === 'string' ? idHash : '', /^[0-9a-f]{16}$/);
  const [item] = mediaItems as unknown as readonly JsonObject[];
  const { id: itemId, ...rest } = item ?? {};
  assert.match(typeof itemId === 'string' ? itemId : '', /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{16}$/);
  assert.deepEqual(rest, {
    version: 1,
    active: 1,
    dateCreated: '2019-12-10T10:35:14Z',
    fileName: null,
    size: 1_670,
    height: 19,
    width: 24,
    focusPoint: { x: 12, y: 9.5 },
  });
});

test('one media item for each version, each with an id that stays, the focus point that was set on the active one', () => {
  const file = { name: 'b.jpg', bytes: 9, mimeType: 'image/jpeg', widthPx: 100, heightPx: 200 };
  const state = {
    ...pageState,
    file,
    versions: [
      { number: 1, active: false, createdAtMs: 0, file: { ...file, widthPx: 10, heightPx: 10 } },
      { number: 3, active: true, createdAtMs: 1_000, file },
    ],
    focusPoint: { x: 0.25, y: 0.9 },
  };
  const media = mediaOf(state);
  const items = media['mediaItems'] as unknown as readonly JsonObject[];
  assert.deepEqual(
    items.map((item) => [item['version'], item['active'], item['focusPoint']]),
    [
      [1, 0, { x: 5, y: 5 }],
      [3, 1, { x: 25, y: 180 }],
    ],
  );
  assert.deepEqual(media['activeOriginalFocusPoint'], { x: 25, y: 180 });
  assert.equal(media['orientation'], 'portrait');
  assert.equal(new Set(items.map((item) => item['id'])).size, 2);
  assert.deepEqual(mediaOf(state), media);
});

test('values of metaproperties are texts, one for each; what has none is left out', () => {
  const metadata = { a: 'x', b: 4, c: true, d: ['p', 2, null, ''], e: { value: 'label' }, f: '', g: [], h: null };
  const media = mediaOf({ ...pageState, metadata });
  const found = Object.entries(media).filter(([name]) => name.startsWith('property_'));
  assert.deepEqual(Object.fromEntries(found), {
    property_a: ['x'],
    property_b: ['4'],
    property_c: ['true'],
    property_d: ['p', '2'],
    property_e: ['label'],
  });
});

test("renditions are thumbnails under the vendor's names, those of another system by their own address", () => {
  const renditions = [
    { title: 'small', blob: 's' },
    { title: 'large', blob: 'l' },
    { title: 'Poster', url: 'https://dam.example/poster.jpg' },
    { title: 'nowhere' },
  ];
  const { thumbnails } = mediaOf({ ...pageState, renditions });
  assert.deepEqual(thumbnails, {
    mini: sampleLinks.rendition(id, 'small'),
    thul: sampleLinks.rendition(id, 'small'),
    webimage: sampleLinks.rendition(id, 'large'),
    Poster: 'https://dam.example/poster.jpg',
  });
  // The vendor's example of a deletion has none: what lay here leads nowhere once the media is gone.
  const gone = { ...sampleChange('asset.deleted'), before: { ...pageState, renditions } };
  const { media } = messageOf(gone, 'asset_bank.media.deleted', sampleLinks);
  assert.deepEqual(isObject(media) && media['thumbnails'], { Poster: 'https://dam.example/poster.jpg' });
});

test('IN-03 IN-13 whatever a state holds, what comes of it fits the schema, and never throws', () => {
  const fits = compileSchema({ ...messageSchema('asset_bank.media.create') });
  const anything = fc.jsonValue({ maxDepth: 3 });
  const state = fc.record(
    {
      kind: fc.oneof(fc.constantFrom('image', 'video', 'audio', 'document', 'broadcast', 'other'), anything),
      name: fc.oneof(fc.string({ unit: 'binary' }), anything),
      file: fc.oneof(
        fc.record(
          {
            name: fc.oneof(fc.string(), anything),
            bytes: fc.oneof(fc.nat(), anything),
            widthPx: fc.oneof(fc.double(), anything),
            heightPx: fc.oneof(fc.nat(), anything),
          },
          { requiredKeys: [] },
        ),
        anything,
      ),
      versions: fc.oneof(
        fc.array(fc.record({ number: fc.nat().map((n) => n + 1), active: fc.boolean(), file: anything })),
        anything,
      ),
      renditions: anything,
      info: fc.oneof(fc.dictionary(fc.string(), anything), anything),
      metadata: fc.oneof(fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), anything), anything),
      tags: anything,
      archived: fc.oneof(fc.boolean(), anything),
      focusPoint: fc.oneof(fc.record({ x: fc.double(), y: fc.double() }), anything),
      createdAtMs: fc.oneof(fc.double(), fc.maxSafeInteger(), anything),
      modifiedAtMs: fc.oneof(fc.maxSafeInteger(), anything),
      aliases: fc.oneof(fc.record({ bynder: fc.string() }), anything),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(state, (given) => {
      const text = JSON.stringify(given);
      const change = { ...sampleChange('asset.ready'), after: JSON.parse(text) as JsonObject };
      const message = JSON.parse(JSON.stringify(messageOf(change, 'asset_bank.media.create', sampleLinks))) as unknown;
      assert.ok(fits(message), `${text}: ${JSON.stringify(fits.errors?.slice(0, 2))}`);
    }),
    { numRuns: 300 },
  );
});

test('ids of the vendor are spelt from ours and read back, in either letter case; an alias stands for them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const own = idFromBytes('asset', bytes);
      const theirs = mediaIdOf(own, null);
      assert.match(theirs, /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{16}$/);
      assert.equal(assetIdOf(theirs), own);
      assert.equal(assetIdOf(theirs.toLowerCase()), own);
    }),
  );
  assert.equal(mediaIdOf(id, pageState), aliased);
  for (const other of ['', 'x', id, `${mediaIdOf(id, null)}0`, mediaIdOf(id, null).replaceAll('-', ''), '../x'])
    assert.equal(assetIdOf(other), null, other);
});

test('every event has a message that fits its schema, from every change that it may come from', () => {
  for (const event of eventNames) {
    const fits = compileSchema(messageSchema(event));
    for (const kind of changeKinds.filter((one) => eventsOf(events, one).includes(event))) {
      const message = messageOf(sampleChange(kind), event, sampleLinks);
      assert.ok(fits(JSON.parse(JSON.stringify(message))), `${event}: ${JSON.stringify(fits.errors)}`);
    }
  }
  assert.throws(() => messageOf(sampleChange('asset.ready'), 'asset_bank.media.upload', sampleLinks), /no such event/);
});

test('archiving is told twice, metadata first; coming back once; a deleted media as it was', () => {
  const told = (kind: ChangeKind) => eventsOf(events, kind);
  assert.deepEqual(told('asset.archived'), ['asset_bank.media.meta_updated', 'asset_bank.media.archived']);
  assert.deepEqual(told('asset.unarchived'), ['asset_bank.media.meta_updated']);
  assert.deepEqual(told('asset.ready'), ['asset_bank.media.create']);
  for (const kind of ['asset.version_ready', 'asset.version_activated', 'asset.promoted'] as const)
    assert.deepEqual(told(kind), ['asset_bank.media.updated']);
  const archived = messageOf(sampleChange('asset.archived'), 'asset_bank.media.archived', sampleLinks)['media'];
  assert.equal(isObject(archived) && archived['archive'], 1);
  const deleted = messageOf(sampleChange('asset.deleted'), 'asset_bank.media.deleted', sampleLinks);
  assert.equal(isObject(deleted['media']) && deleted['media']['name'], 'A flower');
  assert.equal(canonicalEvent('asset_bank.media.upload'), 'asset_bank.media.create');
  assert.equal(canonicalEvent('workflow.job.create'), 'workflow.job.create');
});

test('a job is told with its deadline and its media, those that came from Bynder under the id they had there', () => {
  const change = sampleChange('workflow_job.created');
  const plain = messageOf(change, 'workflow.job.create', sampleLinks)['job'];
  assert.ok(isObject(plain));
  assert.deepEqual(
    [plain['name'], plain['deadline'], plain['accountableID'], plain['presetID'], plain['campaignID'], plain['media']],
    ['Retouch', '2026-12-01T17:00:00Z', 'ben', 'retouching', null, [mediaIdOf(id, null)]],
  );
  const after = { ...change.after, assetAliases: { [id]: { bynder: aliased } } };
  const known = messageOf({ ...change, after }, 'workflow.job.create', sampleLinks)['job'];
  assert.deepEqual(isObject(known) && known['media'], [aliased]);
  const bare: Change = { ...change, after: { name: 'x' } };
  assert.ok(compileSchema(messageSchema('workflow.job.create'))(messageOf(bare, 'workflow.job.create', sampleLinks)));
});

test('a scan says what was found, in which asset, of an older version too', () => {
  const change = sampleChange('asset.scan_failed');
  const { scan } = messageOf(change, 'antivirus.scan.failed', sampleLinks);
  assert.ok(isObject(scan));
  assert.deepEqual([scan['scanStatus'], scan['scanFailureReason']], ['INFECTED', 'Eicar-Test-Signature']);
  const versions = [
    { number: 1, file: { scan: { state: 'failed', atMs: 5, note: 'down' } } },
    { number: 2, file: { scan: { state: 'infected', atMs: 4, note: 'older' } } },
  ];
  const after = { name: 'x', file: { scan: { state: 'clean', atMs: 9 } }, versions };
  const other = messageOf({ ...change, after }, 'antivirus.scan.failed', sampleLinks)['scan'];
  assert.ok(isObject(other));
  assert.deepEqual([other['scanStatus'], other['scanFailureReason']], ['FAILED', 'down']);
});

test('a notice is for the webhook whose days it is; one that does not say is for all', () => {
  const dayMs = 24 * 3_600_000;
  const change = sampleChange('asset.pre_archive');
  assert.equal(wantsNotice(change, {}), true);
  assert.equal(wantsNotice(change, { preArchivedNotificationDays: 7 }), true);
  assert.equal(wantsNotice(change, { preArchivedNotificationDays: 14 }), false);
  const early = { ...change, before: { archiveNoticeAtMs: Number(change.after?.['archiveAtMs']) - 14 * dayMs } };
  assert.equal(wantsNotice(early, { preArchivedNotificationDays: 14 }), true);
  assert.equal(wantsNotice(early, {}), false);
  assert.equal(wantsNotice({ ...change, before: null }, { preArchivedNotificationDays: 14 }), true);
  assert.deepEqual(noticeDays({ preArchivedNotificationDays: 30 }), [30]);
});

test('a module that is switched off takes its events and no others', () => {
  assert.deepEqual(eventsOff({}), []);
  assert.deepEqual(eventsOff({ workflowEnabled: false }), ['workflow.job.create']);
  const all = Object.fromEntries(properties.map(({ name }) => [name, false]));
  const left = eventNames.filter((name) => !eventsOff(all).includes(name));
  assert.deepEqual(
    left,
    eventRows.filter(({ module }) => module === 'assetBank').map(({ name }) => name),
  );
});

test('the route answers the very object of the notification, with and without the slash', () => {
  const renditions = [{ title: 'small', blob: 's' }];
  const state = { ...pageState, renditions };
  const links = { content: 'https://aw.example/content/x', renditions: { small: sampleLinks.rendition(id, 'small') } };
  assert.deepEqual(presentMedia({ id, workspaceId: 'default', state, links }), mediaOf(state));
  assert.deepEqual(
    mediaRoutes.map(({ path }) => path),
    ['', '/']
      .flatMap((end) => [`/api/v4/media/:id${end}`])
      .concat(['', '/'].map((end) => `/api/v4/media/:id/download${end}`)),
  );
});
