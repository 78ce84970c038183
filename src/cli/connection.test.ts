import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from './connection.ts';
import { temporaryDirectory } from './testing/spawned.ts';

test('where nothing names a server, the port setting says where one would be', (t) => {
  const dataDir = temporaryDirectory(t);
  const url = (environment: Readonly<Record<string, string>>, options = {}): string =>
    connect(options, { environment: { ASSETWIRE_DATA_DIR: dataDir, ...environment } }).url;
  const bare = (text: string): string => text.replace(/\/$/, '');
  assert.equal(bare(url({})), 'http://127.0.0.1:8484');
  assert.equal(bare(url({ ASSETWIRE_PORT: '28488' })), 'http://127.0.0.1:28488');
  assert.equal(bare(url({ ASSETWIRE_PORT: '0' })), 'http://127.0.0.1:8484', 'a free port is known by nobody');
  assert.equal(bare(url({ ASSETWIRE_PORT: '28488', ASSETWIRE_URL: 'http://x.example:1' })), 'http://x.example:1');
  assert.throws(() => url({ ASSETWIRE_PORT: 'many' }), { code: 'configuration', message: /ASSETWIRE_PORT/ });
  writeFileSync(join(dataDir, 'assetwire.json'), '{"port": 28489}');
  assert.equal(bare(url({})), 'http://127.0.0.1:28489');
  assert.equal(bare(url({ ASSETWIRE_DATA_DIR: '/nowhere' }, { dataDir })), 'http://127.0.0.1:28489');
});
