/** The commands of docs/guides/share-files.md, typed as they stand. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RealServer, rows, startRealServer, type Tenant } from '../e2e/real-server.ts';
import { strictly, typedBlocks, typeScript } from './typed-shell.ts';

const directory = mkdtempSync(join(tmpdir(), 'assetwire-share-guide-'));

let server: RealServer;
let tenant: Tenant;
before(async () => {
  server = await startRealServer();
  tenant = await server.tenant('guide');
});
after(async () => {
  rmSync(directory, { recursive: true });
  await server[Symbol.asyncDispose]();
});

test('a link is made, opened, downloaded from and revoked as the guide says', async () => {
  const blocks = typedBlocks('docs/guides/share-files.md');
  assert.equal(blocks.length, 1);
  const { code, output } = await typeScript(strictly + blocks.join('\n'), { server, tenant, cwd: directory });
  assert.equal(code, 0, output);
  assert.match(output, /"name":"For the press"/);
  assert.equal(readFileSync(join(directory, 'copy.txt'), 'utf8'), 'for the press\n');
  assert.deepEqual(rows(await tenant.ask('/v1/share-links')), []);
  const kinds = rows(await tenant.ask('/v1/changes')).map(({ kind }) => kind);
  assert.ok(kinds.includes('share_link.created') && kinds.includes('share_link.removed'));
});
