/**
 * What the vendor's own clients read of a file object, restated from the published types and helpers of its asset picker
 * (github.com/scaleflex/asset-picker): a body that this code cannot read is none of theirs. Strict where a client would
 * stumble: unknown keys, wrong types, a size without its text.
 */
import assert from 'node:assert/strict';

export type PickerAsset = {
  readonly uuid?: string;
  readonly name?: string;
  readonly extension?: string;
  readonly type?: string;
  readonly size?: { readonly bytes: number; readonly pretty: string };
  readonly url?: {
    readonly public?: string;
    readonly cdn?: string;
    readonly path?: string;
    readonly permalink?: string;
  };
  readonly hash?: { readonly sha1?: string; readonly md5?: string; readonly sha256?: string };
  readonly folder?: { readonly name: string };
  readonly created_at?: string;
  readonly modified_at?: string;
  readonly tags?: readonly string[];
  readonly labels?: readonly string[];
  readonly meta?: { readonly [field: string]: unknown };
  readonly info?: {
    readonly img_type?: string;
    readonly img_w?: number;
    readonly img_h?: number;
    readonly duration?: number;
    readonly bitrate?: number;
    readonly video_w?: number;
    readonly video_h?: number;
    readonly color_space?: string;
    readonly metadata?: { readonly [field: string]: unknown };
    readonly playlists?: readonly { readonly playlists: readonly string[]; readonly resolution?: string }[];
    readonly [field: string]: unknown;
  };
};

const texts = ['uuid', 'name', 'extension', 'type', 'created_at', 'modified_at'];
const objects = ['size', 'url', 'hash', 'folder', 'meta', 'info'];
const lists = ['tags', 'labels'];
const numbers = ['img_w', 'img_h', 'video_w', 'video_h', 'duration', 'bitrate'] as const;

/** Throws where a client of the vendor's would stumble. */
export function assertReadable(asset: PickerAsset): void {
  for (const [key, value] of Object.entries(asset)) {
    if (texts.includes(key)) assert.equal(typeof value, 'string', key);
    else if (lists.includes(key)) assert.ok(Array.isArray(value), key);
    else {
      assert.ok(objects.includes(key), `nobody knows ${key}`);
      assert.ok(typeof value === 'object' && !Array.isArray(value), key);
    }
  }
  assert.ok(!JSON.stringify({ ...asset, meta: {}, info: { ...asset.info, metadata: {} } }).includes('null'));
  if (asset.size !== undefined) assert.match(asset.size.pretty, /^\d+(\.\d{1,2})? [KMGT]?B$/);
  for (const number of numbers) assert.ok(['undefined', 'number'].includes(typeof asset.info?.[number]), number);
  assert.ok(typeof widthOf(asset) === 'number' && typeof hlsUrlOf(asset) !== 'undefined');
  if (asset.name !== undefined) assert.notEqual(altTextOf(asset), undefined);
}

/** The HLS manifest lives at info.playlists[0].playlists[0]. */
export function hlsUrlOf(asset: PickerAsset): string | null {
  return asset.info?.playlists?.[0]?.playlists[0] ?? null;
}

export function cdnUrlOf(asset: PickerAsset): string {
  return asset.url?.cdn ?? asset.url?.public ?? '';
}

export function widthOf(asset: PickerAsset): number {
  return asset.info?.img_w ?? asset.info?.video_w ?? 0;
}

export function isVideo(asset: PickerAsset): boolean {
  return (asset.type ?? '').startsWith('video');
}

/** The alternative text, else the title, also one by language, else the name without its ending. */
export function altTextOf({ meta, name = '' }: PickerAsset): string {
  const { alt, title } = meta ?? {};
  if (typeof alt === 'string' && alt !== '') return alt;
  if (typeof title === 'string' && title !== '') return title;
  if (typeof title === 'object' && title !== null) {
    const [first] = Object.values(title);
    if (typeof first === 'string') return first;
  }
  return name.split('.')[0] ?? '';
}
