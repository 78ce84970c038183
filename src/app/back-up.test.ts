import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { copyBlobs } from '../blobs/disk/copy-blobs.ts';
import { backUp, type BackUpParts } from './back-up.ts';

const folder = mkdtempSync(join(tmpdir(), 'assetwire-backup-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let places = 0;
function makeDataDir(): string {
  places += 1;
  const dataDir = join(folder, `data-${places}`);
  mkdirSync(join(dataDir, 'files', 'incoming'), { recursive: true });
  for (const name of ['store.db', 'store.db-wal', 'flights.bin', 'encryption.key', 'encryption.json', '.probe-1']) {
    writeFileSync(join(dataDir, name), name);
  }
  return dataDir;
}

/** Where a blob of this content lies below the directory of files. */
function blobPath(content: string): string {
  const hash = createHash('sha256').update(content).digest('hex');
  return join('files', 'workspace', hash.slice(0, 2), hash);
}

function put(dataDir: string, content: string): string {
  const path = join(dataDir, 'files', blobPath(content));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const parts = (copyStore: BackUpParts['copyStore']): BackUpParts => ({
  storeName: 'store.db',
  filesName: 'files',
  copyStore,
  copyFiles: copyBlobs,
});

test('LG-08 whatever the store names at its moment is in the backup: what goes right after it, and what came right before', async () => {
  const dataDir = makeDataDir();
  const goes = put(dataDir, 'goes');
  put(dataDir, 'stays');
  writeFileSync(join(dataDir, 'files', 'incoming', 'half'), 'half');
  const destination = join(folder, 'both');
  const result = await backUp(
    parts((from, to) => {
      writeFileSync(to, readFileSync(from));
      put(dataDir, 'came');
      rmSync(goes);
    }),
    { dataDir, destination, withoutKey: false },
  );
  for (const content of ['goes', 'stays', 'came']) {
    assert.equal(readFileSync(join(destination, 'files', blobPath(content)), 'utf8'), content);
  }
  assert.deepEqual([result.files, result.fileBytes, result.holdsKey], [3, 'goesstayscame'.length, true]);
  assert.deepEqual(readdirSync(destination).toSorted(), ['encryption.json', 'encryption.key', 'files', 'store.db']);
  assert.deepEqual(readdirSync(join(destination, 'files')), ['files'], 'nothing that was still being received');
});

test('A backup that fails leaves nothing behind, and what an earlier one left is no hindrance', async () => {
  const dataDir = makeDataDir();
  const destination = join(folder, 'failed');
  const failing = parts(() => {
    throw new Error('the disk is gone');
  });
  await assert.rejects(backUp(failing, { dataDir, destination, withoutKey: false }), /the disk is gone/);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('failed')),
    [],
  );
  mkdirSync(join(folder, '.failed.incomplete', 'files'), { recursive: true });
  const copying = parts((from, to) => writeFileSync(to, readFileSync(from)));
  const { holdsKey } = await backUp(copying, { dataDir, destination, withoutKey: true });
  assert.equal(holdsKey, false);
  assert.equal(existsSync(join(destination, 'encryption.key')), false);
});
