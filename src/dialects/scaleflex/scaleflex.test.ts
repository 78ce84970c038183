import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { assetKinds } from '../../core/asset.ts';
import { changeKinds } from '../../core/change.ts';
import { eventsOf } from '../../core/event-table.ts';
import type { JsonObject } from '../../core/json.ts';
import { limits } from '../../core/limits.ts';
import { sampleChange } from '../../core/sample-change.ts';
import type { Webhook } from '../../core/webhook.ts';
import { describeDialect } from '../testing/conformance.ts';
import { sampleResponse } from '../testing/sample-outcomes.ts';
import { sampleLinks, sampleWebhook } from '../testing/sample-webhook.ts';
import { fieldGroups } from './fields.ts';
import { scaleflexDialect } from './index.ts';
import { policy } from './policy.ts';
import { altTextOf, assertReadable, cdnUrlOf, hlsUrlOf, isVideo, type PickerAsset, widthOf } from './testing/picker.ts';

describeDialect({ dialect: scaleflexDialect, folder: import.meta.dirname });

const { manifest } = scaleflexDialect;

function bodyOf(
  state: JsonObject,
  given: Partial<Webhook> = {},
  event = 'change_info',
): { event: string; file: PickerAsset } {
  const change = sampleChange('asset.info_changed', { after: state });
  const webhook = sampleWebhook(scaleflexDialect, given);
  const { body } = scaleflexDialect.render({
    change,
    webhook,
    notification: { event },
    messageId: 'dlv_01kan4c4q0edkxrmnr6dgk2vfy',
    createdAtMs: change.acceptedAtMs,
    links: sampleLinks,
  });
  assert.ok(body instanceof Uint8Array);
  return JSON.parse(Buffer.from(body).toString()) as { event: string; file: PickerAsset };
}

const film = {
  kind: 'video',
  name: 'pan.MP4',
  path: '/films',
  file: {
    name: 'pan.MP4',
    bytes: 458_988,
    mimeType: 'video/mp4',
    url: 'https://videos.example/pan.mp4',
    widthPx: 1_280,
    heightPx: 720,
    durationMs: 6_040,
    bitRate: 575_729,
  },
  renditions: [
    { title: 'dash', name: 'x', bytes: 1, mimeType: 'application/dash+xml', url: 'https://videos.example/pan.mpd' },
    { title: 'poster', name: 'p.jpg', bytes: 1, mimeType: 'image/jpeg', url: 'https://videos.example/p.jpg' },
    { title: 'hls', name: 'a.M3U8', bytes: 1, mimeType: 'text/plain', url: 'https://videos.example/pan.m3u8' },
  ],
  info: { title: 'Pan' },
  metadata: { rating: 4 },
  embedded: { xmp: { creator: 'Ada' } },
  tags: [],
  labels: [],
  createdAtMs: 0,
  modifiedAtMs: 1_999,
};

test('what the vendor’s own clients read of a film is there, with the vendor’s forms of size and time', () => {
  const { file } = bodyOf(film);
  assertReadable(file);
  assert.deepEqual(
    [isVideo(file), widthOf(file), hlsUrlOf(file), cdnUrlOf(file), altTextOf(file)],
    [true, 1_280, 'https://videos.example/pan.m3u8', 'https://videos.example/pan.mp4', 'Pan'],
  );
  assert.deepEqual(file.size, { bytes: 458_988, pretty: '448.23 KB' });
  assert.deepEqual(
    [file.extension, file.created_at, file.modified_at],
    ['mp4', '1970-01-01T00:00:00Z', '1970-01-01T00:00:01Z'],
  );
  assert.deepEqual(file.info?.playlists, [
    { playlists: ['https://videos.example/pan.m3u8'] },
    { playlists: ['https://videos.example/pan.mpd'] },
  ]);
  assert.deepEqual([file.info?.duration, file.info?.bitrate], [6.04, 575_729]);
});

test('every field can be chosen by itself, by settings and by a projection alike, and nothing else is sent', () => {
  const places: { readonly [field: string]: readonly string[] } = {
    'file.name': ['name', 'extension'],
    'file.size': ['size.bytes', 'size.pretty'],
    'file.path': ['url.path', 'folder.name'],
    'file.mime_type': ['type'],
    'file.cdn_link': ['url.public', 'url.permalink', 'url.cdn'],
    'file.uuid': ['uuid'],
    'video.width': ['info.video_w'],
    'video.height': ['info.video_h'],
    'video.length': ['info.duration'],
    'video.bitrate': ['info.bitrate'],
    'video.playlists': ['info.playlists'],
    'image.width': [],
    'image.height': [],
    'additional.system': ['tags', 'labels', 'created_at', 'modified_at'],
    'additional.custom': ['meta'],
    'additional.embedded': ['info.metadata'],
  };
  const leaves = (object: object, at = ''): readonly string[] =>
    Object.entries(object).flatMap(([key, value]: [string, unknown]) =>
      ['size', 'url', 'folder', 'info'].includes(key) && at === ''
        ? leaves(value as object, `${key}.`)
        : [`${at}${key}`],
    );
  const all = Object.entries(fieldGroups).flatMap(([group, fields]) => fields.map((field) => [group, field] as const));
  assert.deepEqual(
    all.map(([group, field]) => `${group}.${field}`),
    Object.keys(places),
  );
  const none = { file: [], video: [], image: [], additional: [] };
  for (const [group, field] of all) {
    const expected = places[`${group}.${field}`] ?? [];
    const chosen = bodyOf(film, { settings: { fields: { ...none, [group]: [field] } } }).file;
    assert.deepEqual([...leaves(chosen)].sort(), [...expected].sort(), `${group}.${field}`);
    assert.deepEqual(bodyOf(film, { projection: { fields: [`${group}.${field}`] } }).file, chosen);
  }
  assert.deepEqual(manifest.projectionFields, [
    ...new Set(all.flatMap(([group, field]) => [group, `${group}.${field}`])),
  ]);
  assert.deepEqual(bodyOf(film, { settings: { fields: none } }), { event: 'change_info', file: {} });
  assert.deepEqual(bodyOf(film, { settings: { fields: {} } }), bodyOf(film), 'a group that is not named is sent whole');
  assert.deepEqual(bodyOf(film, { projection: { fields: ['file', 'video', 'image', 'additional'] } }), bodyOf(film));
});

const anyState = fc.record(
  {
    kind: fc.oneof(fc.constantFrom(...assetKinds), fc.string()),
    name: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
    path: fc.oneof(fc.constantFrom('/', '/a/b'), fc.jsonValue()),
    file: fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          bytes: fc.nat(),
          mimeType: fc.constantFrom('image/png', 'video/mp4', 'x'),
          url: fc.webUrl(),
          widthPx: fc.nat(),
          durationMs: fc.nat(),
          bitRate: fc.nat(),
          sha1: fc.constant('ab'),
          blob: fc.constant('cd'),
          codecs: fc.array(fc.string()),
        },
        { requiredKeys: [] },
      ),
    ),
    versions: fc.jsonValue(),
    renditions: fc.jsonValue(),
    info: fc.jsonValue(),
    metadata: fc.jsonValue(),
    embedded: fc.jsonValue(),
    tags: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
    labels: fc.jsonValue(),
    aliases: fc.jsonValue(),
    createdAtMs: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
    modifiedAtMs: fc.maxSafeInteger(),
  },
  { requiredKeys: [] },
);
const anyFields = fc.record(
  {
    file: fc.subarray([...fieldGroups.file]),
    video: fc.subarray([...fieldGroups.video]),
    image: fc.subarray([...fieldGroups.image]),
    additional: fc.subarray([...fieldGroups.additional]),
  },
  { requiredKeys: [] },
);

test('whatever a state holds, the body fits its schema, and a choice of fields sends a part of what everything is', () => {
  const event = manifest.events.find(({ name }) => name === 'change_info');
  const validate = new Ajv2020({ strict: false }).compile(event?.schema ?? {});
  fc.assert(
    fc.property(anyState, anyFields, (drawn, fields) => {
      // As it comes out of the store: JSON.
      const state = JSON.parse(JSON.stringify(drawn)) as JsonObject;
      const whole = bodyOf(state);
      assert.ok(validate(whole), JSON.stringify(validate.errors));
      const part = bodyOf(state, { settings: { fields } });
      assert.ok(validate(part), JSON.stringify(validate.errors));
      for (const [key, value] of Object.entries(part.file)) {
        const full = (whole.file as unknown as JsonObject)[key];
        if (key === 'info' || key === 'url')
          for (const [inner, one] of Object.entries(value as object))
            assert.deepEqual((full as JsonObject)[inner], one);
        else assert.deepEqual(full, value);
      }
    }),
    { numRuns: 400, verbose: true },
  );
});

test('a time is that of its whole second, whenever it is', () => {
  const time = fc.oneof(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.integer({ min: 0, max: 4e12 }));
  fc.assert(
    fc.property(time, (ms) => {
      const { created_at: shown } = bodyOf({ ...film, createdAtMs: ms }).file;
      assert.equal(shown, `${new Date(ms).toISOString().slice(0, -5)}Z`);
    }),
    { numRuns: 300, verbose: true },
  );
});

test('each of the eight triggers comes from the kinds that it names, and a change fits one trigger at most', () => {
  assert.deepEqual(
    manifest.events.map(({ name }) => name),
    ['upload', 'move', 'rename', 'delete', 'change_meta', 'change_info', 'change_tag', 'change_label'],
  );
  for (const kind of changeKinds) assert.ok(eventsOf(scaleflexDialect.events, kind).length <= 1, kind);
});

test('an asset moves when it lies in another folder; another library alone is nothing there', () => {
  const webhook = sampleWebhook(scaleflexDialect, {});
  const told = (changed: readonly string[]) =>
    scaleflexDialect
      .notify({ ...sampleChange('asset.moved'), changed }, webhook, { nowMs: 0, draw: () => new Uint8Array() })
      .map(({ event }) => event);
  // A DAM that reports a move need not say from where.
  for (const changed of [['path'], ['path', 'library'], []]) assert.deepEqual(told(changed), ['move'], String(changed));
  assert.deepEqual(told(['library']), []);
});

test('the id that a receiver knows from before stands in for ours, whatever came before it', () => {
  const uuid = '7bd2327b-3e27-5690-a8ae-7570ebf50000';
  assert.equal(bodyOf({ ...film, aliases: { scaleflex: uuid } }).file.uuid, uuid);
  assert.match(bodyOf(film).file.uuid ?? '', /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test('the largest asset that may exist fits into a body whole', () => {
  const metadata = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`f${at}`, 'x'.repeat(1_000)]));
  const state = { ...film, metadata, embedded: { all: 'y'.repeat(limits.embeddedBytesMax) } };
  assert.ok(JSON.stringify(metadata).length > 0.95 * limits.assetStateBytesMax);
  const body = bodyOf(state);
  assert.deepEqual(body.file.meta, { title: 'Pan', ...metadata });
  assert.ok(Buffer.byteLength(JSON.stringify(body)) <= manifest.limits.payloadBytesMax);
});

test('2xx is success, 410 says it wants no more, and everything else is tried again', () => {
  for (let status = 100; status <= 599; status++) {
    const input = {
      outcome: sampleResponse(status),
      event: 'upload',
      attempt: 1,
      createdAtMs: 0,
      nowMs: 0,
      policy,
      chance: 0.5,
    };
    const expected = status >= 200 && status <= 299 ? 'delivered' : status === 410 ? 'disable' : 'retry';
    assert.equal(scaleflexDialect.judge(input).kind, expected, String(status));
  }
});
