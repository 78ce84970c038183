import type { AssetState } from '../core/asset.ts';

/** A made-up asset for test sends: complete, and recognisable as a sample. */
export function sampleAsset(atMs: number): AssetState {
  const file = {
    name: 'sample-harbour.jpg',
    bytes: 482_133,
    mimeType: 'image/jpeg',
    sha256: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
    widthPx: 1_600,
    heightPx: 1_067,
  };
  return {
    kind: 'image',
    name: 'Sample harbour.jpg',
    path: '/Samples',
    file,
    versions: [{ number: 1, active: true, createdAtMs: atMs, file }],
    renditions: [],
    info: { title: 'Sample harbour', description: 'A sample sent by a test of this webhook' },
    metadata: { status: 'approved' },
    embedded: {},
    tags: ['sample'],
    labels: [],
    collections: [],
    archived: false,
    inspection: { state: 'done' },
    createdAtMs: atMs,
    modifiedAtMs: atMs,
    aliases: {},
  };
}
