/** A server that watches a folder by itself: its files are assets, and nothing goes on watching when the server is killed. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { requestJson } from '../support/json-client.ts';
import { endServer, freePort, startServer } from '../support/server-process.ts';

/** Processes that watch this folder, by what they were started with. */
function watchers(folder: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words.includes('watch') && words.includes(folder);
    } catch {
      // It has ended meanwhile.
      return false;
    }
  });
}

const seesProcesses = process.platform === 'linux';

test('the folder of ASSETWIRE_WATCH becomes assets, and a killed server leaves nobody watching', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'assetwire-watch-beside-'));
  const folder = join(dataDir, 'incoming');
  mkdirSync(join(folder, 'press'), { recursive: true });
  writeFileSync(join(folder, 'press', 'note.txt'), 'hello');
  const settings = { ASSETWIRE_WATCH: folder, ASSETWIRE_WATCH_FOLDER: '/in' };
  const start = async () => {
    // At another port each time: what is known of the folder stays so.
    const server = startServer({ dataDir, port: await freePort(), settings });
    await server.ready;
    return server;
  };
  let server = await start();
  const names = async (): Promise<unknown> => {
    const { body } = await requestJson(`${server.url}/v1/assets?order=oldest`, { key: server.key });
    return (body as { data: { state: { path: string; name: string } }[] }).data.map(
      ({ state: { path, name } }) => `${path}/${name}`,
    );
  };
  const become = (wanted: readonly string[]) =>
    until(async () => JSON.stringify(await names()) === JSON.stringify(wanted), wanted.join());
  try {
    await become(['/in/press/note.txt']);
    server.signal('SIGKILL');
    await server.exited;
    if (seesProcesses) await until(() => watchers(folder).length === 0, 'nobody watches');
    writeFileSync(join(folder, 'second.txt'), 'again');
    server = await start();
    await become(['/in/press/note.txt', '/in/second.txt']);
    if (seesProcesses) assert.equal(watchers(folder).length, 1);
  } finally {
    await endServer(server);
    if (seesProcesses) await until(() => watchers(folder).length === 0, 'nobody watches any more');
    rmSync(dataDir, { recursive: true, force: true });
  }
});
