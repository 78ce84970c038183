/** What every implementation of the media contract must do. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Media } from '../media.ts';
import { pngClaiming } from './sample-files.ts';

export type MediaSubject = {
  readonly name: string;
  /** A started implementation and a directory that it may read. */
  open(): Promise<{ readonly media: Media; readonly directory: string; readonly close: () => Promise<void> }>;
};

type Conforms = (name: string, run: (media: Media, directory: string) => Promise<void>) => void;

/** Registers the suite. */
export function describeMedia(subject: MediaSubject): void {
  const conforms: Conforms = (name, run) => {
    test(`${subject.name}: ${name}`, async () => {
      const { media, directory, close } = await subject.open();
      try {
        await run(media, directory);
      } finally {
        await close();
      }
    });
  };

  conforms('the type is that of the content, whatever the name says', async (media) => {
    const sniffed = await media.sniff(Buffer.from('<html><script>1</script>'), 'photo.jpg');
    assert.equal(sniffed.mimeType, 'text/html');
    assert.equal((await media.sniff(pngClaiming(4, 3), 'page.html')).mimeType, 'image/png');
    assert.deepEqual(await media.sniff(new Uint8Array([0, 1, 2, 3]), 'x.png'), {
      mimeType: 'application/octet-stream',
      kind: 'other',
    });
    assert.equal((await media.sniff(new Uint8Array(), 'x.png')).mimeType, 'application/octet-stream');
  });

  conforms('UP-01 a flood of pixels is refused by its header, without decoding', async (media, directory) => {
    const path = join(directory, 'flood');
    await writeFile(path, pngClaiming(65_535, 65_535));
    const result = await media.inspect(path, { mimeType: 'image/png' });
    assert.equal(result.kind === 'failed' ? result.code : result.kind, 'too_large');
  });

  conforms('a file that is not what it claims to be fails as unreadable', async (media, directory) => {
    const path = join(directory, 'broken');
    await writeFile(path, Buffer.concat([pngClaiming(4, 3).subarray(0, 12), Buffer.alloc(50, 7)]));
    const result = await media.inspect(path, { mimeType: 'image/png' });
    assert.equal(result.kind === 'failed' ? result.code : result.kind, 'unreadable');
  });

  conforms('a file that is not there fails as a value', async (media, directory) => {
    const result = await media.inspect(join(directory, 'absent'), { mimeType: 'image/png' });
    assert.equal(result.kind, 'failed');
  });

  conforms('a type without a reader is inspected with its type alone', async (media, directory) => {
    const path = join(directory, 'text');
    await writeFile(path, 'text');
    const result = await media.inspect(path, { mimeType: 'text/plain' });
    assert.deepEqual(result, { kind: 'inspected', facts: { mimeType: 'text/plain' } });
  });

  conforms('stop before start, stop twice and start twice are harmless', async (media, directory) => {
    await media.start();
    await media.stop();
    await media.stop();
    await media.start();
    const path = join(directory, 'small');
    await writeFile(path, pngClaiming(4, 3));
    const result = await media.inspect(path, { mimeType: 'image/png' });
    assert.deepEqual(result, {
      kind: 'inspected',
      facts: { mimeType: 'image/png', widthPx: 4, heightPx: 3, colourSpace: 'b-w', hasAlpha: false },
    });
  });
}
