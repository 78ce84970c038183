/** kill -9 of a server that takes an upload: in the middle of the bytes, when the file lies there, when the answer comes. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { requestOk } from '../support/json-client.ts';
import { endServer, freePort, type ServerProcess, startServer } from '../support/server-process.ts';

const fileBytes = 8 * 1024 * 1024;
const moments = ['in the middle', 'the file is there', 'it is answered'] as const;
type Moment = (typeof moments)[number];

type Asset = {
  readonly id: string;
  readonly state: { readonly name: string; readonly file?: { readonly blob: string } };
};
type Page<Row> = { readonly data: readonly Row[]; readonly nextCursor: string | null };

function filesIn(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Uploads, and kills the server at that moment. */
function killAt(server: ServerProcess, dataDir: string, moment: Moment, content: Buffer): Promise<void> {
  const boundary = 'upload-kill';
  const name = `${moment}.bin`;
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\n\r\n`;
  const tail = `\r\n--${boundary}--\r\n`;
  const blobs = join(dataDir, 'data', 'files');
  const before = filesIn(join(blobs, 'files')).length;
  return new Promise((resolve) => {
    const kill = (): void => server.signal('SIGKILL');
    const upload: ClientRequest = request(`${server.url}/v1/assets`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.key}`,
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'content-length': head.length + content.length + tail.length,
      },
    });
    upload.on('response', kill);
    upload.on('error', () => undefined);
    upload.write(head);
    upload.write(moment === 'in the middle' ? content.subarray(0, fileBytes / 2) : content);
    if (moment !== 'in the middle') upload.end(tail);
    const look = (): void => {
      const half = filesIn(join(blobs, 'incoming')).some((file) => sizeOf(file) > fileBytes / 4);
      if (moment === 'in the middle' && half) kill();
      else if (moment === 'the file is there' && filesIn(join(blobs, 'files')).length > before) kill();
      else looking = setImmediate(look);
    };
    let looking = setImmediate(look);
    void server.exited.then(() => {
      clearImmediate(looking);
      upload.destroy();
      resolve();
    });
  });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

test('FK-04 killed while it takes an upload, a server leaves no file without an asset, no asset without its file, and tells of each once', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-upload-'));
  const port = await freePort();
  const start = async (): Promise<ServerProcess> => {
    const server = startServer({ dataDir, port, settings: { ASSETWIRE_LOG_LEVEL: 'warn', ASSETWIRE_FFMPEG: 'off' } });
    await server.ready;
    return server;
  };
  let server = await start();
  try {
    for (const [at, moment] of moments.entries()) {
      await killAt(server, dataDir, moment, Buffer.alloc(fileBytes, at + 1));
      server = await start();
      const { key, url } = server;
      const { data: assets } = await requestOk<Page<Asset>>(`${url}/v1/assets?limit=100`, { key });
      const names = assets.map(({ state }) => state.name);
      assert.equal(new Set(names).size, names.length, moment);
      assert.ok(!names.includes('in the middle.bin'), 'half a file is none');
      const blobs = join(dataDir, 'data', 'files');
      const held = filesIn(join(blobs, 'files'));
      assert.equal(held.length, assets.length, `${moment}: files ${held.join(' ')}, assets ${names.join(', ')}`);
      assert.ok(held.every((file) => sizeOf(file) === fileBytes));
      assert.deepEqual(filesIn(join(blobs, 'incoming')), [], moment);
      const { data: told } = await requestOk<Page<{ readonly subject: { readonly id: string } }>>(
        `${url}/v1/changes?kinds=asset.created&limit=100`,
        { key },
      );
      assert.deepEqual(told.map(({ subject }) => subject.id).toSorted(), assets.map(({ id }) => id).toSorted(), moment);
    }
    const { key, url } = server;
    const { data } = await requestOk<Page<Asset>>(`${url}/v1/assets?limit=100`, { key });
    assert.ok(
      data.some(({ state }) => state.name === 'it is answered.bin'),
      'what was answered is there',
    );
    for (const { id, state } of data) {
      const at = moments.findIndex((moment) => `${moment}.bin` === state.name);
      const content = await fetch(`${url}/v1/assets/${id}/content`, { headers: { authorization: `Bearer ${key}` } });
      const sha = createHash('sha256')
        .update(new Uint8Array(await content.arrayBuffer()))
        .digest('hex');
      assert.equal(
        sha,
        createHash('sha256')
          .update(Buffer.alloc(fileBytes, at + 1))
          .digest('hex'),
        state.name,
      );
    }
  } finally {
    await endServer(server, 5_000);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
  }
});
