/**
 * A collection of assets as they are met in archives of pictures: names of cameras and of people, some forty words each,
 * tags of which few are common and most are rare, folders four deep, custom metadata of several kinds. Seeded, so that two
 * runs search in the same one.
 */
import type { JsonObject } from '../src/core/json.ts';
import { seededFraction } from '../src/storage/testing/world.ts';

const dayMs = 86_400_000;
export const collectionStartMs = Date.UTC(2019, 0, 1);

const syllables = [
  ...[
    'ba',
    'ce',
    'di',
    'fo',
    'gu',
    'ha',
    'je',
    'ki',
    'lo',
    'mu',
    'na',
    'pe',
    'qui',
    'ro',
    'su',
    'ta',
    've',
    'wi',
    'xo',
    'zu',
  ],
  ...['bar', 'cen', 'dil', 'for', 'gun', 'har', 'jes', 'kin', 'lor', 'mus'],
];

/** The word of this rank: the same in every run; low ranks are common. */
export function wordOfRank(rank: number): string {
  let word = '';
  for (let rest = rank + 31; rest > 0; rest = Math.floor(rest / syllables.length))
    word += syllables[rest % syllables.length] ?? '';
  return word;
}

const departments = ['marketing', 'press', 'product', 'events', 'people', 'archive', 'retail', 'sport'];
const channels = ['web', 'print', 'social', 'shop', 'tv'];
const statuses = ['draft', 'review', 'approved', 'approved', 'approved', 'expired'];

/** Four deep, in an order in which neighbours lie far apart. */
function folderOfRank(rank: number): string {
  const year = 2019 + (Math.floor(rank / departments.length) % 8);
  return `/${departments[rank % departments.length] ?? ''}/${year}/${wordOfRank(rank % 300)}/${wordOfRank(rank)}`;
}

export type AssetMaker = (n: number) => JsonObject;

export function createAssetMaker(seed: number): AssetMaker {
  const chance = seededFraction(seed);
  const below = (count: number): number => Math.floor(chance() * count);
  /** Ranks by a power law: half of what is drawn lies in the first few hundredths. */
  const skewed = (count: number): number => Math.floor(count * chance() ** 4);
  const one = <Item>(list: readonly Item[]): Item => list[below(list.length)] as Item;
  const words = (count: number): string => Array.from({ length: count }, () => wordOfRank(skewed(60_000))).join(' ');
  return (n) => {
    const createdAtMs = collectionStartMs + Math.floor((n / 1_000_000) * 2_500 * dayMs) + below(dayMs);
    const kind = chance() < 0.86 ? 'image' : one(['video', 'document', 'audio', 'other']);
    const widthPx = one([1_920, 3_000, 4_000, 4_032, 6_000, 800 + below(7_000)]);
    const name =
      chance() < 0.7
        ? `IMG_${String(n % 10_000).padStart(4, '0')}-${n.toString(36)}.jpg`
        : `${words(3).replaceAll(' ', '-')}.jpg`;
    const file = {
      name,
      bytes: 100_000 + below(20_000_000),
      mimeType: 'image/jpeg',
      sha256: n.toString(16).padStart(64, '0'),
      widthPx,
      heightPx: Math.round(widthPx / 1.5),
    };
    return {
      kind,
      name,
      path: folderOfRank(skewed(12_000)),
      file,
      versions: [{ number: 1, active: true, createdAtMs, file }],
      renditions: [],
      info: { title: words(5), description: words(20 + below(15)), copyright: `© ${wordOfRank(below(60))} pictures` },
      metadata: {
        status: one(statuses),
        channels: channels.filter(() => chance() < 0.4),
        rating: below(6),
        project: `P-${below(30_000)}`,
        photographer: `${wordOfRank(below(500))} ${wordOfRank(500 + below(900))}`,
        expires: new Date(createdAtMs + below(2_000) * dayMs).toISOString().slice(0, 10),
      },
      embedded: {},
      tags: [...new Set(Array.from({ length: 2 + below(8) }, () => wordOfRank(skewed(8_000))))],
      labels: chance() < 0.2 ? [one(['hero', 'red', 'blue', 'internal'])] : [],
      collections: chance() < 0.3 ? [`collection-${skewed(1_000)}`] : [],
      archived: chance() < 0.08,
      inspection: { state: 'done' },
      createdAtMs,
      modifiedAtMs: createdAtMs,
      aliases: {},
    };
  };
}

/** Searches that people make, and those that hurt. `wordOfRank(0)` is in most assets. */
export function searchMix(): readonly (readonly [name: string, query: { readonly [name: string]: string }])[] {
  const [common, other, rare] = [wordOfRank(0), wordOfRank(3), wordOfRank(59_000)];
  return [
    ['two common words', { q: `${common} ${other}` }],
    ['a common and a rare word', { q: `${common} ${rare}` }],
    ['a rare word', { q: rare }],
    [
      'common, but hardly together',
      { q: `tag:${wordOfRank(1)} label:hero archived:true metadata.status:expired kind:audio` },
    ],
    ['never together', { q: 'label:hero label:internal' }],
    ['a beginning', { q: `${wordOfRank(5_000)}*` }],
    ['a beginning of many words', { q: `${wordOfRank(40).slice(0, 4)}* -kind:video` }],
    ['a phrase of common words', { q: `"${common} ${other}"` }],
    ['a phrase that is not there', { q: `"${rare} ${wordOfRank(58_000)}"` }],
    ['not', { q: `NOT ${common} NOT kind:image` }],
    ['a range of sizes', { q: 'width:1900..2100 size:>5MB' }],
    ['a range of dates', { q: 'created:2021-03 metadata.expires:<2022-01-01' }],
    ['a folder and all below it', { folder: '/press/2022', archived: 'false' }],
    ['tag, label and folder', { tag: wordOfRank(2), label: 'red', folder: '/events' }],
    ['part of a name', { nameContains: '-4f' }],
    ['a name', { q: 'name:IMG_0042*' }],
    ['either of many', { q: Array.from({ length: 40 }, (_, n) => wordOfRank(n * 17)).join(' OR ') }],
    ['counted', { q: `${common} kind:image`, count: 'true' }],
    ['counted by range', { q: 'width:>=3000', count: 'true' }],
    ['last written first', { q: `${common} ${other}`, order: 'updated' }],
    ['by name', { q: `${common} ${other}`, order: 'name' }],
    ['by name, few', { q: rare, order: 'name' }],
  ];
}
